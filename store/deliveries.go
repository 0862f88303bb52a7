package store

import (
	"cmp"
	"context"
	"database/sql"
	"slices"
	"time"

	"yourturn/notify"
	"yourturn/session"
)

var _ notify.DeliveryStore = (*DB)(nil)

// Notices lists what became true before an instant.
func (db *DB) Notices(ctx context.Context, before time.Time, limit int) ([]notify.Notice, error) {
	return db.notices(ctx, "at <= ? ORDER BY at LIMIT ?", millis(before), limit)
}

// NoticesOf lists the notices of a player.
func (db *DB) NoticesOf(ctx context.Context, player notify.PlayerID) ([]notify.Notice, error) {
	return db.notices(ctx, "player_id = ? ORDER BY seq, kind", string(player))
}

func (db *DB) notices(ctx context.Context, where string, args ...any) (found []notify.Notice, err error) {
	err = db.each(ctx, func(rows *sql.Rows) error {
		n, err := scanNotice(rows)
		found = append(found, n)
		return err
	}, "SELECT "+noticeColumns+" FROM notices WHERE "+where, args...)
	return found, err
}

// NextNotice is when the oldest notice became true.
func (db *DB) NextNotice(ctx context.Context) (time.Time, error) {
	return db.soonest(ctx, "SELECT MIN(at) FROM notices")
}

// Deliver deletes the notices, which shows those that another node has turned, and keeps the deliveries of the others.
func (db *DB) Deliver(ctx context.Context, notices []notify.Notice, deliveries []notify.Delivery) (kept int, err error) {
	type key struct {
		player notify.PlayerID
		seq    int64
		kind   string
	}
	of := func(n notify.Notice) key { return key{n.Player, n.Seq, n.Kind} }
	notices = slices.SortedFunc(slices.Values(notices), cmpNotice)
	var first batch
	for _, n := range notices {
		first.add("DELETE FROM notices WHERE player_id = ? AND seq = ? AND kind = ? AND at = ?", string(n.Player), n.Seq, n.Kind, millis(n.At))
	}
	err = db.changeBehind(ctx, func(t *tx) error {
		mine, err := t.run(ctx, &batch{queries: first.queries, args: first.args})
		if err != nil {
			return err
		}
		turned := map[key]bool{}
		for i, n := range notices {
			turned[of(n)] = mine[i] > 0
		}
		var rows [][]any
		for _, d := range deliveries {
			if turned[of(d.Notice)] {
				rows = append(rows, deliveryRow(d))
			}
		}
		kept = len(rows)
		var last batch
		last.insert(db.engine, "deliveries ("+deliveryColumns+")", rows, "")
		return t.finish(ctx, &last)
	})
	return kept, err
}

func cmpNotice(a, b notify.Notice) int {
	return cmp.Or(compare(a.Player, b.Player), cmp.Compare(a.Seq, b.Seq), compare(a.Kind, b.Kind))
}

const deliveryColumns = `id, player_id, seq, kind, at, session_id, game, version, turn, deadline_at, device_id, channel, status, reason, provider_id, attempts, created_at, updated_at, due_at, claim`

func deliveryRow(d notify.Delivery) []any {
	return []any{
		string(d.ID), string(d.Player), d.Seq, d.Kind, millis(d.At), null(d.Session), null(d.Game), d.Version, d.Turn, millis(d.Deadline),
		string(d.Device), d.Channel, d.Status, d.Reason, d.ProviderID, d.Attempts, millis(d.CreatedAt), millis(d.UpdatedAt), millis(time.Now().Add(d.Lease)), d.Claim,
	}
}

// scanDelivery scans the columns of a delivery, and further ones.
func scanDelivery(rows *sql.Rows, more ...any) (d notify.Delivery, err error) {
	var at, deadline, created, updated, due int64
	var sessionID, game sql.NullString
	err = rows.Scan(append([]any{&d.ID, &d.Player, &d.Seq, &d.Kind, &at, &sessionID, &game, &d.Version, &d.Turn, &deadline, &d.Device, &d.Channel,
		&d.Status, &d.Reason, &d.ProviderID, &d.Attempts, &created, &updated, &due, &d.Claim}, more...)...)
	d.At, d.Deadline, d.Session, d.Game = instant(at), instant(deadline), sessionID.String, game.String
	d.CreatedAt, d.UpdatedAt = instant(created), instant(updated)
	return d, err
}

