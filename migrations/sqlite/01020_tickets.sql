-- Wishes to be matched.

-- +goose Up
CREATE TABLE tickets (
    id TEXT NOT NULL,
    player_id TEXT NOT NULL,
    game TEXT NOT NULL,
    config TEXT NOT NULL,
    turn_seconds INTEGER NOT NULL,
    seats INTEGER NOT NULL,
    role TEXT NOT NULL,
    bucket TEXT NOT NULL,  -- hash of all that must be equal to fit
    status TEXT NOT NULL,  -- waiting, matched, cancelled, expired
    session_id TEXT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (id)
);

-- +goose Down
DROP TABLE tickets;
