package apns

import (
	"strings"

	"yourturn/notify"
)

// The environments, as they are kept.
const (
	production = "production"
	sandbox    = "sandbox"
)

// How long a device token may be, in hexadecimal. Apple promises no length; today it is 64, or 160.
const (
	minToken = 32
	maxToken = 200
)

// Check says what is wrong with an address, or returns it as it is to be kept: the token in lower case, because Apple
// compares its bytes, and the environment by its one name.
func Check(a notify.Address) (notify.Address, error) {
	if !isToken(a.Token) {
		return a, &notify.BadAddress{Member: "token", Message: "must be the device token in hexadecimal"}
	}
	a.Token = strings.ToLower(a.Token)
	if a.P256DH != "" {
		return a, &notify.BadAddress{Member: "p256dh", Message: "is for webpush"}
	}
	if a.Auth != "" {
		return a, &notify.BadAddress{Member: "auth", Message: "is for webpush"}
	}
	if a.Environment = environmentOf(a); a.Environment == "" {
		return a, &notify.BadAddress{Member: "environment", Message: "must be production or sandbox"}
	}
	return a, nil
}

// isToken lets nothing through that could mean something in a path.
func isToken(s string) bool {
	if len(s) < minToken || len(s) > maxToken || len(s)%2 != 0 {
		return false
	}
	for i := range len(s) {
		if !isHex(s[i]) {
			return false
		}
	}
	return true
}

// environmentOf is empty when an address names none that there is.
func environmentOf(a notify.Address) string {
	switch a.Environment {
	case "", production:
		return production
	case sandbox, "development": // as Xcode's entitlement calls it
		return sandbox
	}
	return ""
}
