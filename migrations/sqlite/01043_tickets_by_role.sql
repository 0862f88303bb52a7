-- For finding who fits, oldest first, of each role.

-- +goose Up
CREATE INDEX tickets_by_role ON tickets (status, bucket, role, created_at, id);

-- +goose Down
DROP INDEX tickets_by_role;
