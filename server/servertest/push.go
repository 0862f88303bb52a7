package servertest

import (
	"cmp"
	"crypto/ecdh"
	"crypto/rand"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"yourturn/notify"
	"yourturn/notify/providertest"
	"yourturn/server"
)

// Providers are fakes of the three push providers, and what a server needs to push to them.
type Providers struct {
	Authority *providertest.Authority
	APNs      *providertest.APNs
	FCM       *providertest.FCM
	WebPush   *providertest.WebPush
	Config    server.PushConfig

	mu      sync.Mutex
	devices map[string]*Device // by token
	seen    map[string]int     // how much of a channel has been looked at
}

// Grace is that of a server which pushes to the fakes: longer than a test takes between two requests, so that only the
// test clock ends it.
const Grace = 10 * time.Minute

const (
	apnsTopic  = "org.example.game"
	apnsKeyID  = "KEY1234567"
	apnsTeamID = "TEAM123456"
)

// NewProviders starts the fakes.
func NewProviders(tb testing.TB) *Providers {
	tb.Helper()
	key, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	return NewProvidersWith(tb, base64.RawURLEncoding.EncodeToString(key.Bytes()))
}

// NewProvidersWith starts the fakes, with browsers that have subscribed to a given VAPID key.
func NewProvidersWith(tb testing.TB, vapid string) *Providers {
	tb.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(vapid)
	if err != nil {
		tb.Fatal(err)
	}
	private, err := ecdh.P256().NewPrivateKey(raw)
	if err != nil {
		tb.Fatal(err)
	}
	public := base64.RawURLEncoding.EncodeToString(private.PublicKey().Bytes())
	authority := providertest.NewAuthority(tb)
	key, check := providertest.APNsKey(tb)
	p := &Providers{
		Authority: authority,
		APNs:      providertest.NewAPNs(tb, authority, apnsTopic, check, apnsKeyID, apnsTeamID),
		FCM:       providertest.NewFCM(tb, authority),
		WebPush:   providertest.NewWebPush(tb, authority, public),
		devices:   map[string]*Device{}, seen: map[string]int{},
	}
	p.Config = server.PushConfig{
		Grace:   Grace,
		APNsKey: string(key), APNsKeyID: apnsKeyID, APNsTeamID: apnsTeamID, APNsTopic: apnsTopic, APNsURL: p.APNs.URL,
		FCMCredentials: string(p.FCM.Credentials), FCMURL: p.FCM.URL,
		VAPIDKey: vapid, VAPIDSubject: "mailto:operator@example.org", WebPushHosts: []string{p.WebPush.Host},
		AppURL: "https://play.example/#{session_id}", Roots: authority.Pool,
	}
	return p
}

// Environment is the configuration for the program in a process of its own.
func (p *Providers) Environment() []string {
	c := p.Config
	return []string{
		"YOURTURN_PUSH_GRACE=" + c.Grace.String(),
		"YOURTURN_APNS_KEY=" + c.APNsKey, "YOURTURN_APNS_KEY_ID=" + c.APNsKeyID, "YOURTURN_APNS_TEAM_ID=" + c.APNsTeamID,
		"YOURTURN_APNS_TOPIC=" + c.APNsTopic, "YOURTURN_APNS_URL=" + c.APNsURL,
		"YOURTURN_FCM_CREDENTIALS=" + c.FCMCredentials, "YOURTURN_FCM_URL=" + c.FCMURL,
		"YOURTURN_VAPID_KEY=" + c.VAPIDKey, "YOURTURN_VAPID_SUBJECT=" + c.VAPIDSubject,
		"YOURTURN_WEBPUSH_HOST=" + strings.Join(c.WebPushHosts, ","), "YOURTURN_APP_URL=" + c.AppURL,
		"SSL_CERT_FILE=" + p.Authority.File,
	}
}

// Provider is the fake of a channel.
func (p *Providers) Provider(channel string) *providertest.Provider {
	switch channel {
	case notify.APNs:
		return &p.APNs.Provider
	case notify.FCM:
		return &p.FCM.Provider
	}
	return &p.WebPush.Provider
}

// Channels are the names of all push channels.
var Channels = []string{notify.APNs, notify.FCM, notify.WebPush}

// Device is a device of an app, with the address that its provider knows.
type Device struct {
	App     *App
	ID      string
	Channel string
	Address notify.Address
}

