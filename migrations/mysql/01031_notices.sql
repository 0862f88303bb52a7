-- What is to be pushed and has not become deliveries yet. Rows live for some seconds.

-- +goose Up
CREATE TABLE notices (
    player_id VARCHAR(64) NOT NULL,
    seq BIGINT NOT NULL,
    kind VARCHAR(32) NOT NULL,  -- of the message, or badge
    at BIGINT NOT NULL,
    session_id VARCHAR(64) NULL,
    game VARCHAR(32) NULL,
    version BIGINT NOT NULL,
    turn BIGINT NOT NULL,
    deadline_at BIGINT NOT NULL,  -- 0: none
    login_id VARCHAR(64) NULL,  -- of a badge: the login that has brought it about, and knows
    PRIMARY KEY (player_id, seq, kind)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- +goose Down
DROP TABLE notices;
