-- One row for each player: where the feed stands, and what waits. Its lock orders the feed.

-- +goose Up
CREATE TABLE counters (
    player_id VARCHAR(64) NOT NULL,
    last_seq BIGINT NOT NULL,  -- the highest number given in the feed
    acked_seq BIGINT NOT NULL,  -- seen by a person up to here
    waiting BIGINT NOT NULL,  -- sessions that wait for the player: the badge
    open_tickets BIGINT NOT NULL,
    PRIMARY KEY (player_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- +goose Down
DROP TABLE counters;
