-- Whom a player has blocked.

-- +goose Up
CREATE TABLE blocks (
    player_id VARCHAR(64) NOT NULL,
    blocked_id VARCHAR(64) NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (player_id, blocked_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- +goose Down
DROP TABLE blocks;
