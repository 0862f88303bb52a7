-- Whom a player has begun a session with.

-- +goose Up
CREATE TABLE opponents (
    player_id VARCHAR(64) NOT NULL,
    opponent_id VARCHAR(64) NOT NULL,
    last_at BIGINT NOT NULL,
    sessions BIGINT NOT NULL,  -- how many
    last_session_id VARCHAR(64) NOT NULL,
    PRIMARY KEY (player_id, opponent_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- +goose Down
DROP TABLE opponents;
