-- Tokens, as hashes: the secrets are never stored.

-- +goose Up
CREATE TABLE tokens (
    hash BINARY(32) NOT NULL,  -- SHA-256
    kind VARCHAR(16) NOT NULL,
    login_id VARCHAR(64) NOT NULL,
    parent BINARY(32) NOT NULL,  -- the refresh token it was issued from; zeros for the first
    used BIGINT NOT NULL,  -- 0 until it first arrives
    expires_at BIGINT NOT NULL,
    superseded_at BIGINT NOT NULL,  -- when one issued from it was first used; 0 before
    PRIMARY KEY (hash)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- +goose Down
DROP TABLE tokens;
