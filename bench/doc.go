// Package bench measures. Start with RESULTS.md; `make bench` measures again.
//
// The machines that this runs on are shared and their speed drifts, so no number here stands alone: what is compared
// runs in turns within one benchmark, a round each, and the median of the rounds' ratios is what counts.
// BenchmarkCommit holds the store against the bare driver with the same rows; BenchmarkMovesOverHTTP holds the engines,
// and the streams, against each other through the real program.
package bench
