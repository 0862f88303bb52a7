package providertest

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"yourturn/notify"
)

// WebPush is a push service and the browsers behind it: it refuses what any of the real services refuses, decrypts what
// it takes as a browser does, and refuses what a browser would not show. It has read the same standards as the sender,
// and shares no code with it.
type WebPush struct {
	Provider
	URL  string
	Host string // with its port

	vapid    string
	mu       sync.Mutex
	browsers map[string]*browser // by path
}

// browser is one subscription.
type browser struct {
	key  *ecdh.PrivateKey
	auth []byte
	gone bool
}

// The limits of the services, each the strictest there is.
const (
	webPushBody    = 4096
	webPushPlain   = 3000 // with padding: Firefox on Android gets its pushes through another service
	webPushMaxTTL  = 4 * 7 * 24 * 60 * 60
	webPushMaxLife = 24 * time.Hour
)

// NewWebPush starts one for a test. Its subscriptions are made for the given VAPID public key; without one, for any.
func NewWebPush(tb testing.TB, a *Authority, vapidPublic string) *WebPush {
	tb.Helper()
	w := &WebPush{vapid: vapidPublic, browsers: map[string]*browser{}}
	server := httptest.NewUnstartedServer(http.HandlerFunc(w.serve))
	server.TLS = &tls.Config{Certificates: []tls.Certificate{a.Cert}, MinVersion: tls.VersionTLS12}
	server.EnableHTTP2 = true
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // clients that go away in the middle of a handshake are part of it
	server.StartTLS()
	tb.Cleanup(func() {
		server.CloseClientConnections() // a request that hangs would be waited for
		server.Close()
	})
	w.URL = server.URL
	w.Host = strings.TrimPrefix(server.URL, "https://")
	return w
}

// Subscribe is what an app gets when a person allows it to notify.
func (w *WebPush) Subscribe() notify.Address {
	key, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		panic(err)
	}
	b := &browser{key: key, auth: make([]byte, 16)}
	rand.Read(b.auth)
	path := "/push/" + rand.Text()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.browsers[path] = b
	return notify.Address{
		Token:  w.URL + path,
		P256DH: base64.RawURLEncoding.EncodeToString(key.PublicKey().Bytes()),
		Auth:   base64.RawURLEncoding.EncodeToString(b.auth),
	}
}

// Unsubscribe ends a subscription: from now on its endpoint answers 410.
func (w *WebPush) Unsubscribe(a notify.Address) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if b := w.browsers[strings.TrimPrefix(a.Token, w.URL)]; b != nil {
		b.gone = true
	}
}

// refusal is what a request gets that is not taken.
type refusal struct {
	status int
	reason string
}

func (e *refusal) Error() string { return strconv.Itoa(e.status) + " " + e.reason }

func (w *WebPush) serve(out http.ResponseWriter, r *http.Request) {
	got, err := w.read(r)
	if f, ok := w.fault(got.Token); ok {
		w.fail(out, r, got, f)
		return
	}
	if refused := (*refusal)(nil); errors.As(err, &refused) {
		w.refuse(out, got, refused)
		return
	}
	w.take(out, got)
}

func (w *WebPush) take(out http.ResponseWriter, got Received) {
	got.Status = http.StatusCreated
	w.note(got)
	out.Header().Set("Location", w.URL+"/message/"+rand.Text())
	out.WriteHeader(got.Status)
}

func (w *WebPush) refuse(out http.ResponseWriter, got Received, e *refusal) {
	got.Status, got.Reason = e.status, e.reason
	w.note(got)
	out.Header().Set("Content-Type", "application/json")
	out.WriteHeader(e.status)
	fmt.Fprintf(out, "{\"reason\":%q}\n", e.reason)
}

// fail does as a fault says.
func (w *WebPush) fail(out http.ResponseWriter, r *http.Request, got Received, f Fault) {
	if f.Hang || f.Reset {
		w.note(got)
	}
	switch {
	case f.Hang:
		<-r.Context().Done()
		return
	case f.Reset:
		panic(http.ErrAbortHandler)
	case f.GoAway:
		out.Header().Set("Connection", "close")
	}
	if f.RetryAfter != "" {
		out.Header().Set("Retry-After", f.RetryAfter)
	}
	switch {
	case f.Status == 0 || f.Status/100 == 2:
		w.take(out, got)
	case f.HTML:
		got.Status, got.Reason = f.Status, f.Reason
		w.note(got)
		out.Header().Set("Content-Type", "text/html")
		out.WriteHeader(f.Status)
		fmt.Fprintf(out, "<html><head><title>%d</title></head><body>proxy</body></html>", f.Status)
	default:
		w.refuse(out, got, &refusal{f.Status, f.Reason})
	}
}

