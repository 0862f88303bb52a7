-- For finding what is due.

-- +goose Up
CREATE INDEX notices_by_time ON notices (at);

-- +goose Down
DROP INDEX notices_by_time ON notices;
