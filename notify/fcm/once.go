package fcm

import (
	"bytes"
	"io"
	"net/http"
)

// attempt is one request to Firebase and what came of it. The SDK carries it through, in the request's context.
type attempt struct {
	token string // that lets us in
	answer
	err error // of the network
}

type attemptKey struct{}

// answer is what Firebase, or a proxy before it, has said.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// maxAnswer bounds what is read of an answer. Google's are below 2 kB.
const maxAnswer = 64 << 10

// once is the SDK's way to the network. The SDK tries again by itself after any error of the network, also when one
// interrupts an answer, and after a 503. So the answer is read to its end here and kept in the attempt, and what did not
// go well reaches the SDK as a refusal that it takes for the last word. This also keeps it from following a redirect,
// which would carry our access token to wherever the redirect says.
type once struct{ base http.RoundTripper }

func (o once) RoundTrip(r *http.Request) (*http.Response, error) {
	a := r.Context().Value(attemptKey{}).(*attempt) // nothing but Send uses the SDK
	r = r.Clone(r.Context())                        // a RoundTripper must not change what it is given
	r.Header.Set("Authorization", "Bearer "+a.token)
	response, err := o.base.RoundTrip(r)
	if err != nil {
		a.err = err
		return refusal(r), nil
	}
	defer response.Body.Close()
	a.header = response.Header
	if a.body, a.err = io.ReadAll(io.LimitReader(response.Body, maxAnswer)); a.err != nil {
		return refusal(r), nil
	}
	a.status = response.StatusCode
	if a.status/100 != 2 {
		return refusal(r), nil
	}
	return reply(r, a.status, a.body), nil
}

func refusal(r *http.Request) *http.Response { return reply(r, http.StatusBadRequest, nil) }

func reply(r *http.Request, status int, body []byte) *http.Response {
	return &http.Response{
		Status: http.StatusText(status), StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)), Request: r,
	}
}
