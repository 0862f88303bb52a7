-- Who is invited to which table. Rows go when the table begins, or ends.

-- +goose Up
CREATE TABLE invitations (
    session_id VARCHAR(64) NOT NULL,
    player_id VARCHAR(64) NOT NULL,
    host_id VARCHAR(64) NOT NULL,  -- who invites
    status VARCHAR(16) NOT NULL,  -- open, accepted, declined
    at BIGINT NOT NULL,
    PRIMARY KEY (session_id, player_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- +goose Down
DROP TABLE invitations;
