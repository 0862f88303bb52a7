-- Hash of the idempotency key that made the login; NULL for none.

-- +goose Up
ALTER TABLE logins ADD COLUMN attempt BINARY(32) NULL;

-- +goose Down
ALTER TABLE logins DROP COLUMN attempt;