// Device makes an address that the provider of the channel takes. It is not registered yet.
func (p *Providers) Device(app *App, id, channel string) *Device {
	d := &Device{App: app, ID: id, Channel: channel}
	switch channel {
	case notify.APNs:
		token := make([]byte, 32)
		rand.Read(token) // never fails
		d.Address.Token = hex.EncodeToString(token)
	case notify.FCM:
		d.Address.Token = "fcm:" + rand.Text()
	default:
		d.Address = p.WebPush.Subscribe()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.devices[d.Address.Token] = d
	return d
}

// Path is where the device is registered.
func (d *Device) Path() string { return "/v1/me/devices/" + d.ID }

// Body registers the device. More members come in pairs.
func (d *Device) Body(more ...string) map[string]any {
	body := map[string]any{"channel": d.Channel}
	if d.Channel == notify.WebPush {
		// As a browser writes it.
		body["subscription"] = map[string]any{
			"endpoint": d.Address.Token, "expirationTime": nil, "keys": map[string]any{"p256dh": d.Address.P256DH, "auth": d.Address.Auth},
		}
	} else {
		body["token"] = d.Address.Token
	}
	for i := 0; i+1 < len(more); i += 2 {
		body[more[i]] = more[i+1]
	}
	return body
}

// Register registers the device with its app.
func (d *Device) Register(tb testing.TB, more ...string) {
	tb.Helper()
	d.App.Must(tb, http.StatusOK, "PUT", d.Path(), d.Body(more...))
}

// Devices registers a device on each channel, named by the channel behind a prefix.
func (p *Providers) Devices(tb testing.TB, app *App, prefix string, more ...string) map[string]*Device {
	tb.Helper()
	all := map[string]*Device{}
	for _, channel := range Channels {
		all[channel] = p.Device(app, prefix+channel, channel)
		all[channel].Register(tb, more...)
	}
	return all
}

// Pushed is a push that a provider has taken.
type Pushed struct {
	To *Device
	providertest.Received
}

// Life is how long the provider was asked to keep it.
func (p Pushed) Life(tb testing.TB) time.Duration {
	tb.Helper()
	text := p.Header.Get("TTL")
	switch p.To.Channel {
	case notify.APNs:
		text = p.Header.Get("apns-expiration")
	case notify.FCM:
		text = strings.TrimSuffix(Answer{Body: p.Body}.String("message", "android", "ttl"), "s")
	}
	n, err := strconv.ParseInt(text, 10, 64)
	switch {
	case err != nil:
		tb.Fatalf("a push by %s without an end: %v %s", p.To.Channel, p.Header, p.Body)
	case p.To.Channel == notify.APNs:
		return time.Unix(n, 0).Sub(p.At)
	}
	return time.Duration(n) * time.Second
}

// Arrived are the pushes that were taken since it was asked last, by the devices' ids and then in order.
func (p *Providers) Arrived(tb testing.TB) (all []Pushed) {
	tb.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, channel := range Channels {
		received := p.Provider(channel).Received()
		for _, r := range received[p.seen[channel]:] {
			d := p.devices[r.Token]
			if d == nil {
				tb.Errorf("a push by %s to nobody: %d %s", channel, r.Status, r.Body)
				continue
			}
			if r.Status/100 == 2 {
				all = append(all, Pushed{d, r})
			}
		}
		p.seen[channel] = len(received)
	}
	slices.SortStableFunc(all, func(a, b Pushed) int { return cmp.Compare(a.To.ID, b.To.ID) })
	return all
}

// Open opens a database without anything of ours in between.
func Open(tb testing.TB, database string) *sql.DB {
	tb.Helper()
	driver, source := "sqlite", "file:"+strings.TrimPrefix(database, "sqlite:")+"?_pragma=busy_timeout(10000)"
	if at, err := url.Parse(database); err == nil && at.Scheme == "mysql" {
		c := mysql.NewConfig()
		c.User, c.Net, c.Addr, c.DBName = at.User.Username(), "tcp", at.Host, strings.TrimPrefix(at.Path, "/")
		c.Passwd, _ = at.User.Password()
		driver, source = "mysql", c.FormatDSN()
	}
	db, err := sql.Open(driver, source)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = db.Close() })
	return db
}
