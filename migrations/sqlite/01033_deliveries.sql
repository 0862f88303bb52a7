-- One push of one notice to one device, and what became of it: the ledger.

-- +goose Up
CREATE TABLE deliveries (
    id TEXT NOT NULL,
    player_id TEXT NOT NULL,
    seq INTEGER NOT NULL,
    kind TEXT NOT NULL,
    at INTEGER NOT NULL,  -- of the message
    session_id TEXT NULL,
    game TEXT NULL,
    version INTEGER NOT NULL,
    turn INTEGER NOT NULL,
    deadline_at INTEGER NOT NULL,  -- 0: none
    device_id TEXT NOT NULL,
    channel TEXT NOT NULL,
    status TEXT NOT NULL,  -- pending, sent, suppressed, failed, expired
    reason TEXT NOT NULL,
    provider_id TEXT NOT NULL,  -- what the provider calls it
    attempts INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    due_at INTEGER NOT NULL,  -- when it may be tried, by the real clock; a claim moves it on by its lease; 2^52: never again
    claim TEXT NOT NULL,
    PRIMARY KEY (id)
);

-- +goose Down
DROP TABLE deliveries;
