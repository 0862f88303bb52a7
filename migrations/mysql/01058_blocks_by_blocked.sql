-- For an account that goes.

-- +goose Up
CREATE INDEX blocks_by_blocked ON blocks (blocked_id);

-- +goose Down
DROP INDEX blocks_by_blocked ON blocks;
