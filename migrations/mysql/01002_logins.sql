-- Sign-ins: families of tokens.

-- +goose Up
CREATE TABLE logins (
    id VARCHAR(64) NOT NULL,
    player_id VARCHAR(64) NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,  -- of the token that lives longest
    PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- +goose Down
DROP TABLE logins;
