package notify

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"sort"
	"strconv"
	"strings"
	"time"
)

// What the senders have in common: how a provider asks to be left alone, how the way to it fails, and how a text that is
// too long is cut.

// MaxPause bounds how long a provider can ask to be left alone: no page of a proxy shall silence us for a year.
const MaxPause = time.Hour

// RetryAfter reads the header of that name: seconds, or a date. What cannot be read is zero.
func RetryAfter(header string, now time.Time) time.Duration {
	if seconds, err := strconv.ParseUint(header, 10, 31); err == nil {
		return min(time.Duration(seconds)*time.Second, MaxPause)
	}
	at, err := http.ParseTime(header)
	if err != nil {
		return 0
	}
	return min(max(at.Sub(now), 0), MaxPause)
}

// NetworkWord is a reason for a request that got no answer.
func NetworkWord(err error) string {
	var name *net.DNSError
	var certificate *tls.CertificateVerificationError
	var network net.Error
	switch {
	case errors.Is(err, context.Canceled):
		return "canceled"
	case errors.As(err, &certificate):
		return "certificate"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &network) && network.Timeout():
		return "timeout"
	case errors.As(err, &name):
		return "name"
	}
	return "connection"
}

// Shorten cuts as little as it can from the end of a text that does not fit, and says with an ellipsis that it did. It
// says so when not even the ellipsis fits.
func Shorten(text string, fits func(string) bool) (short string, ok bool) {
	runes := []rune(text)
	cut := func(length int) string { return strings.TrimRight(string(runes[:length]), " ") + "…" }
	tooLong := sort.Search(len(runes), func(length int) bool { return !fits(cut(length)) })
	if tooLong == 0 {
		return "", false
	}
	return cut(tooLong - 1), true
}
