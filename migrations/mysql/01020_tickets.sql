-- Wishes to be matched.

-- +goose Up
CREATE TABLE tickets (
    id VARCHAR(64) NOT NULL,
    player_id VARCHAR(64) NOT NULL,
    game VARCHAR(32) NOT NULL,
    config MEDIUMTEXT NOT NULL,
    turn_seconds BIGINT NOT NULL,
    seats BIGINT NOT NULL,
    role VARCHAR(64) NOT NULL,
    bucket VARCHAR(64) NOT NULL,  -- hash of all that must be equal to fit
    status VARCHAR(16) NOT NULL,  -- waiting, matched, cancelled, expired
    session_id VARCHAR(64) NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- +goose Down
DROP TABLE tickets;
