-- For the list of whoever is invited, newest first.

-- +goose Up
CREATE INDEX invitations_by_player ON invitations (player_id, status, at, session_id);

-- +goose Down
DROP INDEX invitations_by_player ON invitations;
