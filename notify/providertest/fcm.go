package providertest

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	strict "github.com/go-json-experiment/json"
	"google.golang.org/api/fcm/v1"
)

// FCM is a strict fake of Firebase Cloud Messaging, and of the token endpoint that its credentials name.
//
// A [Fault]'s Reason is Firebase's error code: UNREGISTERED, INVALID_ARGUMENT (the message is wrong), SENDER_ID_MISMATCH,
// QUOTA_EXCEEDED (the project's), UNAVAILABLE, INTERNAL, THIRD_PARTY_AUTH_ERROR. Two more are the fake's own, for one code
// that means several things: INVALID_TOKEN and DEVICE_QUOTA. Any other word becomes the status of an error that does not
// come from Firebase but from what Google has before it, like PERMISSION_DENIED. A Status given beside it overrides the usual one.
type FCM struct {
	Provider
	URL         string
	Credentials []byte // a service account's JSON

	project string
	email   string
	keyID   string
	key     *rsa.PublicKey
	closed  chan struct{}

	door struct { // the token endpoint
		sync.Mutex
		exchanges int
		ends      map[string]time.Time // of the tokens that it gave
		life      time.Duration
		fault     Fault
	}
}

// fcmScope lets in to Firebase Cloud Messaging and to nothing else.
const fcmScope = "https://www.googleapis.com/auth/firebase.messaging"

// NewFCM starts one for a test.
func NewFCM(tb testing.TB, a *Authority) *FCM {
	tb.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		tb.Fatal(err)
	}
	f := &FCM{
		project: "yourturn-test", email: "push@yourturn-test.iam.gserviceaccount.com", keyID: "key-1",
		key: &key.PublicKey, closed: make(chan struct{}),
	}
	f.door.ends, f.door.life = map[string]time.Time{}, time.Hour
	mux := http.NewServeMux()
	mux.HandleFunc("POST /token", f.exchange)
	mux.HandleFunc("POST /v1/projects/{project}/messages:send", f.send)
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { fcmPage(w, http.StatusNotFound) })
	server := httptest.NewUnstartedServer(mux)
	server.TLS = &tls.Config{Certificates: []tls.Certificate{a.Cert}}
	server.EnableHTTP2 = true
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	tb.Cleanup(func() {
		close(f.closed)
		server.Close()
	})
	f.URL = server.URL
	if f.Credentials, err = f.credentials(key); err != nil {
		tb.Fatal(err)
	}
	return f
}

func (f *FCM) credentials(key *rsa.PrivateKey) ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	return json.Marshal(map[string]string{
		"type": "service_account", "project_id": f.project, "client_email": f.email, "private_key_id": f.keyID,
		"private_key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})),
		"token_uri":   f.URL + "/token",
	})
}

// FailExchange lets every exchange for an access token fail, until it is told a zero Fault. Its Reason is a word of OAuth.
func (f *FCM) FailExchange(fault Fault) {
	f.door.Lock()
	defer f.door.Unlock()
	f.door.fault = fault
}

// Exchanges counts the requests for an access token so far.
func (f *FCM) Exchanges() int {
	f.door.Lock()
	defer f.door.Unlock()
	return f.door.exchanges
}

// TokenLife sets how long the access tokens live that are given from now on.
func (f *FCM) TokenLife(d time.Duration) {
	f.door.Lock()
	defer f.door.Unlock()
	f.door.life = d
}

// Revoke ends all access tokens.
func (f *FCM) Revoke() {
	f.door.Lock()
	defer f.door.Unlock()
	clear(f.door.ends)
}

