package openid

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"

	"yourturn/player"
)

// How often an issuer is asked for its keys, and how long they are believed.
const (
	// fetchTime is how long an issuer may take, for all it is asked at once.
	fetchTime = 5 * time.Second
	// fetchPause is between two questions, whatever tokens arrive. An issuer announces a new key long before it signs with
	// it; and tokens with invented keys, by the thousand, make no more requests than one would.
	fetchPause = 10 * time.Second
	// freshTime is how long keys are used before the issuer is asked again, in the background: it may have taken one back.
	freshTime = time.Hour
	// staleTime is how long keys are used while the issuer does not answer.
	staleTime = 24 * time.Hour

	maxDocument = 256 << 10 // bytes of an answer
	maxKeys     = 50
)

// keys are an issuer's public keys, as they were when it was asked last. go-oidc's own key set would ask at each token
// with an unknown key, read answers of any size, and keep a key for ever that the issuer took back.
type keys struct {
	config Config
	client *http.Client
	now    func() time.Time

	mu      sync.Mutex
	known   []jose.JSONWebKey
	fetched time.Time     // when known came
	tried   time.Time     // when the issuer was asked last
	failure error         // what came of that; nil when known did
	flight  chan struct{} // closed when the question under way is answered; nil when there is none
}

func newKeys(c Config, client *http.Client, now func() time.Time) *keys {
	own := *client
	own.CheckRedirect = func(*http.Request, []*http.Request) error {
		return errors.New("an issuer's keys are where it says, not where that leads to")
	}
	return &keys{config: c, client: &own, now: now}
}

var (
	errUnknownKey   = errors.New("no such key")
	errAskedBefore  = errors.New("it was asked a moment ago, and had no such key")
	errBadSignature = errors.New("not by this key")
)

// payload is what a token says, if the issuer has signed it.
func (k *keys) payload(ctx context.Context, token string) ([]byte, error) {
	var allowed []jose.SignatureAlgorithm
	for _, a := range algorithms {
		allowed = append(allowed, jose.SignatureAlgorithm(a))
	}
	signed, err := jose.ParseSignedCompact(token, allowed)
	if err != nil {
		return nil, err
	}
	id := signed.Signatures[0].Header.KeyID
	candidates, since, err := k.find(ctx, id, time.Time{})
	if err != nil {
		return nil, err
	}
	if payload, err := verify(signed, candidates); err == nil {
		return payload, nil
	}
	// The issuer may have changed a key and not its name.
	newer, _, err := k.find(ctx, id, since)
	if errors.Is(err, errUnknownKey) {
		return nil, errBadSignature
	}
	if err != nil {
		return nil, err
	}
	return verify(signed, newer)
}

// verify finds what is signed, by a key that may sign it: an issuer may say for what algorithm a key is.
func verify(signed *jose.JSONWebSignature, candidates []jose.JSONWebKey) ([]byte, error) {
	for _, key := range candidates {
		if key.Algorithm != "" && key.Algorithm != signed.Signatures[0].Header.Algorithm {
			continue
		}
		if payload, err := signed.Verify(key.Key); err == nil {
			return payload, nil
		}
	}
	return nil, errBadSignature
}

// find waits for keys that a token may be signed with, those of its key id, or all if it names none, and tells since when
// they are known. They came after an instant.
//
// errUnknownKey is the issuer's word that there is none. When the issuer was asked before this token came, and is not to be
// asked again yet, nobody knows: the key may be a new one, and the answer is [player.ProviderDown] for so long.
func (k *keys) find(ctx context.Context, id string, after time.Time) ([]jose.JSONWebKey, time.Time, error) {
	for asked := !after.IsZero(); ; asked = true {
		found, since, wait, err := k.look(id, after, asked)
		if wait == nil {
			return found, since, err
		}
		select {
		case <-wait:
		case <-ctx.Done():
			return nil, time.Time{}, ctx.Err()
		}
	}
}

