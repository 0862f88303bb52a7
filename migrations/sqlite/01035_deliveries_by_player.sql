-- For a player's list.

-- +goose Up
CREATE INDEX deliveries_by_player ON deliveries (player_id, id);

-- +goose Down
DROP INDEX deliveries_by_player;
