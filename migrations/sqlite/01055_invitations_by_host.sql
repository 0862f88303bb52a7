-- For counting what one person has sent.

-- +goose Up
CREATE INDEX invitations_by_host ON invitations (host_id, status);

-- +goose Down
DROP INDEX invitations_by_host;
