package server

import (
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"yourturn/api"
	"yourturn/notify"
	"yourturn/notify/apns"
	"yourturn/notify/webpush"
)

// PushConfig sets up the push channels. A channel without its secret is not set up, and refuses devices.
type PushConfig struct {
	Mode  string        `name:"push" env:"YOURTURN_PUSH" placeholder:"log|log:DIR" help:"For development: print the pushes of channels that are not set up (log), or write each as a file that xcrun simctl push, FCM or a service worker would take (log:DIR)."`
	Grace time.Duration `name:"push-grace" env:"YOURTURN_PUSH_GRACE" default:"3s" help:"How long a push waits, so that who answers quickly gets none."`

	APNsKey    string `name:"apns-key" env:"YOURTURN_APNS_KEY" help:"APNs: the signing key, the text of the .p8 file. Better in a file: YOURTURN_APNS_KEY_FILE."`
	APNsKeyID  string `name:"apns-key-id" env:"YOURTURN_APNS_KEY_ID" help:"APNs: the key's id."`
	APNsTeamID string `name:"apns-team-id" env:"YOURTURN_APNS_TEAM_ID" help:"APNs: the team's id."`
	APNsTopic  string `name:"apns-topic" env:"YOURTURN_APNS_TOPIC" help:"APNs: the app's bundle id."`
	APNsURL    string `name:"apns-url" env:"YOURTURN_APNS_URL" help:"APNs: address instead of Apple's, for proxies and tests."`

	FCMCredentials string `name:"fcm-credentials" env:"YOURTURN_FCM_CREDENTIALS" help:"FCM: the service account, the text of its JSON file. Better in a file: YOURTURN_FCM_CREDENTIALS_FILE."`
	FCMURL         string `name:"fcm-url" env:"YOURTURN_FCM_URL" help:"FCM: address instead of Google's, for proxies and tests."`

	VAPIDKey     string   `name:"vapid-key" env:"YOURTURN_VAPID_KEY" help:"Web Push: the private key, as yourturn push key makes it. Better in a file: YOURTURN_VAPID_KEY_FILE."`
	VAPIDSubject string   `name:"vapid-subject" env:"YOURTURN_VAPID_SUBJECT" help:"Web Push: how push services reach you: mailto:… or https://…"`
	WebPushHosts []string `name:"webpush-host" env:"YOURTURN_WEBPUSH_HOST" help:"Web Push: hosts of push services beyond those of the browsers, such as a UnifiedPush distributor: push.example.org, 10.0.0.5:8443, *.example.org, or * for every public one."`
	AppURL       string   `name:"app-url" env:"YOURTURN_APP_URL" help:"Web Push: the page that a notification opens; {session_id} is filled in."`

	Roots *x509.CertPool `kong:"-"` // that vouch for the providers; nil: the system's
}

// channels makes the push channels that are set up.
func (p PushConfig) channels(c notify.ChannelConfig, testClock bool, out io.Writer, r prometheus.Registerer) (map[string]*notify.Channel, []api.Channel, error) {
	senders, public, err := p.senders(testClock, out)
	if err != nil {
		return nil, nil, err
	}
	made := map[string]*notify.Channel{}
	var shown []api.Channel
	for _, name := range []string{notify.APNs, notify.FCM, notify.WebPush} {
		sender, ok := senders[name]
		if !ok {
			continue
		}
		channel, err := notify.NewChannel(name, sender, c)
		if err != nil {
			return nil, nil, err
		}
		c.Metrics.Watch(r, channel)
		made[name] = channel
		w := api.Channel{Channel: name}
		if name == notify.WebPush {
			w.VAPIDPublicKey = public
		}
		shown = append(shown, w)
	}
	return made, shown, nil
}

// senders makes the sender of each channel, and Web Push's public key.
func (p PushConfig) senders(testClock bool, out io.Writer) (senders map[string]notify.Sender, public string, err error) {
	senders = map[string]notify.Sender{}
	if p.APNsKey != "" {
		if testClock && isReal(p.APNsURL) {
			return nil, "", errTestClock
		}
		senders[notify.APNs], err = apns.New(apns.Config{
			Key: []byte(p.APNsKey), KeyID: p.APNsKeyID, TeamID: p.APNsTeamID, Topic: p.APNsTopic, URL: p.APNsURL, Roots: p.Roots,
		})
		if err != nil {
			return nil, "", fmt.Errorf("apns: %w", err)
		}
	}
	if p.FCMCredentials != "" {
		if testClock && isReal(p.FCMURL) {
			return nil, "", errTestClock
		}
		if senders[notify.FCM], err = p.fcmSender(); err != nil {
			return nil, "", err
		}
	}
	if p.VAPIDKey != "" {
		if testClock && slices.ContainsFunc(p.WebPushHosts, isReal) {
			return nil, "", errTestClock
		}
		web, err := webpush.New(webpush.Config{
			Key: p.VAPIDKey, Subject: p.VAPIDSubject, Hosts: p.WebPushHosts, OnlyHosts: testClock, Navigate: p.AppURL, Roots: p.Roots,
		})
		if err != nil {
			return nil, "", fmt.Errorf("web push: %w", err)
		}
		senders[notify.WebPush], public = web, web.PublicKey()
	}
	if p.Mode == "" {
		return senders, public, nil
	}
	logged, err := p.logged(out)
	if err != nil {
		return nil, "", err
	}
	for name, sender := range logged {
		if senders[name] == nil {
			senders[name] = sender
		}
	}
	if public == "" {
		public, err = throwawayKey()
	}
	return senders, public, err
}

// errTestClock keeps a moved clock from telling people what is not so.
var errTestClock = errors.New("--test-clock is never for a real push provider: set its address to one of your own, or leave its key out")

// realDomains are where the real push services are.
var realDomains = []string{"apple.com", "google.com", "googleapis.com", "mozilla.com", "windows.com"}

// isReal says that an address is, or may be, that of a real provider: a URL, a host, *.host, * for every host, or nothing
// for where the provider is by default.
func isReal(address string) bool {
	_, host, found := strings.Cut(address, "://")
	if !found {
		host = address
	}
	host, _, _ = strings.Cut(host, "/")
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.ToLower(strings.Trim(host, " ."))
	return host == "" || host == "*" || slices.ContainsFunc(realDomains, func(domain string) bool {
		return host == domain || strings.HasSuffix(host, "."+domain)
	})
}

// throwawayKey is a key for browsers to subscribe with where nothing is ever sent.
func throwawayKey() (public string, err error) {
	private, err := webpush.NewKey()
	if err != nil {
		return "", err
	}
	return webpush.PublicKey(private)
}
