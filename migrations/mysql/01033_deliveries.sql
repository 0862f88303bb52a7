-- One push of one notice to one device, and what became of it: the ledger.

-- +goose Up
CREATE TABLE deliveries (
    id VARCHAR(64) NOT NULL,
    player_id VARCHAR(64) NOT NULL,
    seq BIGINT NOT NULL,
    kind VARCHAR(32) NOT NULL,
    at BIGINT NOT NULL,  -- of the message
    session_id VARCHAR(64) NULL,
    game VARCHAR(32) NULL,
    version BIGINT NOT NULL,
    turn BIGINT NOT NULL,
    deadline_at BIGINT NOT NULL,  -- 0: none
    device_id VARCHAR(64) NOT NULL,
    channel VARCHAR(32) NOT NULL,
    status VARCHAR(32) NOT NULL,  -- pending, sent, suppressed, failed, expired
    reason VARCHAR(64) NOT NULL,
    provider_id VARCHAR(255) NOT NULL,  -- what the provider calls it
    attempts BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    due_at BIGINT NOT NULL,  -- when it may be tried, by the real clock; a claim moves it on by its lease; 2^52: never again
    claim VARCHAR(64) NOT NULL,
    PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- +goose Down
DROP TABLE deliveries;
