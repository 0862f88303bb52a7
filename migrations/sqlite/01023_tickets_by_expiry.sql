-- For expiry and pruning.

-- +goose Up
CREATE INDEX tickets_by_expiry ON tickets (status, expires_at);

-- +goose Down
DROP INDEX tickets_by_expiry;
