-- A seat moves once in a turn.

-- +goose Up
CREATE UNIQUE INDEX changes_by_move ON changes (session_id, turn, move_seat);

-- +goose Down
DROP INDEX changes_by_move ON changes;
