-- For signing out.

-- +goose Up
CREATE INDEX devices_by_login ON devices (login_id);

-- +goose Down
DROP INDEX devices_by_login;
