-- 1: anybody may enter, without a code.

-- +goose Up
ALTER TABLE sessions ADD COLUMN public BIGINT NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE sessions DROP COLUMN public;
