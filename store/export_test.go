package store

import "strings"

// Exported tells under which kind of record a player's rows are exported, by table and column.
func Exported() map[string]string {
	kinds := map[string]string{}
	for _, s := range sections {
		table, _, _ := strings.Cut(s.from, " ")
		kinds[table+"."+s.mine[strings.LastIndexAny(s.mine, ". ")+1:]] = s.kind
	}
	delete(kinds, ".") // of what players did, which stands in histories under their seats
	return kinds
}

// ExportedColumns are the columns that a kind of record tells of.
func ExportedColumns(kind string) (columns []string) {
	for _, s := range sections {
		for column := range strings.FieldsSeq(s.columns) {
			if s.kind == kind {
				expression := s.column(column).expression
				columns = append(columns, expression[strings.LastIndex(expression, ".")+1:])
			}
		}
	}
	return columns
}

// LeftOut are the columns that name players and are not exported, and why.
func LeftOut() map[string]string { return leftOut }

// Waiting is how many commits have arrived and are in no transaction yet.
func (db *DB) Waiting() (n int) {
	for _, l := range db.lanes {
		n += len(l.in)
	}
	return n
}
