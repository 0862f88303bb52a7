// Package migrations holds the schema as SQL files in pairs, one folder for each engine, for goose.
//
// A file's number is generation × 1000 + its place in the generation. Within a generation every migration is additive:
// a server of the generation's earlier files goes on working on the newer schema, which is what lets nodes roll. A
// migration that breaks older servers opens the next generation.
package migrations

import "embed"

// Files are the migrations, in the folders "mysql" and "sqlite".
//
//go:embed mysql/*.sql sqlite/*.sql
var Files embed.FS

// Generation is the generation of a migration's number.
func Generation(version int64) int64 { return version / 1000 }