// exchange gives an access token for a signed assertion (RFC 7523).
func (f *FCM) exchange(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	if err := r.ParseForm(); err != nil {
		fcmOAuthError(w, http.StatusBadRequest, "invalid_request")
		return
	}
	f.door.Lock()
	f.door.exchanges++
	fault, life := f.door.fault, f.door.life
	f.door.Unlock()
	switch {
	case fault != (Fault{}):
		f.interrupt(r, fault)
		fcmAskToWait(w, fault)
		if fault.HTML {
			fcmPage(w, fcmStatus(fault))
			return
		}
		fcmOAuthError(w, fcmStatus(fault), fault.Reason)
	case r.PostForm.Get("grant_type") != "urn:ietf:params:oauth:grant-type:jwt-bearer":
		fcmOAuthError(w, http.StatusBadRequest, "unsupported_grant_type")
	default:
		if err := f.checkAssertion(r.PostForm.Get("assertion"), time.Now()); err != nil {
			fcmOAuthError(w, http.StatusBadRequest, "invalid_grant")
			return
		}
		token := "ya29." + rand.Text()
		f.door.Lock()
		f.door.ends[token] = time.Now().Add(life)
		f.door.Unlock()
		fcmWriteJSON(w, http.StatusOK, map[string]any{"access_token": token, "expires_in": int(life.Seconds()), "token_type": "Bearer"})
	}
}

// checkAssertion reads a JWT by itself: a library that also signed it would agree with its own mistakes.
func (f *FCM) checkAssertion(assertion string, now time.Time) error {
	parts := strings.Split(assertion, ".")
	if len(parts) != 3 {
		return errors.New("not a JWT")
	}
	var raw [3][]byte
	for i, part := range parts {
		var err error
		if raw[i], err = base64.RawURLEncoding.DecodeString(part); err != nil {
			return err
		}
	}
	var header struct{ Alg, Typ, Kid string }
	var claims struct {
		Iss, Aud, Scope string
		Iat, Exp        int64
	}
	if err := errors.Join(json.Unmarshal(raw[0], &header), json.Unmarshal(raw[1], &claims)); err != nil {
		return err
	}
	digest := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if err := rsa.VerifyPKCS1v15(f.key, crypto.SHA256, digest[:], raw[2]); err != nil {
		return err
	}
	issued, ends := time.Unix(claims.Iat, 0), time.Unix(claims.Exp, 0)
	switch {
	case header.Alg != "RS256" || header.Kid != f.keyID:
		return errors.New("another key")
	case claims.Iss != f.email || claims.Aud != f.URL+"/token" || claims.Scope != fcmScope:
		return errors.New("another account, audience or scope")
	case issued.After(now.Add(time.Minute)) || !ends.After(now) || ends.Sub(issued) > time.Hour:
		return errors.New("not now")
	}
	return nil
}

func (f *FCM) isOpen(r *http.Request) bool {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	f.door.Lock()
	defer f.door.Unlock()
	ends, given := f.door.ends[token]
	return ok && given && time.Now().Before(ends)
}

// send takes a message.
func (f *FCM) send(w http.ResponseWriter, r *http.Request) {
	got := Received{Header: r.Header.Clone(), Badge: -1}
	var err error
	if got.Body, err = io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20)); err != nil {
		return // the client has gone
	}
	if refusal := f.read(r, &got); refusal != nil {
		f.refuse(w, got, *refusal)
		return
	}
	fault, failing := f.fault(got.Token)
	if !failing || fault.GoAway {
		if fault.GoAway {
			w.Header().Set("Connection", "close")
		}
		got.Status = http.StatusOK
		f.note(got)
		fcmWriteJSON(w, http.StatusOK, map[string]string{"name": "projects/" + f.project + "/messages/0:1%" + rand.Text()})
		return
	}
	if fault.Hang || fault.Reset {
		f.note(got)
		f.interrupt(r, fault)
	}
	fcmAskToWait(w, fault)
	if fault.HTML {
		got.Status = fcmStatus(fault)
		f.note(got)
		fcmPage(w, got.Status)
		return
	}
	f.refuse(w, got, newFCMError(fault))
}

// interrupt acts out the faults that are no answer, and does not return from them.
func (f *FCM) interrupt(r *http.Request, fault Fault) {
	if fault.Hang {
		select {
		case <-r.Context().Done():
		case <-f.closed:
		}
	}
	if fault.Hang || fault.Reset {
		panic(http.ErrAbortHandler)
	}
}

// fcmStatus is a fault's, or that of a server which does not know what is wrong with it.
func fcmStatus(fault Fault) int {
	if fault.Status == 0 {
		return http.StatusServiceUnavailable
	}
	return fault.Status
}

func fcmAskToWait(w http.ResponseWriter, fault Fault) {
	if fault.RetryAfter != "" {
		w.Header().Set("Retry-After", fault.RetryAfter)
	}
}

