package session

import (
	"context"
	"errors"
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

// mayEnter keeps somebody from a private table whose host has blocked them, as if there were no table. A block of their own
// keeps nobody away: who types a code knows where it leads, for previewSession names the host.
func (s *Service) mayEnter(ctx context.Context, player notify.PlayerID, sess Session) error {
	host, ok := sess.Host()
	if _, seated := sess.SeatOf(player); seated || !ok {
		return nil
	}
	_, theirs, err := s.store.BlocksBetween(ctx, player, []notify.PlayerID{host.Player})
	if err == nil && len(theirs) > 0 {
		err = ErrNotFound
	}
	return err
}

// unheard are the people at a table between whom and the player a block stands.
func (s *Service) unheard(ctx context.Context, player notify.PlayerID, sess Session) ([]notify.PlayerID, error) {
	var others []notify.PlayerID
	for _, seat := range sess.Seats {
		if seat.isTold() && seat.Player != player {
			others = append(others, seat.Player)
		}
	}
	if len(others) == 0 {
		return nil, nil
	}
	mine, theirs, err := s.store.BlocksBetween(ctx, player, others)
	return append(mine, theirs...), err
}
