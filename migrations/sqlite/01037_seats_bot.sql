-- How well the server plays the seat, which then has no player: easy, normal, hard. Empty: a person sits there.

-- +goose Up
ALTER TABLE seats ADD COLUMN bot TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE seats DROP COLUMN bot;
