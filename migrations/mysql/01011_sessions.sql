-- One play of one game, as its last change left it.

-- +goose Up
CREATE TABLE sessions (
    id VARCHAR(64) NOT NULL,
    game VARCHAR(32) NOT NULL,
    rules_version BIGINT NOT NULL,
    status VARCHAR(16) NOT NULL,  -- waiting, active, finished
    version BIGINT NOT NULL,  -- how many changes it has had: what every write compares
    turn BIGINT NOT NULL,
    config MEDIUMTEXT NOT NULL,
    turn_seconds BIGINT NOT NULL,
    capacity BIGINT NOT NULL,  -- seats that must be taken before it starts
    join_code VARCHAR(16) NULL,
    seed BINARY(32) NOT NULL,  -- all its randomness is derived from it
    state MEDIUMTEXT NOT NULL,  -- the game's own data, for the server alone
    awaited TEXT NOT NULL,  -- the seats that must move, as a JSON list
    pending MEDIUMTEXT NOT NULL,  -- moves of a simultaneous turn that wait for the others
    deadline_at BIGINT NOT NULL,  -- 0: none
    due_at BIGINT NOT NULL,  -- when the clock must look at it next
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    result MEDIUMTEXT NOT NULL,
    change_id VARCHAR(64) NOT NULL,  -- of the last change: how an unknown commit is recognised
    claim VARCHAR(64) NOT NULL,  -- the worker that looks at it
    lease_until BIGINT NOT NULL,  -- by the real clock
    PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- +goose Down
DROP TABLE sessions;
