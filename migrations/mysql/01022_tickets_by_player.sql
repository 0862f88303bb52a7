-- For a player's list.

-- +goose Up
CREATE INDEX tickets_by_player ON tickets (player_id, id);

-- +goose Down
DROP INDEX tickets_by_player ON tickets;
