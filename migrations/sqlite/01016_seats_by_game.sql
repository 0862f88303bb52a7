-- For a player's games, by game and status.

-- +goose Up
CREATE INDEX seats_by_game ON seats (player_id, game, status, sort_key, session_id);

-- +goose Down
DROP INDEX seats_by_game;
