package player

import (
	"context"
	"encoding/json"
)

// Record is something that the server keeps about a player.
type Record struct {
	Kind string
	Data json.RawMessage // a JSON object
}

// Records hands out everything that is kept about a player, a stretch at a time: an account may have played for years.
type Records interface {
	// Export reads what comes after a cursor, in an order that does not change while it is read, and the cursor of the
	// next stretch; empty after the last. A cursor that it did not give is refused.
	Export(ctx context.Context, id ID, cursor string, limit int) (records []Record, next string, err error)
}
