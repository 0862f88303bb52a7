-- The login whose link code made this one; NULL when none did. A theft ends both.

-- +goose Up
ALTER TABLE logins ADD COLUMN made_by TEXT NULL;

-- +goose Down
ALTER TABLE logins DROP COLUMN made_by;
