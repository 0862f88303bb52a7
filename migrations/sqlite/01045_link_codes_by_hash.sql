-- A code is found by what was typed, and no two are alike.

-- +goose Up
CREATE UNIQUE INDEX link_codes_by_hash ON link_codes (hash);

-- +goose Down
DROP INDEX link_codes_by_hash;
