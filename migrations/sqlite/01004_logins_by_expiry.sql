-- For pruning.

-- +goose Up
CREATE INDEX logins_by_expiry ON logins (expires_at);

-- +goose Down
DROP INDEX logins_by_expiry;
