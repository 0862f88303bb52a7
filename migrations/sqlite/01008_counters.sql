-- One row for each player: where the feed stands, and what waits. Its lock orders the feed.

-- +goose Up
CREATE TABLE counters (
    player_id TEXT NOT NULL,
    last_seq INTEGER NOT NULL,  -- the highest number given in the feed
    acked_seq INTEGER NOT NULL,  -- seen by a person up to here
    waiting INTEGER NOT NULL,  -- sessions that wait for the player: the badge
    open_tickets INTEGER NOT NULL,
    PRIMARY KEY (player_id)
) WITHOUT ROWID;

-- +goose Down
DROP TABLE counters;
