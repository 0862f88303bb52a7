-- Codes that sign another device in as the same player, as hashes. A player has one at most.

-- +goose Up
CREATE TABLE link_codes (
    player_id TEXT NOT NULL,
    hash BLOB NOT NULL,
    made_by TEXT NOT NULL,  -- the login that shows it
    expires_at INTEGER NOT NULL,
    login_id TEXT NULL,  -- the login that it has made; NULL before
    PRIMARY KEY (player_id)
) WITHOUT ROWID;

-- +goose Down
DROP TABLE link_codes;
