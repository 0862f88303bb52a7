-- The history: one row for each change of a session.

-- +goose Up
CREATE TABLE changes (
    session_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    turn INTEGER NOT NULL,  -- the turn it answers
    cause TEXT NOT NULL,
    seat INTEGER NOT NULL,  -- -1: the server
    move_seat INTEGER NULL,  -- the seat when the cause is a move
    at INTEGER NOT NULL,
    private INTEGER NOT NULL,  -- 1: the move is for its mover alone
    act TEXT NOT NULL,  -- what a replay needs to do it again
    events TEXT NOT NULL,
    change_id TEXT NOT NULL,
    PRIMARY KEY (session_id, version)
) WITHOUT ROWID;

-- +goose Down
DROP TABLE changes;
