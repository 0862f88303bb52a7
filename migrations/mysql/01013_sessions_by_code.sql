-- Join codes are unique; sessions made of tickets have none.

-- +goose Up
CREATE UNIQUE INDEX sessions_by_code ON sessions (join_code);

-- +goose Down
DROP INDEX sessions_by_code ON sessions;
