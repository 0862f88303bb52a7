package store

import (
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

// OpenInvitations counts what a player has sent.
func (db *DB) OpenInvitations(ctx context.Context, host notify.PlayerID, limit int) (n int, err error) {
	err = db.one(ctx, nil, func(rows *sql.Rows) error { return rows.Scan(&n) },
		"SELECT COUNT(*) FROM (SELECT player_id FROM invitations WHERE host_id = ? AND status = 'open' LIMIT ?) AS sent", string(host), limit)
	return n, err
}

// InvitationsOf reads a page from the index of whoever is invited, then what the page holds: its cost is that of a page, but
// for what blocks hide.
func (db *DB) InvitationsOf(ctx context.Context, player notify.PlayerID, after session.Position, limit int) (found []session.Invited, err error) {
	for len(found) < limit {
		lot, err := db.openInvitations(ctx, player, after, limit)
		if err != nil {
			return nil, err
		}
		shown, err := db.withoutBlocks(ctx, player, lot)
		if err != nil {
			return nil, err
		}
		more, err := db.tablesOf(ctx, player, shown)
		if err != nil {
			return nil, err
		}
		found = append(found, more...)
		if len(lot) < limit {
			return found, nil
		}
		last := lot[limit-1]
		after = session.Position{SortKey: millis(last.At), ID: last.Session}
	}
	return found[:limit], nil
}

// openInvitations reads the invitations themselves.
func (db *DB) openInvitations(ctx context.Context, player notify.PlayerID, after session.Position, limit int) (found []session.Invited, err error) {
	err = db.each(ctx, func(rows *sql.Rows) error {
		var i session.Invited
		var at int64
		err := rows.Scan(&i.Session, &i.Host.ID, &at)
		i.At = instant(at)
		found = append(found, i)
		return err
	}, `SELECT session_id, host_id, at FROM invitations
		WHERE player_id = ? AND status = 'open' AND at <= ? AND (at < ? OR session_id < ?) ORDER BY at DESC, session_id DESC LIMIT ?`,
		string(player), after.SortKey, after.SortKey, string(after.ID), limit)
	return found, err
}

// withoutBlocks drops the invitations between whose host and the player a block stands.
func (db *DB) withoutBlocks(ctx context.Context, player notify.PlayerID, all []session.Invited) ([]session.Invited, error) {
	var hosts []notify.PlayerID
	for _, i := range all {
		hosts = append(hosts, i.Host.ID)
	}
	mine, theirs, err := db.BlocksBetween(ctx, player, hosts)
	return slices.DeleteFunc(all, func(i session.Invited) bool {
		return slices.Contains(mine, i.Host.ID) || slices.Contains(theirs, i.Host.ID)
	}), err
}

// tablesOf fills in the tables of invitations, and who invites. It drops what does not wait any more: servers of an earlier
// version leave invitations behind.
func (db *DB) tablesOf(ctx context.Context, player notify.PlayerID, all []session.Invited) ([]session.Invited, error) {
	if len(all) == 0 {
		return nil, nil
	}
	var ids []session.ID
	for _, i := range all {
		ids = append(ids, i.Session)
	}
	among, keys := in("s.id", ids)
	err := db.each(ctx, func(rows *sql.Rows) error {
		var i session.Invited
		var config string
		var expires int64
		err := rows.Scan(&i.Session, &i.JoinCode, &i.Game, &config, &i.TurnSeconds, &i.Seats, &i.Host.ID, &i.Host.DisplayName, &i.Host.Avatar, &expires)
		i.Config, i.ExpiresAt = json.RawMessage(config), instant(expires)
		if n := slices.IndexFunc(all, func(listed session.Invited) bool { return listed.Session == i.Session }); n >= 0 {
			i.At = all[n].At
			all[n] = i
		}
		return err
	}, `SELECT s.id, s.join_code, s.game, s.config, s.turn_seconds, s.capacity, p.id, p.display_name, p.avatar, s.deadline_at
		FROM sessions s JOIN invitations i ON i.session_id = s.id AND i.player_id = ? JOIN players p ON p.id = i.host_id
		WHERE s.status = 'waiting' AND `+among, append([]any{string(player)}, keys...)...)
	return slices.DeleteFunc(all, func(i session.Invited) bool { return i.JoinCode == "" }), err
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
		LEFT JOIN blocks m ON m.player_id = i.player_id AND m.blocked_id = i.host_id
		LEFT JOIN blocks h ON h.player_id = i.host_id AND h.blocked_id = i.player_id
		WHERE i.status = 'open' AND m.player_id IS NULL AND h.player_id IS NULL AND `+among, keys...)
}
