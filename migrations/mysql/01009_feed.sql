-- What players are told, numbered without a gap for each of them.

-- +goose Up
CREATE TABLE feed (
    player_id VARCHAR(64) NOT NULL,
    seq BIGINT NOT NULL,
    kind VARCHAR(32) NOT NULL,
    at BIGINT NOT NULL,
    session_id VARCHAR(64) NULL,
    game VARCHAR(32) NULL,
    version BIGINT NOT NULL,
    turn BIGINT NOT NULL,
    deadline_at BIGINT NOT NULL,  -- 0: none
    data MEDIUMTEXT NOT NULL,
    PRIMARY KEY (player_id, seq)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- +goose Down
DROP TABLE feed;
