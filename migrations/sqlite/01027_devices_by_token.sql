-- An address belongs to whoever registered it last.

-- +goose Up
CREATE UNIQUE INDEX devices_by_token ON devices (channel, token_hash);

-- +goose Down
DROP INDEX devices_by_token;
