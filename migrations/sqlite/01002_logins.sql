-- Sign-ins: families of tokens.

-- +goose Up
CREATE TABLE logins (
    id TEXT NOT NULL,
    player_id TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,  -- of the token that lives longest
    PRIMARY KEY (id)
);

-- +goose Down
DROP TABLE logins;
