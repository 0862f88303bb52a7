-- The session that follows: a rematch, or the next one that anybody may enter.

-- +goose Up
ALTER TABLE sessions ADD COLUMN successor_id TEXT NULL;

-- +goose Down
ALTER TABLE sessions DROP COLUMN successor_id;
