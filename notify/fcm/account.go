package fcm

import (
	"context"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"log/slog"
	"net/http"
	"regexp"

	"cloud.google.com/go/auth"
)

// account is a service account as Google hands it out, as far as it is needed.
type account struct {
	Type         string `json:"type"`
	ProjectID    string `json:"project_id"`
	ClientEmail  string `json:"client_email"`
	PrivateKeyID string `json:"private_key_id"`
	PrivateKey   string `json:"private_key"`
	TokenURI     string `json:"token_uri"`
}

// projectID is what may stand in a path; some old projects have a domain and a colon in their name.
var projectID = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9.:-]{0,99}$`)

// readAccount checks what a wrong file would get wrong. Its errors repeat nothing of the file, which has a key in it.
func readAccount(file []byte) (account, error) {
	var a account
	if err := json.Unmarshal(file, &a); err != nil {
		return account{}, errors.New("not the JSON of a service account")
	}
	switch {
	case a.Type != "service_account":
		return account{}, errors.New(`type is not "service_account"`)
	case a.ProjectID == "":
		return account{}, errors.New("project_id is missing")
	case !projectID.MatchString(a.ProjectID):
		return account{}, errors.New("project_id is not the name of a project")
	case a.ClientEmail == "":
		return account{}, errors.New("client_email is missing")
	case !isRSAKey(a.PrivateKey):
		return account{}, errors.New("private_key is not an RSA key in PEM")
	case !isHTTPS(a.TokenURI):
		return account{}, errors.New("token_uri is not an https address")
	}
	return a, nil
}

func isRSAKey(text string) bool {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return false
	}
	if key, err := x509.ParsePKCS8PrivateKey(block.Bytes); err == nil {
		_, ok := key.(*rsa.PrivateKey)
		return ok
	}
	_, err := x509.ParsePKCS1PrivateKey(block.Bytes)
	return err == nil
}

// scope is all that the access token is good for.
const scope = "https://www.googleapis.com/auth/firebase.messaging"

// newExchange signs in to Google.
func newExchange(a account, transport http.RoundTripper) (exchange, error) {
	provider, err := auth.New2LOTokenProvider(&auth.Options2LO{
		Email: a.ClientEmail, PrivateKey: []byte(a.PrivateKey), PrivateKeyID: a.PrivateKeyID,
		TokenURL: a.TokenURI, Scopes: []string{scope},
		Client: &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse // what is sent there signs in as us
		}},
		Logger: slog.New(slog.DiscardHandler), // it would log the tokens when an environment variable says so
	})
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) (*auth.Token, error) {
		t, err := provider.Token(ctx)
		if err == nil && t.Value == "" {
			return nil, errNoToken
		}
		return t, err
	}, nil
}

var errNoToken = errors.New("the token endpoint gave no token")
