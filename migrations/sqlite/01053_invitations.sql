-- Who is invited to which table. Rows go when the table begins, or ends.

-- +goose Up
CREATE TABLE invitations (
    session_id TEXT NOT NULL,
    player_id TEXT NOT NULL,
    host_id TEXT NOT NULL,  -- who invites
    status TEXT NOT NULL,  -- open, accepted, declined
    at INTEGER NOT NULL,
    PRIMARY KEY (session_id, player_id)
) WITHOUT ROWID;

-- +goose Down
DROP TABLE invitations;
