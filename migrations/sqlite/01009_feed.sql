-- What players are told, numbered without a gap for each of them.

-- +goose Up
CREATE TABLE feed (
    player_id TEXT NOT NULL,
    seq INTEGER NOT NULL,
    kind TEXT NOT NULL,
    at INTEGER NOT NULL,
    session_id TEXT NULL,
    game TEXT NULL,
    version INTEGER NOT NULL,
    turn INTEGER NOT NULL,
    deadline_at INTEGER NOT NULL,  -- 0: none
    data TEXT NOT NULL,
    PRIMARY KEY (player_id, seq)
) WITHOUT ROWID;

-- +goose Down
DROP TABLE feed;
