-- For pruning.

-- +goose Up
CREATE INDEX tokens_by_expiry ON tokens (expires_at);

-- +goose Down
DROP INDEX tokens_by_expiry;
