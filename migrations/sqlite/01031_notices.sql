-- What is to be pushed and has not become deliveries yet. Rows live for some seconds.

-- +goose Up
CREATE TABLE notices (
    player_id TEXT NOT NULL,
    seq INTEGER NOT NULL,
    kind TEXT NOT NULL,  -- of the message, or badge
    at INTEGER NOT NULL,
    session_id TEXT NULL,
    game TEXT NULL,
    version INTEGER NOT NULL,
    turn INTEGER NOT NULL,
    deadline_at INTEGER NOT NULL,  -- 0: none
    login_id TEXT NULL,  -- of a badge: the login that has brought it about, and knows
    PRIMARY KEY (player_id, seq, kind)
);

-- +goose Down
DROP TABLE notices;
