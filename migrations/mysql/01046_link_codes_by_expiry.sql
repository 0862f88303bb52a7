-- For pruning.

-- +goose Up
CREATE INDEX link_codes_by_expiry ON link_codes (expires_at);

-- +goose Down
DROP INDEX link_codes_by_expiry ON link_codes;
