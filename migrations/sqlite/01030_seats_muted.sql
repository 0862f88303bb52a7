-- 1: no pushes of this session for this player.

-- +goose Up
ALTER TABLE seats ADD COLUMN muted INTEGER NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE seats DROP COLUMN muted;
