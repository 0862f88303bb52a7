-- Hash of the idempotency key that made the login; NULL for none.

-- +goose Up
ALTER TABLE logins ADD COLUMN attempt BLOB NULL;

-- +goose Down
ALTER TABLE logins DROP COLUMN attempt;