func (f *FCM) refuse(w http.ResponseWriter, got Received, p fcmError) {
	got.Status, got.Reason = p.Code, p.word
	f.note(got)
	fcmWriteJSON(w, p.Code, map[string]any{"error": p})
}

// fcmError is an error as Google's services write it.
type fcmError struct {
	Code    int              `json:"code"`
	Message string           `json:"message"`
	Status  string           `json:"status"`
	Details []map[string]any `json:"details,omitempty"`
	word    string
}

const googleRPC = "type.googleapis.com/google.rpc."

// fcmBadMessage is how Google refuses a request that does not fit its schema: without a word from Firebase.
func fcmBadMessage(field, description string) *fcmError {
	return &fcmError{
		Code: http.StatusBadRequest, Message: description, Status: "INVALID_ARGUMENT", word: "INVALID_ARGUMENT",
		Details: []map[string]any{fcmBadField(field, description)},
	}
}

func fcmBadField(field, description string) map[string]any {
	return map[string]any{"@type": googleRPC + "BadRequest", "fieldViolations": []map[string]string{{"field": field, "description": description}}}
}

func fcmQuota(subject, description string) map[string]any {
	return map[string]any{"@type": googleRPC + "QuotaFailure", "violations": []map[string]string{{"subject": subject, "description": description}}}
}

// newFCMError writes the error that a fault asks for.
func newFCMError(f Fault) fcmError {
	p := fcmError{word: f.Reason, Status: f.Reason}
	code := f.Reason // Firebase's own
	switch f.Reason {
	case "UNREGISTERED":
		p.Code, p.Status, p.Message = http.StatusNotFound, "NOT_FOUND", "Requested entity was not found."
	case "INVALID_TOKEN":
		p.Code, p.Status, code = http.StatusBadRequest, "INVALID_ARGUMENT", "INVALID_ARGUMENT"
		p.Message = "The registration token is not a valid FCM registration token"
	case "INVALID_ARGUMENT":
		p.Code, p.Message = http.StatusBadRequest, "Request contains an invalid argument."
		p.Details = append(p.Details, fcmBadField("message.data", "Invalid data payload key"))
	case "SENDER_ID_MISMATCH":
		p.Code, p.Status, p.Message = http.StatusForbidden, "PERMISSION_DENIED", "SenderId mismatch"
	case "QUOTA_EXCEEDED":
		p.Code, p.Status, p.Message = http.StatusTooManyRequests, "RESOURCE_EXHAUSTED", "Quota exceeded."
		p.Details = append(p.Details, fcmQuota("project:"+f.Reason, "Message rate quota exceeded"))
	case "DEVICE_QUOTA":
		p.Code, p.Status, p.Message, code = http.StatusTooManyRequests, "RESOURCE_EXHAUSTED", "Quota exceeded.", "QUOTA_EXCEEDED"
		p.Details = append(p.Details, fcmQuota("device:1", "Device message rate exceeded"))
	case "UNAVAILABLE":
		p.Code, p.Message = http.StatusServiceUnavailable, "The service is currently unavailable."
	case "INTERNAL":
		p.Code, p.Message = http.StatusInternalServerError, "Internal error encountered."
	case "THIRD_PARTY_AUTH_ERROR":
		p.Code, p.Status, p.Message = http.StatusUnauthorized, "UNAUTHENTICATED", "Invalid credentials of a third party."
	default:
		p.Code, code, p.Message = fcmStatus(f), "", "The request was refused."
	}
	if f.Status != 0 {
		p.Code = f.Status
	}
	if code != "" {
		p.Details = append(p.Details, map[string]any{"@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", "errorCode": code})
	}
	return p
}

