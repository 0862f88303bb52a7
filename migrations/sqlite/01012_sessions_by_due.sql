-- For the clock.

-- +goose Up
CREATE INDEX sessions_by_due ON sessions (due_at);

-- +goose Down
DROP INDEX sessions_by_due;
