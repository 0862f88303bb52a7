-- For pruning.

-- +goose Up
CREATE INDEX idempotency_keys_by_time ON idempotency_keys (created_at);

-- +goose Down
DROP INDEX idempotency_keys_by_time ON idempotency_keys;