// read lets a request in, decodes its message into Google's own schema, and says what Firebase would not take.
func (f *FCM) read(r *http.Request, got *Received) *fcmError {
	if !f.isOpen(r) {
		p := newFCMError(Fault{Status: http.StatusUnauthorized, Reason: "UNAUTHENTICATED"})
		return &p
	}
	if r.PathValue("project") != f.project {
		p := newFCMError(Fault{Status: http.StatusNotFound, Reason: "NOT_FOUND"})
		return &p
	}
	m, err := decodeFCM(got.Body)
	if err != nil {
		return fcmBadMessage("message", "Invalid JSON payload received. "+err.Error())
	}
	got.Token, got.Fields = m.Token, m.Data
	if badge, ok := m.Data["badge"]; ok {
		n, err := strconv.Atoi(badge)
		if err != nil {
			return fcmBadMessage("message.data", "the badge is not a number")
		}
		got.Badge = n
		delete(got.Fields, "badge")
	}
	if m.Notification != nil {
		got.Title, got.Text = m.Notification.Title, m.Notification.Body
	}
	if m.Android != nil && m.Android.Notification != nil {
		got.Collapse = m.Android.Notification.Tag
	}
	for _, check := range []func(*fcm.Message) *fcmError{checkFCMTarget, checkFCMData, checkFCMAndroid, checkFCMApple, checkFCMWeb} {
		if p := check(m); p != nil {
			return p
		}
	}
	return nil
}

// decodeFCM knows Google's schema from Google's own library, and refuses what is not in it. Google takes names in either
// of two spellings, collapseKey and collapse_key; the library knows the first.
func decodeFCM(body []byte) (*fcm.Message, error) {
	var v any
	if err := strict.Unmarshal(body, &v); err != nil { // it refuses a name that comes twice
		return nil, err
	}
	camel, err := strict.Marshal(fcmCamelCase("", v))
	if err != nil {
		return nil, err
	}
	var request fcm.SendMessageRequest
	if err := strict.Unmarshal(camel, &request, strict.RejectUnknownMembers(true)); err != nil {
		return nil, err
	}
	if request.Message == nil {
		return nil, errors.New("no message")
	}
	return request.Message, nil
}

// fcmCamelCase respells the names that the schema knows, and leaves alone what is the sender's, Apple's or a browser's.
func fcmCamelCase(parent string, v any) any {
	switch v := v.(type) {
	case []any:
		for i := range v {
			v[i] = fcmCamelCase(parent, v[i])
		}
	case map[string]any:
		out := make(map[string]any, len(v))
		for name, value := range v {
			if !fcmIsForeign(parent, name) {
				value = fcmCamelCase(name, value)
			}
			if _, twice := out[fcmCamel(name)]; twice {
				out["both spellings of "+name] = nil // which no schema knows
			}
			out[fcmCamel(name)] = value
		}
		return out
	}
	return v
}

func fcmIsForeign(parent, name string) bool {
	return name == "data" || name == "headers" || name == "payload" || parent == "webpush" && name == "notification"
}

func fcmCamel(name string) string {
	words := strings.Split(name, "_")
	for i := 1; i < len(words); i++ {
		if words[i] != "" {
			words[i] = strings.ToUpper(words[i][:1]) + words[i][1:]
		}
	}
	return strings.Join(words, "")
}

func checkFCMTarget(m *fcm.Message) *fcmError {
	if m.Token == "" || m.Topic != "" || m.Condition != "" {
		return fcmBadMessage("message", "exactly a token is asked for here")
	}
	return nil
}

// maxFCM bounds the keys and values of what a device gets, and maxFCMTTL the time that it is kept.
const (
	maxFCM    = 4096
	maxFCMTTL = 28 * 24 * time.Hour
)

func checkFCMData(m *fcm.Message) *fcmError {
	size := 0
	for name, value := range m.Data {
		size += len(name) + len(value)
		if name == "" || name == "from" || name == "message_type" || strings.HasPrefix(name, "google") || strings.HasPrefix(name, "gcm") {
			return fcmBadMessage("message.data", "Invalid data payload key: "+name)
		}
	}
	if n := m.Notification; n != nil {
		size += len("title") + len(n.Title) + len("body") + len(n.Body)
	}
	if m.Android != nil && m.Android.Notification != nil {
		n := m.Android.Notification
		for name, value := range map[string]string{
			"title": n.Title, "body": n.Body, "title_loc_key": n.TitleLocKey, "body_loc_key": n.BodyLocKey,
			"title_loc_args": strings.Join(n.TitleLocArgs, ","), "body_loc_args": strings.Join(n.BodyLocArgs, ","), "tag": n.Tag,
		} {
			if value != "" {
				size += len(name) + len(value)
			}
		}
	}
	if size > maxFCM {
		return fcmBadMessage("message", "Android message is too big")
	}
	return nil
}

