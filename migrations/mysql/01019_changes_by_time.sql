-- For following history as it is committed.

-- +goose Up
CREATE INDEX changes_by_time ON changes (at);

-- +goose Down
DROP INDEX changes_by_time ON changes;
