-- Who sits where. Status, game and sort_key repeat the session for the list of a player's games.

-- +goose Up
CREATE TABLE seats (
    session_id TEXT NOT NULL,
    seat INTEGER NOT NULL,
    player_id TEXT NOT NULL,
    role TEXT NOT NULL,
    gone INTEGER NOT NULL,  -- 1: gave up
    status TEXT NOT NULL,
    game TEXT NOT NULL,
    sort_key INTEGER NOT NULL,  -- the deadline when it is this player's turn, 2^62 - updated_at otherwise
    last_seq INTEGER NOT NULL,  -- the last message the player got about this session
    PRIMARY KEY (session_id, seat)
) WITHOUT ROWID;

-- +goose Down
DROP TABLE seats;
