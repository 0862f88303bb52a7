package session

import (
	"context"
	"errors"
	"slices"
	"time"

	"yourturn/notify"
)

// Who blocks somebody is not brought together with them by this server any more: neither matched, nor invited, nor called
// to a rematch. It works both ways, and nobody is told: an invitation from somebody who is blocked stays open, as if it
// were not answered. Sessions that are being played go on, for those can be given up and muted.

// Block is somebody whom a player has blocked.
type Block struct {
	Person
	At time.Time
}

// MaxBlocks is how many people one player may block.
const MaxBlocks = 1000

// ErrTooManyBlocks refuses another block.
var ErrTooManyBlocks = errors.New("too many players are blocked")

// Block keeps somebody away from a player. Again it changes nothing.
func (s *Service) Block(ctx context.Context, player, other notify.PlayerID) error {
	if player == other {
		return ErrYourself
	}
	names, err := s.store.Names(ctx, []notify.PlayerID{other})
	if err != nil {
		return err
	}
	if _, known := names[other]; !known {
		return ErrNoSuchPlayer
	}
	return s.store.Block(ctx, player, other, s.now(), MaxBlocks)
}

// Unblock ends a block, if there is one.
func (s *Service) Unblock(ctx context.Context, player, other notify.PlayerID) error {
	return s.store.Unblock(ctx, player, other)
}

// Blocks reads a page of the people whom a player has blocked, the last first.
func (s *Service) Blocks(ctx context.Context, player notify.PlayerID, cursor string, limit int) (page []Block, next string, err error) {
	return pageOf(cursor, limit, func(after Position, limit int) ([]Block, error) {
		return s.store.BlocksOf(ctx, player, after, limit)
	}, func(b Block) Position { return Position{SortKey: b.At.UnixMilli(), ID: ID(b.ID)} })
}

// Blocks are who of some people blocks whom of them.
type Blocks map[[2]notify.PlayerID]bool

// Add notes a block.
func (b Blocks) Add(by, whom notify.PlayerID) { b[[2]notify.PlayerID{by, whom}] = true }

// By says whether one blocks the other.
func (b Blocks) By(one, other notify.PlayerID) bool { return b[[2]notify.PlayerID{one, other}] }

// Between says whether a block stands between somebody and any of some others, whoever of them made it.
func (b Blocks) Between(one notify.PlayerID, others ...notify.PlayerID) bool {
	return slices.ContainsFunc(others, func(other notify.PlayerID) bool { return b.By(one, other) || b.By(other, one) })
}

// mayEnter keeps somebody from a private table whose host has blocked them, as if there were no table. A block of their own
// keeps nobody away: who types a code knows where it leads, for previewSession names the host.
func (s *Service) mayEnter(ctx context.Context, player notify.PlayerID, sess Session) error {
	host, ok := sess.Host()
	if _, seated := sess.SeatOf(player); seated || !ok {
		return nil
	}
	blocks, err := s.store.BlocksAmong(ctx, []notify.PlayerID{player, host.Player})
	if err == nil && blocks.By(host.Player, player) {
		err = ErrNotFound
	}
	return err
}

// unheard are the people at a table between whom and the player a block stands.
func (s *Service) unheard(ctx context.Context, player notify.PlayerID, sess Session) (apart []notify.PlayerID, err error) {
	people := []notify.PlayerID{player}
	for _, seat := range sess.Seats {
		if seat.isTold() && seat.Player != player {
			people = append(people, seat.Player)
		}
	}
	blocks, err := s.store.BlocksAmong(ctx, people)
	for _, other := range people[1:] {
		if blocks.Between(player, other) {
			apart = append(apart, other)
		}
	}
	return apart, err
}
