-- A player has one identity of each provider.

-- +goose Up
CREATE UNIQUE INDEX identities_by_player ON identities (player_id, provider);

-- +goose Down
DROP INDEX identities_by_player ON identities;
