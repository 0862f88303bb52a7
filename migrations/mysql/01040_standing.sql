-- The session of each game that anybody may enter.

-- +goose Up
CREATE TABLE standing (
    game VARCHAR(32) NOT NULL,
    session_id VARCHAR(64) NOT NULL,  -- which may not have been made yet
    PRIMARY KEY (game)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- +goose Down
DROP TABLE standing;
