-- By whom else players are known: what an issuer calls them, and nothing else that it says.

-- +goose Up
CREATE TABLE identities (
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    player_id TEXT NOT NULL,
    provider TEXT NOT NULL,  -- the operator's name for the issuer
    created_at INTEGER NOT NULL,
    PRIMARY KEY (issuer, subject)
) WITHOUT ROWID;

-- +goose Down
DROP TABLE identities;
