-- What a client's key has made, for 24 hours.

-- +goose Up
CREATE TABLE idempotency_keys (
    player_id TEXT NOT NULL,
    kind TEXT NOT NULL,  -- session or ticket
    value TEXT NOT NULL,
    fingerprint TEXT NOT NULL,  -- of what was asked
    made_id TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (player_id, kind, value)
) WITHOUT ROWID;

-- +goose Down
DROP TABLE idempotency_keys;
