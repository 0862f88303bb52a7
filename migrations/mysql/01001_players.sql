-- People's accounts. A deleted player keeps the row, so that sessions stay readable, and nothing in it.

-- +goose Up
CREATE TABLE players (
    id VARCHAR(64) NOT NULL,
    display_name VARCHAR(128) NOT NULL,
    locale VARCHAR(35) NOT NULL,  -- BCP 47; empty when unknown
    avatar VARCHAR(256) NOT NULL,
    created_at BIGINT NOT NULL,  -- milliseconds since 1970, UTC, like every instant in this database
    deleted_at BIGINT NULL,
    PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- +goose Down
DROP TABLE players;
