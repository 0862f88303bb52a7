-- For finding whom bots may play with.

-- +goose Up
CREATE INDEX tickets_by_bots ON tickets (status, bots_at, bucket);

-- +goose Down
DROP INDEX tickets_by_bots ON tickets;
