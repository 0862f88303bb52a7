package webpush

import (
	"bufio"
	"crypto/ecdh"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"yourturn/notify"
	"yourturn/server/nodetest"
)

// judge asks programs that others have written: testdata/judge/judge.js, which runs in Node.
type judge struct {
	mu  sync.Mutex
	in  io.Writer
	out *bufio.Scanner
}

// newJudge installs the programs, once, outside the repository. Where that cannot be the test is skipped, except in CI.
func newJudge(t *testing.T) *judge {
	t.Helper()
	if testing.Short() && os.Getenv("CI") != "true" {
		t.Skip("asks Node; not with -short")
	}
	folder := nodetest.Install(t, os.DirFS(filepath.Join("testdata", "judge")))
	c := exec.CommandContext(t.Context(), "node", filepath.Join("testdata", "judge", "judge.js"))
	c.Env = append(os.Environ(), "NODE_PATH="+filepath.Join(folder, "node_modules"))
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var said strings.Builder
	c.Stderr = &said
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		if err := c.Wait(); err != nil && t.Context().Err() == nil {
			t.Errorf("judge: %v\n%s", err, &said)
		}
	})
	return &judge{in: in, out: bufio.NewScanner(out)}
}

// ask asks a question and reads the answer.
func (j *judge) ask(question map[string]any, answer any) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if err := json.NewEncoder(j.in).Encode(question); err != nil {
		return fmt.Errorf("ask the judge: %w", err)
	}
	if !j.out.Scan() {
		return fmt.Errorf("the judge is gone: %w", j.out.Err())
	}
	var refused struct{ Problem string }
	if err := json.Unmarshal(j.out.Bytes(), &refused); err != nil || refused.Problem != "" {
		return fmt.Errorf("the judge says %q, %w", refused.Problem, err)
	}
	return json.Unmarshal(j.out.Bytes(), answer)
}

func TestJudgeDecrypts(t *testing.T) {
	j := newJudge(t)
	for _, length := range []int{0, 1, 41, 511, 512, 1023, 1024, 2047, 2048, maxPayload} {
		key, err := ecdh.P256().GenerateKey(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		auth, plain := make([]byte, 16), make([]byte, length)
		rand.Read(auth)
		rand.Read(plain)
		body, err := encrypt(plain, subscription{key: key.PublicKey(), auth: auth})
		if err != nil {
			t.Fatal(err)
		}
		var got struct{ Plain []byte }
		if err := j.ask(map[string]any{"ask": "decrypt", "secret": encode64(key.Bytes()), "auth": encode64(auth), "body": body}, &got); err != nil {
			t.Fatalf("%d bytes: %v", length, err)
		}
		if string(got.Plain) != string(plain) {
			t.Errorf("%d bytes became %d others", length, len(got.Plain))
		}
	}
}

func TestJudgeReceives(t *testing.T) {
	j := newJudge(t)
	var hash string
	s, address := hostile(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		var got struct{ Messages []string }
		err := j.ask(map[string]any{"ask": "receive", "hash": hash, "body": body, "headers": map[string]string{
			"encoding": r.Header.Get("Content-Encoding"), "ttl": r.Header.Get("TTL"), "authorization": r.Header.Get("Authorization"),
		}}, &got)
		if err != nil {
			http.Error(w, err.Error(), http.StatusForbidden)
			return
		}
		w.WriteHeader(http.StatusCreated)
		w.(http.Flusher).Flush()
		want, _ := Payload(yourTurn(), "")
		if len(got.Messages) != 1 || got.Messages[0] != string(want) {
			t.Errorf("received %q", got.Messages)
		}
	})
	subscribe := func(key string) notify.Address {
		var made struct{ Hash, P256DH, Auth string }
		if err := j.ask(map[string]any{"ask": "subscribe", "key": key}, &made); err != nil {
			t.Fatal(err)
		}
		hash = made.Hash
		kept, err := s.Check(notify.Address{Token: address.Token, P256DH: made.P256DH, Auth: made.Auth})
		if err != nil {
			t.Fatal(err)
		}
		return kept
	}
	if o := s.Send(t.Context(), pushTo(subscribe(samplePoint))); o.Class != notify.Misconfigured {
		t.Errorf("for another key: %v %s", o.Class, o.Reason)
	}
	if o := s.Send(t.Context(), pushTo(subscribe(s.PublicKey()))); o.Class != notify.Sent {
		t.Errorf("%v %s", o.Class, o.Reason)
	}
}
