package dungeon

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"yourturn/games"
)

func TestTwoMinutesToEnterAndAnHourForTheRest(t *testing.T) {
	step := start(t, 5, 1)
	if step.Within != 2*time.Minute {
		t.Errorf("there are %v to enter", step.Within)
	}
	step = apply(t, step.State, enter, 90*time.Second)
	if step.Within != time.Hour {
		t.Errorf("there are %v for the quest", step.Within)
	}
	door := Rules{}.View(step.State, 0).Map[0].Doors[0].Direction
	if step = apply(t, step.State, Move{Kind: goes, Door: door}, 31*time.Minute+30*time.Second); step.Within != 30*time.Minute {
		t.Errorf("after half an hour there are %v left", step.Within)
	}
}

// The end is a whole second, so that it is the same however often the server rounds it up.
func TestTheHourEndsAtAWholeSecond(t *testing.T) {
	step := apply(t, halls(t), enter, 1500*time.Millisecond)
	if end := noon.Add(1500 * time.Millisecond).Add(step.Within); !end.Equal(noon.Add(time.Hour + 2*time.Second)) {
		t.Errorf("the hour ends at %v", end)
	}
	if ends := (Rules{}).View(step.State, 0).EndsAt; !ends.Equal(noon.Add(time.Hour + 2*time.Second)) {
		t.Errorf("the view says it ends at %v", ends)
	}
}

func TestTimeRunsOut(t *testing.T) {
	for name, c := range map[string]struct {
		before       []Move
		reason, kind string
	}{
		"before entering": {nil, "died-waiting", "died_waiting"},
		"inside":          {[]Move{enter}, "out-of-time", "out_of_time"},
		"one step short":  {[]Move{enter, getSpear, goNorth, slayOgre}, "out-of-time", "out_of_time"},
	} {
		t.Run(name, func(t *testing.T) {
			step, err := Rules{}.Timeout(halls(t, c.before...), []int{0}, at(2*time.Hour))
			if err != nil {
				t.Fatal(err)
			}
			want := &games.Result{Reason: c.reason, Placings: []games.Placing{{Seat: 0, Place: 2}}}
			if diff := cmp.Diff(want, step.Result); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff([]string{c.kind}, kindsOf(step.Events)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// The server takes moves a little after a deadline. What is left of the hour is nothing then, which must not become
// another hour, nor a second more with every move.
func TestAMoveInTheGraceIsTheLast(t *testing.T) {
	grace := time.Minute + time.Hour + 2*time.Second
	step := apply(t, halls(t, enter), getSpear, grace)
	if step.Result == nil || step.Result.Reason != "out-of-time" {
		t.Errorf("the result is %+v, and there are %v left", step.Result, step.Within)
	}
	if diff := cmp.Diff([]string{"item_taken", "out_of_time"}, kindsOf(step.Events)); diff != "" {
		t.Error(diff)
	}
	step = apply(t, halls(t, enter, getSpear, goNorth, slayOgre), getAtlas, grace)
	if step.Result == nil || step.Result.Reason != "treasure" || step.Result.Placings[0].Score != 0 {
		t.Errorf("the treasure is taken in the grace, and the result is %+v", step.Result)
	}
}

func TestPhasesOverTime(t *testing.T) {
	minute := func(m int) time.Time { return noon.Add(time.Duration(m) * time.Minute) }
	s := halls(t)
	look := func(what string, want ...Phase) {
		t.Helper()
		for i, name := range []string{"created", "confirmation", "weapon", "monster", "treasure", "victory"} {
			want[i].Name = name
		}
		if diff := cmp.Diff(want, Rules{}.View(s, 0).Phases); diff != "" {
			t.Errorf("%s: %s", what, diff)
		}
	}
	done := func(m int) Phase { return Phase{Status: "done", Since: minute(m)} }
	open := func(m int) Phase { return Phase{Status: "open", Since: minute(m)} }
	failed := func(m int) Phase { return Phase{Status: "failed", Since: minute(m)} }
	waiting := Phase{Status: "waiting", Since: noon}

	look("at first", done(0), open(0), waiting, waiting, waiting, waiting)
	missed, _ := Rules{}.Timeout(s, []int{0}, at(2*time.Minute))
	s = apply(t, s, enter, time.Minute).State
	look("inside", done(0), done(1), open(1), waiting, waiting, waiting)
	s = apply(t, s, getSpear, 5*time.Minute).State
	look("armed", done(0), done(1), done(5), open(5), waiting, waiting)
	s = apply(t, s, goNorth, 6*time.Minute).State
	s = apply(t, s, slayOgre, 7*time.Minute).State
	look("over the monster", done(0), done(1), done(5), done(7), open(7), waiting)
	late, _ := Rules{}.Timeout(s, []int{0}, at(61*time.Minute))
	s = apply(t, s, getAtlas, 9*time.Minute).State
	look("with the treasure", done(0), done(1), done(5), done(7), done(9), done(9))

	s = late.State
	look("too late", done(0), done(1), done(5), done(7), failed(61), failed(61))
	s = missed.State
	look("never came", done(0), failed(2), failed(2), failed(2), failed(2), failed(2))
}

func TestInstantsAreWholeSecondsOnTheWire(t *testing.T) {
	s := apply(t, halls(t), enter, 1234*time.Millisecond).State
	view := Rules{}.View(s, 0)
	if got := encode(t, view.EndsAt); got != `"2026-11-20T13:00:02Z"` {
		t.Errorf("ends_at is %s", got)
	}
	if got := encode(t, view.Phases[1].Since); got != `"2026-11-20T12:00:01Z"` {
		t.Errorf("since is %s", got)
	}
}
