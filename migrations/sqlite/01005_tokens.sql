-- Tokens, as hashes: the secrets are never stored.

-- +goose Up
CREATE TABLE tokens (
    hash BLOB NOT NULL,  -- SHA-256
    kind TEXT NOT NULL,
    login_id TEXT NOT NULL,
    parent BLOB NOT NULL,  -- the refresh token it was issued from; zeros for the first
    used INTEGER NOT NULL,  -- 0 until it first arrives
    expires_at INTEGER NOT NULL,
    superseded_at INTEGER NOT NULL,  -- when one issued from it was first used; 0 before
    PRIMARY KEY (hash)
);

-- +goose Down
DROP TABLE tokens;
