-- By whom else players are known: what an issuer calls them, and nothing else that it says.

-- +goose Up
CREATE TABLE identities (
    issuer VARCHAR(255) NOT NULL,
    subject VARCHAR(255) NOT NULL,
    player_id VARCHAR(64) NOT NULL,
    provider VARCHAR(32) NOT NULL,  -- the operator's name for the issuer
    created_at BIGINT NOT NULL,
    PRIMARY KEY (issuer, subject)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- +goose Down
DROP TABLE identities;
