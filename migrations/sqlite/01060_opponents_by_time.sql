-- For the list, newest first.

-- +goose Up
CREATE INDEX opponents_by_time ON opponents (player_id, last_at, opponent_id);

-- +goose Down
DROP INDEX opponents_by_time;
