-- For ending all sign-ins of a player.

-- +goose Up
CREATE INDEX logins_by_player ON logins (player_id);

-- +goose Down
DROP INDEX logins_by_player;
