-- Codes that sign another device in as the same player, as hashes. A player has one at most.

-- +goose Up
CREATE TABLE link_codes (
    player_id VARCHAR(64) NOT NULL,
    hash BINARY(32) NOT NULL,
    made_by VARCHAR(64) NOT NULL,  -- the login that shows it
    expires_at BIGINT NOT NULL,
    login_id VARCHAR(64) NULL,  -- the login that it has made; NULL before
    PRIMARY KEY (player_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- +goose Down
DROP TABLE link_codes;
