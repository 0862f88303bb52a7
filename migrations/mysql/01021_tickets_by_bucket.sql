-- For finding who fits, oldest first.

-- +goose Up
CREATE INDEX tickets_by_bucket ON tickets (status, bucket, created_at, id, player_id, expires_at);

-- +goose Down
DROP INDEX tickets_by_bucket ON tickets;
