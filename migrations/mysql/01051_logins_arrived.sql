-- Whether a token of the login was ever used. Those of before are taken to have arrived.

-- +goose Up
ALTER TABLE logins ADD COLUMN arrived BIGINT NOT NULL DEFAULT 1;

-- +goose Down
ALTER TABLE logins DROP COLUMN arrived;
