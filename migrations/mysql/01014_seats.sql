-- Who sits where. Status, game and sort_key repeat the session for the list of a player's games.

-- +goose Up
CREATE TABLE seats (
    session_id VARCHAR(64) NOT NULL,
    seat BIGINT NOT NULL,
    player_id VARCHAR(64) NOT NULL,
    role VARCHAR(64) NOT NULL,
    gone BIGINT NOT NULL,  -- 1: gave up
    status VARCHAR(16) NOT NULL,
    game VARCHAR(32) NOT NULL,
    sort_key BIGINT NOT NULL,  -- the deadline when it is this player's turn, 2^62 - updated_at otherwise
    last_seq BIGINT NOT NULL,  -- the last message the player got about this session
    PRIMARY KEY (session_id, seat)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- +goose Down
DROP TABLE seats;
