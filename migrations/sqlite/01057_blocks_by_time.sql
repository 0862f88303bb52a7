-- For the list, newest first.

-- +goose Up
CREATE INDEX blocks_by_time ON blocks (player_id, at, blocked_id);

-- +goose Down
DROP INDEX blocks_by_time;
