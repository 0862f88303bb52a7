-- People's accounts. A deleted player keeps the row, so that sessions stay readable, and nothing in it.

-- +goose Up
CREATE TABLE players (
    id TEXT NOT NULL,
    display_name TEXT NOT NULL,
    locale TEXT NOT NULL,  -- BCP 47; empty when unknown
    avatar TEXT NOT NULL,
    created_at INTEGER NOT NULL,  -- milliseconds since 1970, UTC, like every instant in this database
    deleted_at INTEGER NULL,
    PRIMARY KEY (id)
);

-- +goose Down
DROP TABLE players;
