package store

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"slices"

	"yourturn/notify"
	"yourturn/session"
)

// Names reads what players are called.
func (db *DB) Names(ctx context.Context, players []notify.PlayerID) (map[notify.PlayerID]string, error) {
	names := map[notify.PlayerID]string{}
	if len(players) == 0 {
		return names, nil
	}
	among, keys := in("id", players)
	return names, db.each(ctx, func(rows *sql.Rows) error {
		var id notify.PlayerID
		var name string
		err := rows.Scan(&id, &name)
		names[id] = name
		return err
	}, "SELECT id, display_name FROM players WHERE deleted_at IS NULL AND "+among, keys...)
}

const invitationColumns = `session_id, player_id, host_id, status, at`

// invitationRows are the rows of the invitations that a commit changes.
func invitationRows(c *session.Commit) (rows [][]any) {
	for _, i := range c.Guests {
		rows = append(rows, []any{string(c.Session.ID), string(i.Player), string(i.Host), string(i.Status), millis(i.At)})
	}
	return rows
}

// addInvitations writes the rows of invitations. They are their sessions', whose own rows are locked.
func (b *batch) addInvitations(e engine, rows [][]any) {
	b.insert(e, "invitations ("+invitationColumns+")", rows,
		e.upsert("session_id, player_id", "host_id = NEW(host_id)", "status = NEW(status)", "at = NEW(at)"))
}

// readInvitations adds to sessions that wait who is invited to them. It is asked after the sessions themselves: when it has
// seen a later commit of one, whatever is decided on that session meets a conflict.
func (db *DB) readInvitations(ctx context.Context, sessions []session.Session) error {
	place := map[session.ID]int{}
	var ids []session.ID
	for i, s := range sessions {
		if s.Status == session.Waiting && s.JoinCode != "" {
			place[s.ID], ids = i, append(ids, s.ID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	among, keys := in("i.session_id", ids)
	return db.each(ctx, func(rows *sql.Rows) error {
		var id session.ID
		var i session.Invitation
		var at int64
		var name sql.NullString
		err := rows.Scan(&id, &i.Player, &i.Host, &i.Status, &at, &name)
		i.At, i.DisplayName = instant(at), name.String
		s := &sessions[place[id]]
		s.Invitations = append(s.Invitations, i)
		return err
	}, "SELECT "+eachColumn(invitationColumns, func(column string) string { return "i." + column })+
		", p.display_name FROM invitations i LEFT JOIN players p ON p.id = i.player_id WHERE "+among+" ORDER BY i.session_id, i.player_id", keys...)
}

// OpenInvitations counts what a player has sent to tables that wait: servers of an earlier version leave invitations behind.
func (db *DB) OpenInvitations(ctx context.Context, host notify.PlayerID, limit int) (n int, err error) {
	err = db.one(ctx, nil, func(rows *sql.Rows) error { return rows.Scan(&n) },
		`SELECT COUNT(*) FROM (SELECT i.player_id FROM invitations i JOIN sessions s ON s.id = i.session_id AND s.status = 'waiting'
			WHERE i.host_id = ? AND i.status = 'open' LIMIT ?) AS sent`, string(host), limit)
	return n, err
}

// ofTableHost is a condition of the seat h of whoever the table of an invitation i belongs to, as [session.Session.Host] has it.
func ofTableHost(condition string) string {
	return "EXISTS (SELECT 1 FROM seats h WHERE h.session_id = i.session_id AND " +
		"h.seat = (SELECT MIN(l.seat) FROM seats l WHERE l.session_id = i.session_id AND l.bot = '') AND " + condition + ")"
}

// hidden is the condition that a block hides an invitation i from whoever is invited.
var hidden = "(" + blockStands("i.player_id", "i.host_id") + " OR " + ofTableHost(blockStands("i.player_id", "h.player_id")) + ")"

// InvitationsOf reads lots from the index of whoever is invited, and then what they hold, until a page is full: its cost is
// that of a page, but for what it passes over because it does not wait any more or a block hides it. In one statement the
// optimizers begin with the tables that wait.
func (db *DB) InvitationsOf(ctx context.Context, player notify.PlayerID, after session.Position, limit int) (found []session.Invited, err error) {
	for full := true; full && len(found) < limit; {
		var lot []session.ID
		err := db.each(ctx, func(rows *sql.Rows) error {
			err := rows.Scan(&after.ID, &after.SortKey)
			lot = append(lot, after.ID)
			return err
		}, `SELECT session_id, at FROM invitations WHERE player_id = ? AND status = 'open' AND at <= ? AND (at < ? OR session_id < ?)
			ORDER BY at DESC, session_id DESC LIMIT ?`, string(player), after.SortKey, after.SortKey, string(after.ID), limit)
		if err != nil {
			return nil, err
		}
		standing, err := db.standingInvitations(ctx, player, lot)
		if err != nil {
			return nil, err
		}
		found, full = append(found, standing...), len(lot) == limit
	}
	return found[:min(len(found), limit)], nil
}

// standingInvitations reads those of a player's invitations to some tables that can be followed, the newest first.
func (db *DB) standingInvitations(ctx context.Context, player notify.PlayerID, tables []session.ID) (found []session.Invited, err error) {
	if len(tables) == 0 {
		return nil, nil
	}
	among, keys := in("i.session_id", tables)
	err = db.each(ctx, func(rows *sql.Rows) error {
		var i session.Invited
		var config string
		var at, expires int64
		err := rows.Scan(&i.Session, &i.JoinCode, &i.Game, &config, &i.TurnSeconds, &i.Seats, &i.Host.ID, &i.Host.DisplayName, &i.Host.Avatar, &at, &expires)
		i.Config, i.At, i.ExpiresAt = json.RawMessage(config), instant(at), instant(expires)
		found = append(found, i)
		return err
	}, `SELECT s.id, s.join_code, s.game, s.config, s.turn_seconds, s.capacity, p.id, p.display_name, p.avatar, i.at, s.deadline_at
		FROM invitations i JOIN sessions s ON s.id = i.session_id AND s.status = 'waiting' JOIN players p ON p.id = i.host_id
		WHERE `+among+` AND i.player_id = ? AND i.status = 'open' AND NOT `+hidden, append(keys, string(player))...)
	slices.SortFunc(found, func(a, b session.Invited) int {
		return cmp.Or(b.At.Compare(a.At), compare(b.Session, a.Session))
	})
	return found, err
}

// lookAtInvitations adds to deliveries that tell of invitations whether those stand, and who invites.
func (db *DB) lookAtInvitations(ctx context.Context, all []notify.Due) error {
	type invitation struct{ session, player string }
	of := map[invitation][]int{}
	var ids []session.ID
	for n, d := range all {
		if d.Kind == notify.Invited {
			of[invitation{d.Session, string(d.Player)}] = append(of[invitation{d.Session, string(d.Player)}], n)
			ids = append(ids, session.ID(d.Session))
		}
	}
	if len(ids) == 0 {
		return nil
	}
	among, keys := in("i.session_id", ids)
	return db.each(ctx, func(rows *sql.Rows) error {
		var i invitation
		var host string
		err := rows.Scan(&i.session, &i.player, &host)
		for _, n := range of[i] {
			all[n].Invited = true
			if all[n].Table != nil {
				all[n].Table.Opponent = host
			}
		}
		return err
	}, `SELECT i.session_id, i.player_id, p.display_name
		FROM invitations i JOIN sessions s ON s.id = i.session_id AND s.status = 'waiting' JOIN players p ON p.id = i.host_id
		WHERE i.status = 'open' AND NOT `+hidden+` AND `+among, keys...)
}
