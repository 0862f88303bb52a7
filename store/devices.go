package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	"yourturn/notify"
	"yourturn/session"
)

var _ notify.DeviceStore = (*DB)(nil)

const deviceColumns = `player_id, id, login_id, channel, token, token_hash, p256dh, auth, environment, locale, texts, registered_at, rejected`

func deviceRow(d notify.Device) []any {
	return []any{
		string(d.Player), string(d.ID), string(d.Login), d.Channel, d.Address.Token, tokenHash(d.Address), d.Address.P256DH, d.Address.Auth,
		d.Address.Environment, d.Locale, d.Texts, millis(d.Registered), d.Rejected,
	}
}

func tokenHash(a notify.Address) []byte {
	sum := sha256.Sum256([]byte(a.Token))
	return sum[:]
}

// readDevices reads devices with the locales of their players. The columns are all but the hash. A login that ended through a
// server of before there were devices has left its own behind: they are not there.
const readDevices = `SELECT d.player_id, d.id, d.login_id, d.channel, d.token, d.p256dh, d.auth, d.environment, d.locale, d.texts, d.registered_at, d.rejected, p.locale
	FROM devices d JOIN players p ON p.id = d.player_id JOIN logins l ON l.id = d.login_id WHERE `

func scanDevice(rows *sql.Rows) (d notify.Device, err error) {
	var registered int64
	err = rows.Scan(&d.Player, &d.ID, &d.Login, &d.Channel, &d.Address.Token, &d.Address.P256DH, &d.Address.Auth, &d.Address.Environment,
		&d.Locale, &d.Texts, &registered, &d.Rejected, &d.Fallback)
	d.Registered = instant(registered)
	return d, err
}

func (db *DB) devices(ctx context.Context, where string, args ...any) (found []notify.Device, err error) {
	err = db.each(ctx, func(rows *sql.Rows) error {
		d, err := scanDevice(rows)
		found = append(found, d)
		return err
	}, readDevices+where, args...)
	return found, err
}

// Devices lists those of a player.
func (db *DB) Devices(ctx context.Context, player notify.PlayerID) ([]notify.Device, error) {
	return db.devices(ctx, "d.player_id = ? ORDER BY d.id", string(player))
}

// DevicesOf lists those of many players.
func (db *DB) DevicesOf(ctx context.Context, players []notify.PlayerID) ([]notify.Device, error) {
	among, keys := in("d.player_id", players)
	return db.devices(ctx, among, keys...)
}

// putTries is how often a registration is tried that meets others of the same address.
const putTries = 10

// errMoved says that somebody else has taken an address meanwhile.
var errMoved = errors.New("the address has moved")

// PutDevice keeps a device under its id, and takes its address from whoever had it.
func (db *DB) PutDevice(ctx context.Context, d notify.Device, most int) (err error) {
	for attempt := range putTries {
		err = db.change(ctx, func(t *tx) error { return t.putDevice(ctx, d, most) })
		if !isDuplicate(err) && !errors.Is(err, errMoved) || ctx.Err() != nil {
			break
		}
		time.Sleep(rand.N(2 * time.Millisecond << attempt))
	}
	if isDuplicate(err) || errors.Is(err, errMoved) {
		return session.ErrConflict // the client may ask again
	}
	return err
}

func (t *tx) putDevice(ctx context.Context, d notify.Device, most int) error {
	alive, err := t.exec(ctx, "UPDATE logins SET player_id = player_id WHERE id = ?", string(d.Login)) // its lock holds off the end of the login
	if err != nil {
		return err
	}
	if alive == 0 {
		return notify.ErrNoLogin
	}
	other, err := t.holdAddress(ctx, d)
	if err != nil {
		return err
	}
	counts, known, err := t.replaceDevice(ctx, d, other)
	if err != nil {
		return err
	}
	if err := t.countDevices(ctx, counts, most); err != nil || known {
		return err
	}
	var b batch
	b.insert(t.db.engine, "devices ("+deviceColumns+")", [][]any{deviceRow(d)}, "")
	return t.finish(ctx, &b)
}

