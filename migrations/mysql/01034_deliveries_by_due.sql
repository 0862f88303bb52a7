-- For claiming what is due.

-- +goose Up
CREATE INDEX deliveries_by_due ON deliveries (channel, due_at);

-- +goose Down
DROP INDEX deliveries_by_due ON deliveries;
