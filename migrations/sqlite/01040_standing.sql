-- The session of each game that anybody may enter.

-- +goose Up
CREATE TABLE standing (
    game TEXT NOT NULL,
    session_id TEXT NOT NULL,  -- which may not have been made yet
    PRIMARY KEY (game)
) WITHOUT ROWID;

-- +goose Down
DROP TABLE standing;