// look finds keys, or what to wait for, or why there are none. asked says that the issuer was, for this very token.
func (k *keys) look(id string, after time.Time, asked bool) (found []jose.JSONWebKey, since time.Time, wait <-chan struct{}, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := k.now()
	age := now.Sub(k.fetched)
	if age < staleTime && k.fetched.After(after) {
		found = named(k.known, id)
	}
	if k.flight == nil && (len(found) == 0 || age >= freshTime) && now.Sub(k.tried) >= fetchPause {
		k.tried, k.flight = now, make(chan struct{})
		go k.fetch()
	}
	switch {
	case len(found) > 0:
		return found, k.fetched, nil, nil
	case k.flight != nil:
		return nil, time.Time{}, k.flight, nil
	case k.failure != nil:
		return nil, time.Time{}, nil, k.down(now, k.failure)
	case !asked:
		return nil, time.Time{}, nil, k.down(now, errAskedBefore)
	}
	return nil, time.Time{}, nil, errUnknownKey
}

// down says that nobody knows until the issuer is asked again.
func (k *keys) down(now time.Time, because error) error {
	return &player.ProviderDown{Provider: k.config.Name, After: k.tried.Add(fetchPause).Sub(now), Err: because}
}

// named are the keys of a key id, or all for none.
func named(all []jose.JSONWebKey, id string) (some []jose.JSONWebKey) {
	for _, key := range all {
		if id == "" || key.KeyID == id {
			some = append(some, key)
		}
	}
	return some
}

// fetch asks the issuer, for all who wait.
func (k *keys) fetch() {
	ctx, cancel := context.WithTimeout(context.Background(), fetchTime)
	defer cancel()
	all, err := k.ask(ctx)
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.failure = err; err == nil {
		k.known, k.fetched = all, k.now()
	}
	close(k.flight)
	k.flight = nil
}

// ask gets the keys from where the issuer says that they are.
func (k *keys) ask(ctx context.Context) ([]jose.JSONWebKey, error) {
	address := k.config.Keys
	if address == "" {
		var err error
		if address, err = k.discover(ctx); err != nil {
			return nil, err
		}
	}
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := k.get(ctx, address, &set); err != nil {
		return nil, err
	}
	var all []jose.JSONWebKey
	for _, raw := range set.Keys {
		var key jose.JSONWebKey
		if json.Unmarshal(raw, &key) != nil { // of a kind that is not known here; the others are as good as before
			continue
		}
		if key.Valid() && key.IsPublic() && (key.Use == "" || key.Use == "sig") && len(all) < maxKeys {
			all = append(all, key)
		}
	}
	if len(all) == 0 {
		return nil, errors.New("the issuer has no keys")
	}
	return all, nil
}

// discover asks the issuer where its keys are (OpenID Connect Discovery 1.0, section 4).
func (k *keys) discover(ctx context.Context) (string, error) {
	var document struct {
		Issuer string `json:"issuer"`
		Keys   string `json:"jwks_uri"`
	}
	if err := k.get(ctx, strings.TrimSuffix(k.config.Issuer, "/")+"/.well-known/openid-configuration", &document); err != nil {
		return "", err
	}
	if document.Issuer != k.config.Issuer {
		return "", fmt.Errorf("the issuer calls itself %q", document.Issuer)
	}
	if err := safeAddress(document.Keys); err != nil {
		return "", fmt.Errorf("the address of the keys: %w", err)
	}
	return document.Keys, nil
}

// get reads a document.
func (k *keys) get(ctx context.Context, address string, into any) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	request.Header.Set("Accept", "application/json")
	response, err := k.client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", address, response.Status)
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxDocument+1))
	if err != nil {
		return err
	}
	if len(body) > maxDocument {
		return fmt.Errorf("%s has more than %d bytes", address, maxDocument)
	}
	if err := json.Unmarshal(body, into); err != nil {
		return fmt.Errorf("%s: %w", address, err)
	}
	return nil
}
