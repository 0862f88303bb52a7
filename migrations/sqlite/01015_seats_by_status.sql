-- For a player's games, by status.

-- +goose Up
CREATE INDEX seats_by_status ON seats (player_id, status, sort_key, session_id);

-- +goose Down
DROP INDEX seats_by_status;
