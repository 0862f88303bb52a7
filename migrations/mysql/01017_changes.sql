-- The history: one row for each change of a session.

-- +goose Up
CREATE TABLE changes (
    session_id VARCHAR(64) NOT NULL,
    version BIGINT NOT NULL,
    turn BIGINT NOT NULL,  -- the turn it answers
    cause VARCHAR(16) NOT NULL,
    seat BIGINT NOT NULL,  -- -1: the server
    move_seat BIGINT NULL,  -- the seat when the cause is a move
    at BIGINT NOT NULL,
    private BIGINT NOT NULL,  -- 1: the move is for its mover alone
    act MEDIUMTEXT NOT NULL,  -- what a replay needs to do it again
    events MEDIUMTEXT NOT NULL,
    change_id VARCHAR(64) NOT NULL,
    PRIMARY KEY (session_id, version)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- +goose Down
DROP TABLE changes;
