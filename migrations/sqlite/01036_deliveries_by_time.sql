-- For pruning.

-- +goose Up
CREATE INDEX deliveries_by_time ON deliveries (created_at);

-- +goose Down
DROP INDEX deliveries_by_time;
