-- One play of one game, as its last change left it.

-- +goose Up
CREATE TABLE sessions (
    id TEXT NOT NULL,
    game TEXT NOT NULL,
    rules_version INTEGER NOT NULL,
    status TEXT NOT NULL,  -- waiting, active, finished
    version INTEGER NOT NULL,  -- how many changes it has had: what every write compares
    turn INTEGER NOT NULL,
    config TEXT NOT NULL,
    turn_seconds INTEGER NOT NULL,
    capacity INTEGER NOT NULL,  -- seats that must be taken before it starts
    join_code TEXT NULL,
    seed BLOB NOT NULL,  -- all its randomness is derived from it
    state TEXT NOT NULL,  -- the game's own data, for the server alone
    awaited TEXT NOT NULL,  -- the seats that must move, as a JSON list
    pending TEXT NOT NULL,  -- moves of a simultaneous turn that wait for the others
    deadline_at INTEGER NOT NULL,  -- 0: none
    due_at INTEGER NOT NULL,  -- when the clock must look at it next
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    result TEXT NOT NULL,
    change_id TEXT NOT NULL,  -- of the last change: how an unknown commit is recognised
    claim TEXT NOT NULL,  -- the worker that looks at it
    lease_until INTEGER NOT NULL,  -- by the real clock
    PRIMARY KEY (id)
);

-- +goose Down
DROP TABLE sessions;
