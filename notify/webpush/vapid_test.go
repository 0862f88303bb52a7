package webpush

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"
)

func newTestTokens(t *testing.T, subject string) *tokens {
	t.Helper()
	private, err := NewKey()
	if err != nil {
		t.Fatal(err)
	}
	key, err := parseKey(private)
	if err != nil {
		t.Fatal(err)
	}
	all, err := newTokens(key, subject)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

const origin = "https://web.push.apple.com"

var noon = time.Date(2026, 10, 5, 12, 0, 0, 0, time.UTC)

// A library ignored the life it was given, and wrote mailto: twice.
func TestTokenSaysWhatIsMeant(t *testing.T) {
	for _, subject := range []string{"mailto:ops@game.example", "https://game.example/contact"} {
		all := newTestTokens(t, subject)
		made, err := all.of(origin, noon)
		if err != nil {
			t.Fatal(err)
		}
		parts := strings.Split(made.jwt, ".")
		var claims struct {
			Aud, Sub string
			Exp      int64
		}
		if err := json.Unmarshal(unbase64(t, parts[1]), &claims); err != nil {
			t.Fatal(err)
		}
		if claims.Aud != origin || claims.Sub != subject || claims.Exp != noon.Add(12*time.Hour).Unix() {
			t.Errorf("claims %+v", claims)
		}
		if got := string(unbase64(t, parts[0])); got != `{"typ":"JWT","alg":"ES256"}` {
			t.Errorf("header %s", got)
		}
		key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), unbase64(t, all.public))
		if err != nil {
			t.Fatal(err)
		}
		hash := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
		signature := unbase64(t, parts[2])
		if len(signature) != 64 || !ecdsa.Verify(key, hash[:], new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])) {
			t.Error("the signature is not the key's")
		}
	}
}

func TestTokenIsUsedForHours(t *testing.T) {
	all := newTestTokens(t, "mailto:ops@game.example")
	now, last := noon, ""
	signed := 0
	for range 24 * 12 {
		made, err := all.of(origin, now)
		if err != nil {
			t.Fatal(err)
		}
		if left := made.issued.Add(tokenLife).Sub(now); left < 5*time.Hour || left > 24*time.Hour {
			t.Fatalf("at %v the token is good for %v", now, left)
		}
		if made.jwt != last {
			signed++
		}
		last = made.jwt
		now = now.Add(5 * time.Minute)
	}
	if signed != 4 || all.signed != 4 {
		t.Errorf("%d tokens in a day, and %d signed", signed, all.signed)
	}
}

// A clock that was ahead has made a token that is good for too long.
func TestClockThatGoesBackGetsANewToken(t *testing.T) {
	all := newTestTokens(t, "mailto:ops@game.example")
	ahead, _ := all.of(origin, noon.Add(48*time.Hour))
	now, err := all.of(origin, noon)
	if err != nil || now == ahead || !now.issued.Equal(noon) {
		t.Errorf("issued %v, %v", now.issued, err)
	}
}

func TestAttackMadeUpHostsFillTheMemory(t *testing.T) {
	all := newTestTokens(t, "mailto:ops@game.example")
	for i := range 3 * maxTokens {
		now := noon.Add(time.Duration(i) * time.Second)
		if _, err := all.of(fmt.Sprintf("https://%d.evil.example", i), now); err != nil {
			t.Fatal(err)
		}
		if _, err := all.of(origin, now); err != nil {
			t.Fatal(err)
		}
	}
	if len(all.byHost) != maxTokens {
		t.Errorf("%d tokens are kept", len(all.byHost))
	}
	if all.signed != 3*maxTokens+1 {
		t.Errorf("%d tokens signed: the one that is in use was forgotten", all.signed)
	}
}

func TestKeys(t *testing.T) {
	private, err := NewKey()
	if err != nil {
		t.Fatal(err)
	}
	public, err := PublicKey(private)
	if err != nil || len(unbase64(t, public)) != 65 || unbase64(t, public)[0] != 4 {
		t.Errorf("public key %s, %v", public, err)
	}
	// The key of RFC 8291's example.
	if got, err := PublicKey("q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"); err != nil || got != samplePoint {
		t.Errorf("%s, %v", got, err)
	}
	if s := newSender(t, Config{Key: private + "\n"}); s.PublicKey() != public {
		t.Errorf("the sender's is %s, want %s", s.PublicKey(), public)
	}
	order := elliptic.P256().Params().N.Bytes()
	for name, bad := range map[string]string{
		"none": "", "not base64": "secret key!", "short": "c2VjcmV0", "public": public, "padding inside": private[:20] + "=" + private[20:],
		"zero": encode64(make([]byte, 32)), "the order of the curve": encode64(order), "a seed in hex": strings.Repeat("ab", 32),
	} {
		_, err := New(Config{Key: bad, Subject: "mailto:ops@game.example"})
		if err == nil || bad != "" && strings.Contains(err.Error(), bad) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSubjects(t *testing.T) {
	key, err := NewKey()
	if err != nil {
		t.Fatal(err)
	}
	for subject, good := range map[string]bool{
		"mailto:ops@game.example":              true,
		"mailto:o.p+s@mail.game.example":       true,
		"https://game.example":                 true,
		"https://game.example/contact?x=1":     true,
		"https://Game.Example:8443/":           true,
		"":                                     false,
		"ops@game.example":                     false,
		"mailto:":                              false,
		"mailto:mailto:ops@game.example":       false,
		"mailto: ops@game.example":             false,
		"mailto:Ops <ops@game.example>":        false,
		"mailto:a@game.example,b@game.example": false,
		"mailto:ops@localhost":                 false,
		"mailto:ops@game.local":                false,
		"mailto:ops@game.invalid":              false,
		"mailto:ops@GAME.INVALID":              false,
		"mailto:ops@127.0.0.1":                 false,
		"mailto:ops@[127.0.0.1]":               false,
		"MAILTO:ops@game.example":              false,
		"http://game.example":                  false,
		"https://localhost":                    false,
		"https://game.localhost:8080":          false,
		"https://127.0.0.1":                    false,
		"https://[::1]":                        false,
		"https://":                             false,
		"https://u:p@game.example":             false,
		"tel:+49":                              false,
	} {
		if _, err := New(Config{Key: key, Subject: subject}); (err == nil) != good {
			t.Errorf("%q: %v", subject, err)
		}
	}
}

func TestNavigates(t *testing.T) {
	key, err := NewKey()
	if err != nil {
		t.Fatal(err)
	}
	for navigate, good := range map[string]bool{
		"": true, page: true, "https://game.example/?s={session_id}#top": true, "http://localhost:5173/play/{session_id}": true,
		"/play/{session_id}": false, "game.example/{session_id}": false, "javascript:alert(1)": false, "https://": false,
		"https://u:p@game.example/": false, "ftp://game.example/": false,
	} {
		if _, err := New(Config{Key: key, Subject: "mailto:ops@game.example", Navigate: navigate}); (err == nil) != good {
			t.Errorf("%q: %v", navigate, err)
		}
	}
}