// ClaimDeliveries takes deliveries in a lot: look without a lock, claim what is still free, read what bears the claim.
func (db *DB) ClaimDeliveries(ctx context.Context, channel, claim string, lease time.Duration, limit int) ([]notify.Due, error) {
	now := time.Now()
	var ids []notify.DeliveryID
	err := db.each(ctx, scanIDs(&ids), "SELECT id FROM deliveries WHERE channel = ? AND due_at <= ? ORDER BY due_at LIMIT ?", channel, millis(now), limit)
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	slices.Sort(ids)
	among, keys := in("id", ids)
	err = db.changeBehind(ctx, func(t *tx) error {
		var b batch
		b.add("UPDATE deliveries SET claim = ?, due_at = ? WHERE due_at <= ? AND "+among,
			append([]any{claim, millis(now.Add(lease)), millis(now)}, keys...)...)
		return t.finish(ctx, &b)
	})
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), groupTimeout) // what is claimed must not wait for its lease
	defer cancel()
	return db.Claimed(ctx, claim, ids)
}

// readDue reads deliveries with all that their guards ask for, in one statement, so that it is of one instant.
var readDue = `SELECT ` + eachColumn(deliveryColumns, func(column string) string { return "d." + column }) + `,
	l.id, v.login_id, v.token, v.p256dh, v.auth, v.environment, v.locale, v.texts, v.registered_at, v.rejected, p.locale,
	c.acked_seq, c.waiting, s.status, s.turn, s.deadline_at, s.awaited, s.capacity, t.seat, t.muted
	FROM deliveries d
	LEFT JOIN devices v ON v.player_id = d.player_id AND v.id = d.device_id AND v.channel = d.channel
	LEFT JOIN logins l ON l.id = v.login_id
	LEFT JOIN players p ON p.id = d.player_id
	LEFT JOIN counters c ON c.player_id = d.player_id
	LEFT JOIN sessions s ON s.id = d.session_id
	LEFT JOIN seats t ON t.session_id = d.session_id AND t.player_id = d.player_id
	WHERE d.claim = ? AND `