// read takes a request apart as far as it can be, and says what is wrong with it.
func (w *WebPush) read(r *http.Request) (Received, error) {
	got := Received{Token: w.URL + r.URL.Path, Header: r.Header.Clone(), Badge: -1, Collapse: r.Header.Get("Topic")}
	body, err := io.ReadAll(io.LimitReader(r.Body, webPushBody+1))
	if err != nil {
		return got, &refusal{http.StatusBadRequest, "Body"}
	}
	w.mu.Lock()
	b, known := w.browsers[r.URL.Path]
	gone := known && b.gone
	w.mu.Unlock()
	switch {
	case r.Method != http.MethodPost:
		return got, &refusal{http.StatusMethodNotAllowed, "MethodNotAllowed"}
	case !known:
		return got, &refusal{http.StatusNotFound, "NotRegistered"}
	case gone:
		return got, &refusal{http.StatusGone, "Unregistered"}
	case len(body) > webPushBody:
		return got, &refusal{http.StatusRequestEntityTooLarge, "PayloadTooLarge"}
	}
	// Decrypted before it is checked, so that what is refused can be looked at as well.
	plain, size, cannot := b.decrypt(body)
	got.Body = plain
	if err := checkHeaders(r.Header); err != nil {
		return got, err
	}
	if err := w.checkAuthorization(r.Header.Get("Authorization"), time.Now()); err != nil {
		return got, err
	}
	switch {
	case size > webPushPlain:
		return got, &refusal{http.StatusRequestEntityTooLarge, "PayloadTooLarge"}
	case cannot != nil:
		return got, &refusal{http.StatusBadRequest, "Undecryptable"}
	}
	return got, got.readMessage()
}

var (
	webPushDigits = regexp.MustCompile(`^[0-9]{1,10}$`)
	webPushTopic  = regexp.MustCompile(`^[A-Za-z0-9_-]{1,32}$`)
	webPushHow    = regexp.MustCompile(`^(very-low|low|normal|high)$`)
	webPushVAPID  = regexp.MustCompile(`^vapid t=([A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+), ?k=([A-Za-z0-9_-]+)$`)
)

func checkHeaders(h http.Header) error {
	ttl, err := strconv.Atoi(h.Get("TTL"))
	if err != nil || !webPushDigits.MatchString(h.Get("TTL")) || ttl > webPushMaxTTL {
		return &refusal{http.StatusBadRequest, "TTL"}
	}
	if topic, ok := h["Topic"]; ok && (len(topic) != 1 || !webPushTopic.MatchString(topic[0])) {
		return &refusal{http.StatusBadRequest, "Topic"}
	}
	if how, ok := h["Urgency"]; ok && (len(how) != 1 || !webPushHow.MatchString(how[0])) {
		return &refusal{http.StatusBadRequest, "Urgency"}
	}
	if h.Get("Content-Encoding") != "aes128gcm" {
		return &refusal{http.StatusUnsupportedMediaType, "ContentEncoding"}
	}
	return nil
}

// checkAuthorization verifies who sends (RFC 8292).
func (w *WebPush) checkAuthorization(header string, now time.Time) error {
	if header == "" {
		return &refusal{http.StatusUnauthorized, "BadAuthorizationHeader"}
	}
	parts := webPushVAPID.FindStringSubmatch(header)
	if parts == nil {
		return &refusal{http.StatusForbidden, "BadAuthorizationHeader"}
	}
	if w.vapid != "" && parts[2] != w.vapid {
		return &refusal{http.StatusBadRequest, "VapidPkHashMismatch"}
	}
	if err := w.verifyJWT(parts[1], parts[2], w.URL, now); err != nil {
		return &refusal{http.StatusForbidden, "BadJwtToken"}
	}
	return nil
}

func (w *WebPush) verifyJWT(token, public, origin string, now time.Time) error {
	parts := strings.Split(token, ".")
	var raw [3][]byte
	for i, part := range parts {
		var err error
		if raw[i], err = base64.RawURLEncoding.DecodeString(part); err != nil {
			return err
		}
	}
	var header struct{ Typ, Alg string }
	if err := json.Unmarshal(raw[0], &header); err != nil || header.Typ != "JWT" || header.Alg != "ES256" {
		return errors.New("header")
	}
	point, err := base64.RawURLEncoding.DecodeString(public)
	if err != nil {
		return err
	}
	key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
	if err != nil {
		return err
	}
	hash := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	verify := func() bool {
		return ecdsa.Verify(key, hash[:], new(big.Int).SetBytes(raw[2][:32]), new(big.Int).SetBytes(raw[2][32:]))
	}
	if len(raw[2]) != 64 || !w.verify(public+" "+token, verify) {
		return errors.New("signature")
	}
	var claims struct {
		Aud, Sub string
		Exp      int64
	}
	if err := json.Unmarshal(raw[1], &claims); err != nil {
		return err
	}
	if left := time.Unix(claims.Exp, 0).Sub(now); claims.Aud != origin || left <= 0 || left > webPushMaxLife {
		return errors.New("claims")
	}
	return checkContact(claims.Sub)
}

