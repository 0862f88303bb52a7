-- From when on bots may take the seats that are free. 0: never.

-- +goose Up
ALTER TABLE tickets ADD COLUMN bots_at INTEGER NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE tickets DROP COLUMN bots_at;