// holdAddress holds the counters of the player of a device, and of the one who has its address, and finds the other
// device with this address. It has no id when there is none.
func (t *tx) holdAddress(ctx context.Context, d notify.Device) (notify.Device, error) {
	before, err := t.holder(ctx, &batch{}, d)
	if err != nil {
		return before, err
	}
	var b batch
	b.holdCounters(d.Player, before.Player)
	other, err := t.holder(ctx, &b, d)
	if err == nil && !slices.Contains([]notify.PlayerID{"", d.Player, before.Player}, other.Player) {
		err = errMoved
	}
	return other, err
}

// holder looks, after a batch that travels along, for the other device that has the address of this one.
func (t *tx) holder(ctx context.Context, b *batch, d notify.Device) (other notify.Device, err error) {
	err = t.each(ctx, b, func(rows *sql.Rows) error { return rows.Scan(&other.Player, &other.ID) },
		"SELECT player_id, id FROM devices WHERE channel = ? AND token_hash = ?", d.Channel, tokenHash(d.Address))
	if other.Player == d.Player && other.ID == d.ID {
		other = notify.Device{}
	}
	return other, err
}

// replaceDevice forgets the other one and writes over the device, if it is known. It tells how the counts have to move.
func (t *tx) replaceDevice(ctx context.Context, d, other notify.Device) (counts map[notify.PlayerID]int, known bool, err error) {
	var b batch
	b.add("DELETE FROM devices WHERE player_id = ? AND id = ? AND token_hash = ?", string(other.Player), string(other.ID), tokenHash(d.Address))
	b.add(`UPDATE devices SET login_id = ?, channel = ?, token = ?, token_hash = ?, p256dh = ?, auth = ?, environment = ?, locale = ?,
		texts = ?, registered_at = ?, rejected = ? WHERE player_id = ? AND id = ?`, append(deviceRow(d)[2:], string(d.Player), string(d.ID))...)
	changed, err := t.run(ctx, &b)
	if err != nil {
		return nil, false, err
	}
	counts, known = map[notify.PlayerID]int{other.Player: -int(changed[0])}, changed[1] > 0
	if !known {
		counts[d.Player]++
	}
	return counts, known, nil
}

// holdCounters locks the counters of players, ascending. Whoever changes the devices of a player holds them first, so that
// nobody meets another one on the devices themselves, which are found in no order.
func (b *batch) holdCounters(players ...notify.PlayerID) {
	slices.Sort(players)
	for _, player := range slices.Compact(players) {
		b.add("UPDATE counters SET devices = devices WHERE player_id = ?", string(player))
	}
}

// countDevices moves the counts of players' devices, ascending, and refuses to raise one beyond most.
func (t *tx) countDevices(ctx context.Context, by map[notify.PlayerID]int, most int) error {
	var b batch
	var raised []bool
	for _, player := range slices.Sorted(maps.Keys(by)) {
		n := by[player]
		switch {
		case n > 0:
			b.add("UPDATE counters SET devices = devices + ? WHERE player_id = ? AND devices + ? <= ?", n, string(player), n, most)
		case n < 0:
			b.add("UPDATE counters SET devices = devices + ? WHERE player_id = ?", n, string(player))
		default:
			continue
		}
		raised = append(raised, n > 0)
	}
	changed, err := t.run(ctx, &b)
	for i := range changed {
		if raised[i] && changed[i] == 0 {
			return notify.ErrTooManyDevices
		}
	}
	return err
}

// DeleteDevice forgets a device.
func (db *DB) DeleteDevice(ctx context.Context, player notify.PlayerID, id notify.DeviceID) error {
	return db.change(ctx, func(t *tx) error {
		var b batch
		b.holdCounters(player)
		b.add("DELETE FROM devices WHERE player_id = ? AND id = ?", string(player), string(id))
		gone, err := t.run(ctx, &b)
		if err != nil {
			return err
		}
		return t.countDevices(ctx, map[notify.PlayerID]int{player: -int(gone[1])}, notify.MaxDevices)
	})
}
