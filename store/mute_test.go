package store_test

import (
	"errors"
	"slices"
	"testing"

	"yourturn/notify"
	"yourturn/session"
)

func TestMuteIsASeatsOwn(t *testing.T) {
	onAll(t, func(t *testing.T, p *process, _ string) {
		ann, bob, eve := p.guest(t), p.guest(t), p.guest(t)
		s := p.match(t, ann, bob)
		muted := func(want ...notify.PlayerID) {
			t.Helper()
			var got []notify.PlayerID
			for _, seat := range p.read(t, s.ID).Seats {
				if seat.Muted {
					got = append(got, seat.Player)
				}
			}
			if !slices.Equal(got, want) {
				t.Errorf("muted for %v, want %v", got, want)
			}
		}
		for range 2 { // again it is the same
			must(t, p.Mute(t.Context(), s.ID, ann, true))
			muted(ann)
		}
		for what, err := range map[string]error{
			"a stranger": p.Mute(t.Context(), s.ID, eve, true), "no session": p.Mute(t.Context(), "nowhere", ann, true),
			"a stranger's end": p.Mute(t.Context(), s.ID, eve, false),
		} {
			if !errors.Is(err, session.ErrNotFound) {
				t.Errorf("%s: %v", what, err)
			}
		}
		version := p.read(t, s.ID).Version
		_, _, err := p.sessions.Play(t.Context(), mover(s), "", s.ID, 1, cell(0))
		must(t, err)
		muted(ann)
		if got := p.read(t, s.ID).Version; got != version+1 {
			t.Errorf("version %d after one move from %d", got, version)
		}
		must(t, p.Mute(t.Context(), s.ID, ann, false))
		muted()
	})
}

func TestMuteGoesWithThePlayer(t *testing.T) {
	onAll(t, func(t *testing.T, p *process, _ string) {
		ann, bob, eve := p.guest(t), p.guest(t), p.guest(t)
		s, err := p.sessions.Create(t.Context(), ann, session.Wish{Game: "pile", Seats: 3}, nil)
		must(t, err)
		_, err = p.sessions.Join(t.Context(), bob, s.JoinCode, "")
		must(t, err)
		must(t, p.Mute(t.Context(), s.ID, bob, true))
		must(t, p.sessions.Leave(t.Context(), bob, s.ID))
		if err := p.Mute(t.Context(), s.ID, bob, true); !errors.Is(err, session.ErrNotFound) {
			t.Errorf("by somebody who has left: %v", err)
		}
		for _, next := range []notify.PlayerID{eve, bob} { // the next one on that seat, and the same player on another
			_, err = p.sessions.Join(t.Context(), next, s.JoinCode, "")
			must(t, err)
		}
		for _, seat := range p.read(t, s.ID).Seats {
			if seat.Muted {
				t.Errorf("muted for %s on seat %d", seat.Player, seat.Number)
			}
		}
	})
}
