package dungeon

import (
	"slices"
	"time"
)

// phaseNames are the stages of every quest, in the only order in which they can be done. When one is done, the next is
// open from the same instant.
var phaseNames = []string{"created", "confirmation", "weapon", "monster", "treasure", "victory"}

// The statuses of phases.
const (
	phaseDone    = "done"
	phaseOpen    = "open"
	phaseWaiting = "waiting"
	phaseFailed  = "failed"
)

// done ends the phase that is open.
func (s *State) done(now time.Time) { s.Done = append(slices.Clone(s.Done), now.Unix()) }

func (s *State) phases() []Phase {
	phases := make([]Phase, len(phaseNames))
	for i, name := range phaseNames {
		status, since := s.phase(i)
		phases[i] = Phase{Name: name, Status: status, Since: instant(since)}
	}
	return phases
}

func (s *State) phase(i int) (status string, since int64) {
	reached := len(s.Done)
	switch {
	case i < reached:
		return phaseDone, s.Done[i]
	case s.Failed != 0:
		return phaseFailed, s.Failed
	case i == reached:
		return phaseOpen, s.Done[i-1]
	}
	return phaseWaiting, s.Done[0]
}

func instant(unix int64) time.Time { return time.Unix(unix, 0).UTC() }
