-- The login whose link code made this one; NULL when none did. A theft ends both.

-- +goose Up
ALTER TABLE logins ADD COLUMN made_by VARCHAR(64) NULL;

-- +goose Down
ALTER TABLE logins DROP COLUMN made_by;
