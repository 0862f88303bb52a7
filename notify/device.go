package notify

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// DeviceID names a device among its player's: the app makes it up, once for each installation.
type DeviceID string

// The push channels.
const (
	APNs    = "apns"
	FCM     = "fcm"
	WebPush = "webpush"
)

// Address is where a provider reaches a device. Which members count is the channel's to say.
type Address struct {
	Token       string // apns: the device token, hexadecimal; fcm: the registration token; webpush: the subscription's endpoint
	P256DH      string // webpush: the subscription's keys, base64url
	Auth        string
	Environment string // apns: production or sandbox
}

// Device is a push address of a login.
type Device struct {
	Player     PlayerID
	ID         DeviceID
	Login      LoginID
	Channel    string
	Address    Address
	Locale     string // of its texts; empty: the player's
	Fallback   string // the player's own locale
	Texts      string // TextsByServer or TextsByApp
	Registered time.Time
	Rejected   int // deliveries in a row that failed by the device's own token
}

// Resting says that its token has failed so often that it gets nothing more until it registers again.
func (d Device) Resting() bool { return d.Rejected >= MaxRejected }

// Who renders a device's texts: the server, in the device's language, or the app, from keys and arguments.
const (
	TextsByServer = "server"
	TextsByApp    = "app"
)

// Errors of devices.
var (
	ErrNoDevice       = errors.New("no such device")
	ErrNoChannel      = errors.New("the push channel is not set up")
	ErrTooManyDevices = errors.New("too many devices")
	ErrNoLogin        = errors.New("the login has ended")
)

// MaxDevices is how many devices one player may have: a few people's worth of phones, tablets and browsers.
const MaxDevices = 20

// DeviceStore keeps devices.
type DeviceStore interface {
	// PutDevice keeps a device. One with the same address goes, whoever's it was: the address belongs to who registered
	// it last. It refuses with ErrTooManyDevices, or ErrNoLogin when the login has ended meanwhile.
	PutDevice(ctx context.Context, d Device, most int) error
	// Devices lists those of a player.
	Devices(ctx context.Context, player PlayerID) ([]Device, error)
	// DeleteDevice forgets a device, if it is there.
	DeleteDevice(ctx context.Context, player PlayerID, id DeviceID) error
	// Cursor reads where a player's feed stands.
	Cursor(ctx context.Context, player PlayerID) (Cursor, error)
}

// Devices registers the devices of players.
type Devices struct {
	Store    DeviceStore
	Channels map[string]*Channel // those that are set up
	Now      func() time.Time    // the real clock, by which providers say since when a device is gone
}

// Put registers a device, or registers it again: then it rests no more.
func (s *Devices) Put(ctx context.Context, d Device) (Device, error) {
	c, ok := s.Channels[d.Channel]
	if !ok {
		return Device{}, ErrNoChannel
	}
	var err error
	if d.Address, err = c.sender.Check(d.Address); err != nil {
		return Device{}, err
	}
	d.Registered, d.Rejected = s.Now(), 0
	return d, s.Store.PutDevice(ctx, d, MaxDevices)
}

// Test pushes to one device at once, for a person who waits for what the provider says, and keeps it in the ledger.
func (s *Devices) Test(ctx context.Context, player PlayerID, id DeviceID) (Delivery, error) {
	devices, err := s.Store.Devices(ctx, player)
	if err != nil {
		return Delivery{}, err
	}
	for _, d := range devices {
		if d.ID != id {
			continue
		}
		c, ok := s.Channels[d.Channel]
		if !ok {
			return Delivery{}, ErrNoChannel
		}
		cursor, err := s.Store.Cursor(ctx, player)
		if err != nil {
			return Delivery{}, err
		}
		return c.test(ctx, d, cursor)
	}
	return Delivery{}, fmt.Errorf("test %w", ErrNoDevice)
}
