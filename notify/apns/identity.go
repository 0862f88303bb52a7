package apns

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha1"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/sideshow/apns2/token"
)

// identity is who we are to Apple: a key, and the token it has signed, which the library replaces after 50 minutes.
type identity struct {
	token *token.Token

	mu      sync.Mutex
	renewed time.Time // when a token was last replaced before its time
}

// renewPause is how often Apple lets a key sign a new token.
const renewPause = 20 * time.Minute

func newIdentity(c Config) (*identity, error) {
	key, err := parseKey(c.Key)
	if err != nil {
		return nil, err
	}
	t := &token.Token{AuthKey: key, KeyID: c.KeyID, TeamID: c.TeamID}
	if _, err := t.Generate(); err != nil { // later the library would go on silently without a token
		return nil, errors.New("cannot sign")
	}
	return &identity{token: t}, nil
}

func parseKey(file []byte) (*ecdsa.PrivateKey, error) {
	block, _ := pem.Decode(file)
	if block == nil {
		return nil, errors.New("must be a .p8 file, in PEM")
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, errors.New("must be a PKCS #8 private key")
	}
	key, ok := parsed.(*ecdsa.PrivateKey)
	if !ok || key.Curve != elliptic.P256() {
		return nil, errors.New("must be an ECDSA key on the curve P-256")
	}
	return key, nil
}

// renew replaces a token that Apple calls expired, as happens after a clock was set, and says whether to try again.
// Many pushes hear at once that their token is: the first replaces it, and the others go on with the new one. When that
// does not help either, the clock is still wrong, and Apple would soon refuse the key for signing too often.
func (i *identity) renew(bearer string, now time.Time) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.token.Lock()
	defer i.token.Unlock()
	if i.token.Bearer != bearer {
		return true
	}
	if !i.renewed.IsZero() && now.Sub(i.renewed) < renewPause {
		return false
	}
	i.renewed = now
	i.token.IssuedAt = 0
	_, err := i.token.Generate()
	return err == nil
}

// uuid names a push for Apple, the same in every try of one delivery: a UUID of version 5, of a name space of our own.
func uuid(id string) string {
	h := sha1.Sum([]byte("yourturn delivery " + id))
	h[6] = h[6]&0x0f | 5<<4
	h[8] = h[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", h[0:4], h[4:6], h[6:8], h[8:10], h[10:16])
}

// isUUID says that a name which came back can be kept: lower-case or upper-case, and nothing else in it.
func isUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		dash := i == 8 || i == 13 || i == 18 || i == 23
		if dash != (s[i] == '-') || !dash && !isHex(s[i]) {
			return false
		}
	}
	return true
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}
