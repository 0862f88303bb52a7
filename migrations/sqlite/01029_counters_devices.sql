-- How many devices a player has: who has none needs no notices.

-- +goose Up
ALTER TABLE counters ADD COLUMN devices INTEGER NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE counters DROP COLUMN devices;
