-- Whom a player has begun a session with.

-- +goose Up
CREATE TABLE opponents (
    player_id TEXT NOT NULL,
    opponent_id TEXT NOT NULL,
    last_at INTEGER NOT NULL,
    sessions INTEGER NOT NULL,  -- how many
    last_session_id TEXT NOT NULL,
    PRIMARY KEY (player_id, opponent_id)
) WITHOUT ROWID;

-- +goose Down
DROP TABLE opponents;
