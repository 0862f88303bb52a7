-- What a client's key has made, for 24 hours.

-- +goose Up
CREATE TABLE idempotency_keys (
    player_id VARCHAR(64) NOT NULL,
    kind VARCHAR(16) NOT NULL,  -- session or ticket
    value VARCHAR(255) NOT NULL,
    fingerprint VARCHAR(64) NOT NULL,  -- of what was asked
    made_id VARCHAR(64) NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (player_id, kind, value)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- +goose Down
DROP TABLE idempotency_keys;
