-- For retention.

-- +goose Up
CREATE INDEX feed_by_time ON feed (at);

-- +goose Down
DROP INDEX feed_by_time ON feed;
