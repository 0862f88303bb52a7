package store

// Waiting is how many commits have arrived and are in no transaction yet.
func (db *DB) Waiting() (n int) {
	for _, l := range db.lanes {
		n += len(l.in)
	}
	return n
}
