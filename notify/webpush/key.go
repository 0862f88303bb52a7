package webpush

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"net/mail"
	"net/url"
	"strings"
)

// NewKey draws a VAPID private key. It is kept for good: with another key every browser must subscribe anew.
func NewKey() (private string, err error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return "", fmt.Errorf("make a key: %w", err)
	}
	raw, err := key.Bytes()
	if err != nil {
		return "", fmt.Errorf("write a key: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(raw), nil
}

// PublicKey is the public half of a private key.
func PublicKey(private string) (string, error) {
	key, err := parseKey(private)
	if err != nil {
		return "", err
	}
	return publicKey(key)
}

func publicKey(key *ecdsa.PrivateKey) (string, error) {
	raw, err := key.PublicKey.Bytes()
	if err != nil {
		return "", fmt.Errorf("write a public key: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(raw), nil
}

func parseKey(private string) (*ecdsa.PrivateKey, error) {
	raw, err := decode64(strings.TrimSpace(private))
	if err != nil || len(raw) != 32 {
		return nil, errors.New("must be 32 bytes in base64url")
	}
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), raw)
	if err != nil {
		return nil, errors.New("is not a key of the curve P-256")
	}
	return key, nil
}

// decode64 reads base64url, with padding or without, and nothing looser: not the line breaks that Go passes over, and
// not the bits at the end that mean nothing.
func decode64(text string) ([]byte, error) {
	raw, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(text, "="))
	if err != nil {
		return nil, errors.New("is not base64url")
	}
	if text != base64.RawURLEncoding.EncodeToString(raw) && text != base64.URLEncoding.EncodeToString(raw) {
		return nil, errors.New("is not base64url")
	}
	return raw, nil
}

// checkSubject refuses what push services refuse. Apple answers "bad token" to a subject that nobody can be reached
// at, and says no more.
func checkSubject(subject string) error {
	if address, ok := strings.CutPrefix(subject, "mailto:"); ok {
		parsed, err := mail.ParseAddress(address)
		if err != nil || parsed.Address != address || strings.ContainsAny(address, " \"") {
			return errors.New("must be mailto: and one address")
		}
		return checkReachable(address[strings.LastIndexByte(address, '@')+1:])
	}
	u, err := url.Parse(subject)
	if err != nil || u.Scheme != "https" || u.User != nil {
		return errors.New("must be mailto:… or https://…")
	}
	return checkReachable(u.Hostname())
}

// checkReachable refuses names that exist on no network but one's own.
func checkReachable(host string) error {
	host = strings.ToLower(host)
	if !isName(host) {
		return errors.New("must be at a host with a full name")
	}
	switch top := host[strings.LastIndexByte(host, '.')+1:]; top {
	case "localhost", "local", "localdomain", "internal", "lan", "invalid":
		return fmt.Errorf("must be at a host that others can reach, not in .%s", top)
	}
	return nil
}
