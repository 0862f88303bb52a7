-- Whom a player has blocked.

-- +goose Up
CREATE TABLE blocks (
    player_id TEXT NOT NULL,
    blocked_id TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (player_id, blocked_id)
) WITHOUT ROWID;

-- +goose Down
DROP TABLE blocks;