// fcmDuration is a duration as Google writes them.
var fcmDuration = regexp.MustCompile(`^\d+(\.\d{1,9})?s$`)

func checkFCMAndroid(m *fcm.Message) *fcmError {
	a := m.Android
	if a == nil {
		return nil
	}
	switch strings.ToUpper(a.Priority) {
	case "", "NORMAL", "HIGH":
	default:
		return fcmBadMessage("message.android.priority", "Invalid value")
	}
	if a.Ttl != "" {
		ttl, err := time.ParseDuration(a.Ttl)
		if !fcmDuration.MatchString(a.Ttl) || err != nil || ttl > maxFCMTTL {
			return fcmBadMessage("message.android.ttl", "Invalid value")
		}
	}
	if n := a.Notification; n != nil {
		literal := m.Notification != nil || n.Title != "" || n.Body != ""
		switch {
		case !literal && n.TitleLocKey == "" && n.BodyLocKey == "":
			return fcmBadMessage("message.android.notification", "nothing to show")
		case n.BodyLocKey == "" && len(n.BodyLocArgs) > 0, n.TitleLocKey == "" && len(n.TitleLocArgs) > 0:
			return fcmBadMessage("message.android.notification", "arguments without a key")
		case n.NotificationCount < 0:
			return fcmBadMessage("message.android.notification.notification_count", "Invalid value")
		}
	}
	return nil
}

func checkFCMApple(m *fcm.Message) *fcmError {
	if m.Apns == nil {
		return nil
	}
	h := m.Apns.Headers
	for name, ok := range map[string]bool{
		"apns-push-type":   h["apns-push-type"] == "" || h["apns-push-type"] == "alert" || h["apns-push-type"] == "background",
		"apns-priority":    h["apns-priority"] == "" || h["apns-priority"] == "5" || h["apns-priority"] == "10",
		"apns-expiration":  h["apns-expiration"] == "" || fcmIsDecimal(h["apns-expiration"]),
		"apns-collapse-id": len(h["apns-collapse-id"]) <= 64,
	} {
		if !ok {
			return fcmBadMessage("message.apns.headers", "Invalid value of "+name)
		}
	}
	if len(m.Apns.Payload) > maxFCM {
		return fcmBadMessage("message.apns.payload", "iOS message is too big")
	}
	var payload struct {
		Aps struct {
			Alert    any     `json:"alert"`
			Badge    *uint32 `json:"badge"`
			Sound    string  `json:"sound"`
			ThreadID string  `json:"thread-id"`
		} `json:"aps"`
	}
	if err := strict.Unmarshal(m.Apns.Payload, &payload, strict.RejectUnknownMembers(true)); err != nil {
		return fcmBadMessage("message.apns.payload", err.Error())
	}
	return nil
}

// fcmTopic is what RFC 8030 allows.
var fcmTopic = regexp.MustCompile(`^[A-Za-z0-9_-]{1,32}$`)

func checkFCMWeb(m *fcm.Message) *fcmError {
	if m.Webpush == nil {
		return nil
	}
	for name, value := range m.Webpush.Headers {
		ok := false
		switch name {
		case "TTL":
			ok = fcmIsDecimal(value)
		case "Urgency":
			ok = value == "very-low" || value == "low" || value == "normal" || value == "high"
		case "Topic":
			ok = fcmTopic.MatchString(value)
		}
		if !ok {
			return fcmBadMessage("message.webpush.headers", "Invalid value of "+name)
		}
	}
	return nil
}

func fcmIsDecimal(s string) bool {
	_, err := strconv.ParseUint(s, 10, 63)
	return err == nil
}

func fcmOAuthError(w http.ResponseWriter, status int, word string) {
	fcmWriteJSON(w, status, map[string]string{"error": word, "error_description": "The request was refused."})
}

// fcmPage answers as proxies do, and as Google itself does for an address that it does not know.
func fcmPage(w http.ResponseWriter, status int) {
	w.Header().Set("Content-Type", "text/html; charset=UTF-8")
	w.WriteHeader(status)
	fmt.Fprintf(w, "<!DOCTYPE html><title>Error %d</title><p>UNREGISTERED is nothing that a page can say.", status)
}

func fcmWriteJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // whoever asked may have gone
}
