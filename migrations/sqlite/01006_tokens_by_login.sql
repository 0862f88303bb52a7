-- For ending a login.

-- +goose Up
CREATE INDEX tokens_by_login ON tokens (login_id);

-- +goose Down
DROP INDEX tokens_by_login;
