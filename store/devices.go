package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"maps"
	"slices"

	"yourturn/notify"
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

// readDevices reads devices with the locales of their players. The columns are all but the hash.
const readDevices = `SELECT d.player_id, d.id, d.login_id, d.channel, d.token, d.p256dh, d.auth, d.environment, d.locale, d.texts, d.registered_at, d.rejected, p.locale
	FROM devices d JOIN players p ON p.id = d.player_id WHERE `

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

// putTries is how often a registration is tried again that met another one of the same address.
const putTries = 3

// PutDevice keeps a device under its id, and takes its address from whoever had it.
func (db *DB) PutDevice(ctx context.Context, d notify.Device, most int) (err error) {
	for range putTries {
		err = db.change(ctx, func(t *tx) error { return t.putDevice(ctx, d, most) })
		if !isDuplicate(err) {
			break
		}
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
	counts, err := t.freeAddress(ctx, d)
	if err != nil {
		return err
	}
	known, err := t.exec(ctx, `UPDATE devices SET login_id = ?, channel = ?, token = ?, token_hash = ?, p256dh = ?, auth = ?, environment = ?, locale = ?,
		texts = ?, registered_at = ?, rejected = ? WHERE player_id = ? AND id = ?`, append(deviceRow(d)[2:], string(d.Player), string(d.ID))...)
	if err != nil {
		return err
	}
	if known == 0 {
		counts[d.Player]++
	}
	if err := t.countDevices(ctx, counts, most); err != nil || known > 0 {
		return err
	}
	var b batch
	b.insert(t.db.engine, "devices ("+deviceColumns+")", [][]any{deviceRow(d)}, "")
	return t.finish(ctx, &b)
}

// freeAddress forgets the other device that has the address of this one, if there is one.
func (t *tx) freeAddress(ctx context.Context, d notify.Device) (counts map[notify.PlayerID]int, err error) {
	counts = map[notify.PlayerID]int{}
	var other *notify.Device
	err = t.each(ctx, &batch{}, func(rows *sql.Rows) error {
		other = &notify.Device{}
		return rows.Scan(&other.Player, &other.ID)
	}, "SELECT player_id, id FROM devices WHERE channel = ? AND token_hash = ?", d.Channel, tokenHash(d.Address))
	if err != nil || other == nil || other.Player == d.Player && other.ID == d.ID {
		return counts, err
	}
	gone, err := t.exec(ctx, "DELETE FROM devices WHERE player_id = ? AND id = ? AND token_hash = ?", string(other.Player), string(other.ID), tokenHash(d.Address))
	counts[other.Player] -= int(gone)
	return counts, err
}

// countDevices moves the counts of players' devices, ascending, and refuses to raise one beyond most.
func (t *tx) countDevices(ctx context.Context, by map[notify.PlayerID]int, most int) error {
	var b batch
	var raised []bool
	for _, player := range slices.Sorted(maps.Keys(by)) {
		if by[player] != 0 {
			b.add("UPDATE counters SET devices = devices + ? WHERE player_id = ? AND devices + ? <= ?", by[player], string(player), max(by[player], 0), most)
			raised = append(raised, by[player] > 0)
		}
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
		gone, err := t.exec(ctx, "DELETE FROM devices WHERE player_id = ? AND id = ?", string(player), string(id))
		if err != nil {
			return err
		}
		return t.countDevices(ctx, map[notify.PlayerID]int{player: -int(gone)}, notify.MaxDevices)
	})
}