// checkContact wants somebody who can be reached, as Apple does.
func checkContact(sub string) error {
	u, err := url.Parse(sub)
	if err != nil {
		return err
	}
	host := u.Hostname()
	if u.Scheme == "mailto" {
		_, host, _ = strings.Cut(u.Opaque, "@")
	}
	if u.Scheme != "mailto" && u.Scheme != "https" || !strings.Contains(host, ".") || strings.Contains(u.Opaque, ":") ||
		strings.HasSuffix(host, ".local") || strings.HasSuffix(host, ".invalid") {
		return errors.New("subject")
	}
	return nil
}

// decrypt opens a message as a browser does (RFC 8291), and tells how long it was with its padding.
func (b *browser) decrypt(message []byte) (plain []byte, size int, err error) {
	if len(message) < 21 || len(message) < 21+int(message[20]) {
		return nil, 0, errors.New("no header")
	}
	salt, recordSize, sender := message[:16], binary.BigEndian.Uint32(message[16:20]), message[21:21+int(message[20])]
	record := message[21+len(sender):]
	size = max(len(record)-16, 0)
	if uint64(recordSize) <= uint64(len(record)) || len(record) < 17 { // more than one record, or none
		return nil, size, errors.New("record size")
	}
	public, err := ecdh.P256().NewPublicKey(sender)
	if err != nil {
		return nil, size, err
	}
	shared, err := b.key.ECDH(public)
	if err != nil {
		return nil, size, err
	}
	mac := func(key []byte, parts ...[]byte) []byte {
		h := hmac.New(sha256.New, key)
		for _, part := range parts {
			h.Write(part)
		}
		return h.Sum(nil)
	}
	// HKDF by hand: extract, and the first block of expand is all that is needed.
	input := mac(mac(b.auth, shared), []byte("WebPush: info\x00"), b.key.PublicKey().Bytes(), sender, []byte{1})
	root := mac(salt, input)
	block, err := aes.NewCipher(mac(root, []byte("Content-Encoding: aes128gcm\x00\x01"))[:16])
	if err != nil {
		return nil, size, err
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return nil, size, err
	}
	opened, err := gcm.Open(nil, mac(root, []byte("Content-Encoding: nonce\x00\x01"))[:12], record, nil)
	if err != nil {
		return nil, size, err
	}
	opened = bytes.TrimRight(opened, "\x00")
	if len(opened) == 0 || opened[len(opened)-1] != 2 {
		return nil, size, errors.New("padding")
	}
	return opened[:len(opened)-1], size, nil
}

// readMessage reads what a service worker and a browser would, and refuses what would show nothing.
func (r *Received) readMessage() error {
	var members map[string]json.RawMessage
	if json.Unmarshal(r.Body, &members) != nil {
		return &refusal{http.StatusBadRequest, "NotJSON"}
	}
	r.Fields = map[string]string{}
	for name, value := range members {
		text := ""
		if name != "title_key" && name != "body_key" && json.Unmarshal(value, &text) == nil {
			r.Fields[name] = text
		}
	}
	var message struct {
		WebPush      int  `json:"web_push"`
		AppBadge     *int `json:"app_badge"`
		Notification struct {
			Title, Body, Navigate, Tag string
			Renotify                   bool
		}
		TitleKey string `json:"title_key"`
	}
	if json.Unmarshal(r.Body, &message) != nil {
		return &refusal{http.StatusBadRequest, "NotAMessage"}
	}
	if message.AppBadge != nil {
		r.Badge = *message.AppBadge
	}
	n := message.Notification
	r.Title, r.Text = n.Title, n.Body
	page, err := url.Parse(n.Navigate)
	declared := members["web_push"] != nil
	switch {
	case n.Title == "" && message.TitleKey == "":
		return &refusal{http.StatusBadRequest, "ShowsNothing"}
	case n.Title != "" && message.TitleKey != "":
		return &refusal{http.StatusBadRequest, "ShowsTwice"}
	case declared && (message.WebPush != 8030 || n.Title == "" || err != nil || !page.IsAbs()):
		return &refusal{http.StatusBadRequest, "NotDeclarative"}
	case n.Renotify && n.Tag == "":
		return &refusal{http.StatusBadRequest, "RenotifyWithoutTag"}
	}
	return nil
}