// Claimed reads all that bears a claim, or nothing: a guard must not decide on half of what it asks for.
func (db *DB) Claimed(ctx context.Context, claim string, ids []notify.DeliveryID) (found []notify.Due, err error) {
	leave, err := db.stepBehind(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	among, keys := in("d.id", ids)
	var pairs []session.ID // sessions of two, whose other player is named
	err = db.each(ctx, func(rows *sql.Rows) error {
		d, capacity, err := scanDue(rows)
		if slices.ContainsFunc(found, func(f notify.Due) bool { return f.ID == d.ID }) {
			return err // a player at two seats of a table, which no rule of ours lets happen
		}
		found = append(found, d)
		if capacity == 2 {
			pairs = append(pairs, session.ID(d.Session))
		}
		return err
	}, readDue+among, append([]any{claim}, keys...)...)
	if err == nil && len(pairs) > 0 {
		err = db.nameOpponents(ctx, found, pairs)
	}
	if err == nil {
		err = db.lookAtInvitations(ctx, found)
	}
	if err != nil {
		return nil, err
	}
	return found, nil
}

func scanDue(rows *sql.Rows) (d notify.Due, capacity int64, err error) {
	var v struct{ id, login, token, p256dh, auth, environment, locale, texts sql.NullString }
	var playerLocale, status, awaited sql.NullString
	var registered, rejected, acked, waiting, turn, deadline, seats, seat, muted sql.NullInt64
	d.Delivery, err = scanDelivery(rows, &v.id, &v.login, &v.token, &v.p256dh, &v.auth, &v.environment, &v.locale, &v.texts, &registered, &rejected,
		&playerLocale, &acked, &waiting, &status, &turn, &deadline, &awaited, &seats, &seat, &muted)
	if err != nil {
		return d, 0, err
	}
	d.Acked, d.Waiting = acked.Int64, int(waiting.Int64)
	if v.id.Valid {
		d.To = &notify.Device{
			Player: d.Player, ID: d.Device, Login: notify.LoginID(v.login.String), Channel: d.Channel,
			Address: notify.Address{Token: v.token.String, P256DH: v.p256dh.String, Auth: v.auth.String, Environment: v.environment.String},
			Locale:  v.locale.String, Fallback: playerLocale.String, Texts: v.texts.String,
			Registered: instant(registered.Int64), Rejected: int(rejected.Int64),
		}
	}
	if !status.Valid {
		return d, 0, nil
	}
	s := session.Session{Status: session.Status(status.String)}
	if err := decode(awaited.String, &s.Await); err != nil {
		return d, 0, err
	}
	d.Table = &notify.Table{
		Active: s.Status == session.Active, Turn: turn.Int64, Deadline: instant(deadline.Int64),
		Awaited: seat.Valid && s.MustMove(int(seat.Int64)), Muted: muted.Int64 != 0,
	}
	return d, seats.Int64, nil
}

// nameOpponents fills in what the other player of a session of two is called.
func (db *DB) nameOpponents(ctx context.Context, all []notify.Due, pairs []session.ID) error {
	type seated struct{ player, name string }
	at := map[string][]seated{}
	among, keys := in("t.session_id", pairs)
	err := db.each(ctx, func(rows *sql.Rows) error {
		var id string
		var s seated
		err := rows.Scan(&id, &s.player, &s.name)
		at[id] = append(at[id], s)
		return err
	}, "SELECT t.session_id, t.player_id, p.display_name FROM seats t JOIN players p ON p.id = t.player_id WHERE "+among, keys...)
	for _, d := range all {
		for _, s := range at[d.Session] {
			if d.Table != nil && s.player != string(d.Player) {
				d.Table.Opponent = s.name
			}
		}
	}
	return err
}

// NextDelivery is when a delivery of a channel is due.
func (db *DB) NextDelivery(ctx context.Context, channel string) (time.Time, error) {
	return db.soonest(ctx, "SELECT MIN(due_at) FROM deliveries WHERE channel = ?", channel)
}

// Settle writes a lot, by ascending ids: each delivery while its claim holds, then what it means for its device. A device
// that was registered again since the try began is a new one, of which the try says nothing.
func (db *DB) Settle(ctx context.Context, settled []notify.Settlement) error {
	settled = slices.SortedFunc(slices.Values(settled), func(a, b notify.Settlement) int { return compare(a.ID, b.ID) })
	return db.changeBehind(ctx, func(t *tx) error {
		if db.engine.packets && !slices.ContainsFunc(settled, speaksOfDevice) { // as nearly always
			b := settleAlike(settled)
			return t.finish(ctx, &b)
		}
		var b batch
		for _, s := range settled {
			b.add("UPDATE deliveries SET status = ?, reason = ?, provider_id = ?, attempts = ?, updated_at = ?, due_at = ?, claim = '' WHERE id = ? AND claim = ?",
				s.Status, s.Reason, s.ProviderID, s.Attempts, millis(s.UpdatedAt), millis(dueAgain(s)), string(s.ID), s.Claim)
		}
		held, err := t.run(ctx, &b)
		if err != nil {
			return err
		}
		var mine []notify.Settlement // the others are somebody else's by now, or were written down by a try whose answer was lost
		for i, s := range settled {
			if held[i] > 0 && s.Asked && s.To != nil {
				mine = append(mine, s)
			}
		}
		return t.settleDevices(ctx, mine)
	})
}

// dueAgain is when a delivery is to be tried again, if ever.
func dueAgain(s notify.Settlement) time.Time {
	if s.Status != notify.Pending {
		return session.Never
	}
	return time.Now().Add(s.Again)
}

// settleAlike writes deliveries that came to the same in one statement: a statement for each is most of what MySQL has to
// do for a push.
func settleAlike(settled []notify.Settlement) (b batch) {
	type alike struct {
		claim, status, reason  string
		attempts, updated, due int64
	}
	groups := map[alike][]notify.Settlement{}
	var order []alike
	for _, s := range settled {
		a := alike{s.Claim, s.Status, s.Reason, int64(s.Attempts), millis(s.UpdatedAt), millis(dueAgain(s))}
		if groups[a] == nil {
			order = append(order, a)
		}
		groups[a] = append(groups[a], s)
	}
	for _, a := range order {
		args := []any{a.status, a.reason, a.attempts, a.updated, a.due}
		var ids []notify.DeliveryID
		names := ""
		for _, s := range groups[a] {
			names += " WHEN ? THEN ?"
			args, ids = append(args, string(s.ID), s.ProviderID), append(ids, s.ID)
		}
		among, keys := in("id", ids)
		b.add("UPDATE deliveries SET status = ?, reason = ?, attempts = ?, updated_at = ?, due_at = ?, claim = '', provider_id = CASE id"+names+
			" END WHERE claim = ? AND "+among, append(append(args, a.claim), keys...)...)
	}
	return b
}

// speaksOfDevice says that an outcome changes what is known of the device.
func speaksOfDevice(s notify.Settlement) bool {
	return s.Asked && s.To != nil && (s.Class == notify.Gone || s.Class == notify.Rejected || s.Class == notify.Sent && s.To.Rejected > 0)
}

// settleDevices forgets devices that are gone, and counts how often in a row the others failed by their own tokens.
func (t *tx) settleDevices(ctx context.Context, asked []notify.Settlement) error {
	const same = " WHERE player_id = ? AND id = ? AND token_hash = ? AND registered_at = ?"
	type device struct {
		player notify.PlayerID
		id     notify.DeviceID
	}
	var b, counters batch
	var players []notify.PlayerID // of the devices that change, a statement each
	gone := map[int]bool{}        // the statements that delete
	failing := map[device]bool{}
	for _, s := range asked {
		of := device{s.To.Player, s.To.ID}
		key := []any{string(of.player), string(of.id), tokenHash(s.To.Address), millis(s.To.Registered)}
		switch {
		case s.Class == notify.Gone:
			gone[len(players)] = true
			b.add("DELETE FROM devices"+same, key...)
		case s.Class == notify.Rejected:
			failing[of] = true
			b.add("UPDATE devices SET rejected = rejected + 1"+same, key...)
		case s.Class == notify.Sent && (s.To.Rejected > 0 || failing[of]):
			b.add("UPDATE devices SET rejected = 0"+same, key...)
		default:
			continue
		}
		players = append(players, of.player)
	}
	counters.holdCounters(slices.Clone(players)...)
	if _, err := t.run(ctx, &counters); err != nil {
		return err
	}
	changed, err := t.run(ctx, &b)
	if err != nil {
		return err
	}
	counts := map[notify.PlayerID]int{}
	for i, player := range players {
		if gone[i] {
			counts[player] -= int(changed[i])
		}
	}
	return t.countDevices(ctx, counts, notify.MaxDevices)
}

// AddDelivery keeps a delivery of no notice.
func (db *DB) AddDelivery(ctx context.Context, d notify.Delivery) error {
	return db.change(ctx, func(t *tx) error {
		var b batch
		b.insert(db.engine, "deliveries ("+deliveryColumns+")", [][]any{deliveryRow(d)}, "")
		return t.finish(ctx, &b)
	})
}

// Deliveries lists those of a player, newest first: ids ascend with time.
func (db *DB) Deliveries(ctx context.Context, player notify.PlayerID, before notify.DeliveryID, limit int) (found []notify.Delivery, err error) {
	where, args := "player_id = ?", []any{string(player)}
	if before != "" {
		where, args = where+" AND id < ?", append(args, string(before))
	}
	err = db.each(ctx, func(rows *sql.Rows) error {
		d, err := scanDelivery(rows)
		found = append(found, d)
		return err
	}, "SELECT "+deliveryColumns+" FROM deliveries WHERE "+where+" ORDER BY id DESC LIMIT ?", append(args, limit)...)
	return found, err
}

// longestPending is how much longer a delivery is kept that still waits: above the longest turn. After that it waits for a
// channel that nobody has set up any more.
const longestPending = 31 * 24 * time.Hour

// PruneDeliveries forgets deliveries made before an instant, a lot at a time.
func (db *DB) PruneDeliveries(ctx context.Context, before time.Time, limit int) (int, error) {
	return db.prune(ctx, "deliveries", "id", "created_at < ? AND (status <> 'pending' OR created_at < ?)", "created_at", limit,
		millis(before), millis(before.Add(-longestPending)))
}
