package webpush

import (
	"crypto/elliptic"
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"yourturn/notify"
)

// The keys of RFC 8291's example.
const (
	samplePoint = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
	sampleAuth  = "BTBZMqHH6r4Tts7J_aSIgg"
)

func newSender(t *testing.T, c Config) *Sender {
	t.Helper()
	if c.Key == "" {
		key, err := NewKey()
		if err != nil {
			t.Fatal(err)
		}
		c.Key = key
	}
	if c.Subject == "" {
		c.Subject = "mailto:ops@game.example"
	}
	s, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func TestEndpointsOfBrowsers(t *testing.T) {
	s := newSender(t, Config{Hosts: []string{"push.house.example", "*.up.example", "127.0.0.1:8443", "[::1]:8443", "localhost:9000"}})
	for endpoint, want := range map[string]string{
		"https://fcm.googleapis.com/fcm/send/cVH8:APA91_-x":                "",
		"https://fcm.googleapis.com/wp/cVH8:APA91_-x":                      "",
		"https://jmt17.google.com/fcm/send/x":                              "",
		"https://updates.push.services.mozilla.com/wpush/v2/gAAA_-x":       "",
		"https://web.push.apple.com/QGuQyavXutnMH":                         "",
		"https://wns2-par02p.notify.windows.com/w/?token=BQYA%2bab%2fc%3d": "",
		"https://push.house.example/up/x":                                  "",
		"https://push.house.example:443/up/x":                              "https://push.house.example/up/x",
		"https://a.up.example/x":                                           "",
		"https://a.b.up.example/x":                                         "",
		"https://127.0.0.1:8443/x":                                         "",
		"https://[::1]:8443/x":                                             "",
		"https://localhost:9000/x":                                         "",
		"HTTPS://FCM.GoogleAPIs.com:443/fcm/send/Xx":                       "https://fcm.googleapis.com/fcm/send/Xx",
		"https://fcm.googleapis.com/?x":                                    "",
		"https://fcm.googleapis.com/" + strings.Repeat("x", 1024-27):       "",
	} {
		if want == "" {
			want = endpoint
		}
		got, err := s.Check(notify.Address{Token: endpoint, P256DH: samplePoint, Auth: sampleAuth})
		if err != nil || got.Token != want {
			t.Errorf("%s becomes %s, %v; want %s", endpoint, got.Token, err, want)
			continue
		}
		if again, err := s.Check(got); err != nil || again != got {
			t.Errorf("checked again, %s becomes %s, %v", got.Token, again.Token, err)
		}
	}
}

func TestAttackEndpointsThatPoseAsAPushService(t *testing.T) {
	known := newSender(t, Config{})
	public := newSender(t, Config{Hosts: []string{"*"}})
	for name, c := range map[string]struct {
		endpoint string
		public   bool // refused also where every public host is allowed
	}{
		"another host":              {"https://evil.example/secret", false},
		"user is the host":          {"https://fcm.googleapis.com@evil.example/secret", true},
		"user and password":         {"https://u:p@fcm.googleapis.com/secret", true},
		"empty user":                {"https://@fcm.googleapis.com/secret", true},
		"suffix without its dot":    {"https://evil-push.apple.com/secret", false},
		"suffix glued":              {"https://evilpush.apple.com/secret", false},
		"host as a subdomain":       {"https://push.apple.com.evil.example/secret", false},
		"the bare suffix":           {"https://push.apple.com/secret", false},
		"below an exact host":       {"https://a.fcm.googleapis.com/secret", false},
		"host in the path":          {"https://evil.example/fcm.googleapis.com/secret", false},
		"host in the query":         {"https://evil.example/?u=https://fcm.googleapis.com/secret", false},
		"another port":              {"https://fcm.googleapis.com:8443/secret", true},
		"port with a zero":          {"https://fcm.googleapis.com:0443/secret", true},
		"empty port":                {"https://fcm.googleapis.com:/secret", true},
		"port that is none":         {"https://fcm.googleapis.com:99999999/secret", true},
		"trailing dot":              {"https://fcm.googleapis.com./secret", true},
		"empty label":               {"https://x..push.apple.com/secret", true},
		"only the dot":              {"https://.push.apple.com/secret", true},
		"http":                      {"http://fcm.googleapis.com/secret", true},
		"no scheme":                 {"//fcm.googleapis.com/secret", true},
		"file":                      {"file:///etc/secret", true},
		"opaque":                    {"https:fcm.googleapis.com/secret", true},
		"no host":                   {"https:///secret", true},
		"nothing":                   {"", true},
		"wide letters":              {"https://ｆcm.googleapis.com/secret", true},
		"wide dot":                  {"https://fcm.googleapis。com/secret", true},
		"escaped host":              {"https://fcm%2egoogleapis.com/secret", true},
		"Kelvin sign":               {"https://up.pus\u212a.apple.com/secret", true},
		"punycode":                  {"https://xn--cm-mg3a.googleapis.com/secret", false},
		"loopback":                  {"https://127.0.0.1/secret", true},
		"loopback with a port":      {"https://127.0.0.1:8443/secret", true},
		"loopback of IPv6":          {"https://[::1]/secret", true},
		"IPv4 in IPv6":              {"https://[::ffff:127.0.0.1]/secret", true},
		"IPv6 with a zone":          {"https://[fe80::1%25eth0]/secret", true},
		"public address":            {"https://8.8.8.8/secret", true},
		"decimal address":           {"https://2130706433/secret", true},
		"decimal with a dot":        {"https://127.1/secret", true},
		"octal address":             {"https://0177.0.0.1/secret", true},
		"hexadecimal address":       {"https://0x7f000001/secret", true},
		"hexadecimal with a dot":    {"https://127.0.0.0x1/secret", true},
		"metadata":                  {"https://169.254.169.254/secret", true},
		"localhost":                 {"https://localhost/secret", true},
		"backslash":                 {`https://evil.example\@fcm.googleapis.com/secret`, true},
		"backslash after the host":  {`https://fcm.googleapis.com\.evil.example/secret`, true},
		"line break":                {"https://fcm.googleapis.com/secret\r\nHost: evil.example", true},
		"tab":                       {"https://fcm.google\tapis.com/secret", true},
		"NUL":                       {"https://fcm.googleapis.com\x00.evil.example/secret", true},
		"space before":              {" https://fcm.googleapis.com/secret", true},
		"fragment":                  {"https://fcm.googleapis.com/secret#x", true},
		"empty fragment":            {"https://fcm.googleapis.com/secret#", true},
		"no path":                   {"https://fcm.googleapis.com", true},
		"no more than a slash":      {"https://fcm.googleapis.com/", true},
		"longer than any":           {"https://fcm.googleapis.com/" + strings.Repeat("x", 1025-27), true},
		"underscores":               {"https://a_b.push.apple.com/secret", true},
		"label that begins with -":  {"https://-a.push.apple.com/secret", true},
		"a label of 64":             {"https://" + strings.Repeat("a", 64) + ".push.apple.com/secret", true},
		"a name of more than 253":   {"https://" + strings.Repeat("a.", 150) + "push.apple.com/secret", true},
		"unix socket, as some read": {"https://unix:/var/run/secret", true},
	} {
		t.Run(name, func(t *testing.T) {
			a := notify.Address{Token: c.endpoint, P256DH: samplePoint, Auth: sampleAuth}
			_, err := known.Check(a)
			var bad *notify.BadAddress
			if !errors.As(err, &bad) || bad.Member != "token" {
				t.Fatalf("%s: %v", c.endpoint, err)
			}
			if strings.Contains(err.Error(), "secret") {
				t.Errorf("the refusal repeats the endpoint: %v", err)
			}
			if _, err := public.Check(a); (err != nil) != c.public {
				t.Errorf("where public hosts are allowed: %v", err)
			}
			p := yourTurn()
			p.Address = a
			if o := known.Send(t.Context(), p); o.Class != notify.Rejected {
				t.Errorf("sent to, it is %v %s", o.Class, o.Reason)
			}
		})
	}
}

func TestForbiddenHostIsNamed(t *testing.T) {
	s := newSender(t, Config{})
	_, err := s.Check(notify.Address{Token: "https://push.house.example/x", P256DH: samplePoint, Auth: sampleAuth})
	if err == nil || err.Error() != "token is at a host that this server does not push to: push.house.example" {
		t.Errorf("%v", err)
	}
}

func TestOnlyHosts(t *testing.T) {
	s := newSender(t, Config{Hosts: []string{"push.house.example"}, OnlyHosts: true})
	if _, err := s.endpoint("https://push.house.example/x"); err != nil {
		t.Error(err)
	}
	for _, service := range services {
		if u, err := s.endpoint("https://" + strings.Replace(service, "*", "a", 1) + "/x"); err == nil {
			t.Errorf("%s is allowed", u.Host)
		}
	}
}

func TestHostsOfAnOperator(t *testing.T) {
	for _, good := range []string{"*", "*.example.org", "push.example.org", "push.example.org:8443", "localhost:1", "10.0.0.7", "10.0.0.7:65535", "[fd00::1]", "[fd00::1]:8443", " Push.Example.org "} {
		if _, err := parseHosts([]string{good}, true); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
	for _, bad := range []string{"", "*.", "*.org.", "**", "*.*.org", "https://push.example.org", "push.example.org/x", "u@push.example.org", "a b.org", "push.*.org", "fd00::1", "[::1", "host:", "host:0", "host:123456", "2130706433", "0x7f000001"} {
		if h, err := parseHosts([]string{bad}, true); err == nil {
			t.Errorf("%q is %+v", bad, h)
		}
	}
}

func TestKeysOfBrowsers(t *testing.T) {
	s := newSender(t, Config{})
	point, auth := unbase64(t, samplePoint), unbase64(t, sampleAuth)
	for name, c := range map[string]struct{ point, auth, member string }{
		"as they are":            {samplePoint, sampleAuth, ""},
		"with padding":           {base64.URLEncoding.EncodeToString(point), base64.URLEncoding.EncodeToString(auth), ""},
		"no point":               {"", sampleAuth, "p256dh"},
		"no secret":              {samplePoint, "", "auth"},
		"too much padding":       {samplePoint + "==", sampleAuth, "p256dh"},
		"the other alphabet":     {base64.StdEncoding.EncodeToString(point), sampleAuth, "p256dh"},
		"a line break":           {samplePoint[:40] + "\n" + samplePoint[40:], sampleAuth, "p256dh"},
		"bits that mean nothing": {samplePoint[:86] + "5", sampleAuth, "p256dh"},
		"hexadecimal":            {strings.Repeat("04", 65), sampleAuth, "p256dh"},
		"a short secret":         {samplePoint, base64.RawURLEncoding.EncodeToString(auth[:15]), "auth"},
		"a long secret":          {samplePoint, base64.RawURLEncoding.EncodeToString(append(auth, 1)), "auth"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := s.Check(notify.Address{Token: "https://fcm.googleapis.com/wp/x", P256DH: c.point, Auth: c.auth})
			var bad *notify.BadAddress
			if c.member == "" && (err != nil || got.P256DH != samplePoint || got.Auth != sampleAuth) {
				t.Errorf("%v, %v", got, err)
			}
			if c.member != "" && (!errors.As(err, &bad) || bad.Member != c.member) {
				t.Errorf("%v, %v", got, err)
			}
		})
	}
}

func TestAttackPointsThatAreNone(t *testing.T) {
	s := newSender(t, Config{})
	off := unbase64(t, samplePoint)
	off[64] ^= 1
	x := off[1:33]
	for name, point := range map[string][]byte{
		"not on the curve":       off,
		"infinity":               {0},
		"infinity, long":         make([]byte, 65),
		"zero":                   append([]byte{4}, make([]byte, 64)...),
		"compressed":             append([]byte{2}, x...),
		"hybrid":                 append([]byte{6}, unbase64(t, samplePoint)[1:]...),
		"coordinate beyond":      append([]byte{4}, append(elliptic.P256().Params().P.Bytes(), off[33:]...)...),
		"of another curve":       append([]byte{4}, make([]byte, 96)...),
		"all ones":               []byte("\x04" + strings.Repeat("\xff", 64)),
		"one byte more":          append(unbase64(t, samplePoint), 0),
		"one byte less":          unbase64(t, samplePoint)[:64],
		"a private key, perhaps": make([]byte, 32),
	} {
		t.Run(name, func(t *testing.T) {
			a := notify.Address{Token: "https://fcm.googleapis.com/wp/x", P256DH: base64.RawURLEncoding.EncodeToString(point), Auth: sampleAuth}
			_, err := s.Check(a)
			var bad *notify.BadAddress
			if !errors.As(err, &bad) || bad.Member != "p256dh" {
				t.Errorf("%v", err)
			}
			p := yourTurn()
			p.Address = a
			if o := s.Send(t.Context(), p); o.Class != notify.Rejected || o.Reason != "bad-address" {
				t.Errorf("sent to, it is %v %s", o.Class, o.Reason)
			}
		})
	}
}

func TestAttackSecretOfZeros(t *testing.T) {
	s := newSender(t, Config{})
	_, err := s.Check(notify.Address{Token: "https://fcm.googleapis.com/wp/x", P256DH: samplePoint, Auth: strings.Repeat("A", 22)})
	var bad *notify.BadAddress
	if !errors.As(err, &bad) || bad.Member != "auth" {
		t.Errorf("%v", err)
	}
}

func TestProviderIsTheHost(t *testing.T) {
	s := newSender(t, Config{})
	for endpoint, want := range map[string]string{
		"https://fcm.googleapis.com/wp/secret":      "webpush:fcm.googleapis.com",
		"https://FCM.googleapis.com:443/wp/secret":  "webpush:fcm.googleapis.com",
		"https://push.house.example:8443/secret":    "webpush:push.house.example:8443",
		"https://u:secret@push.house.example:8443/": "webpush:",
		"no URL, secret": "webpush:",
	} {
		if got := s.Provider(notify.Address{Token: endpoint}); got != want {
			t.Errorf("%s is answered for by %s, want %s", endpoint, got, want)
		}
	}
}
