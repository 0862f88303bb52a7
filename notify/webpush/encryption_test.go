package webpush

import (
	"bytes"
	"crypto/ecdh"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"sync"
	"testing"
)

func unbase64(t *testing.T, text string) []byte {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// The example of RFC 8188, section 3.1.
func TestRecordOfRFC8188(t *testing.T) {
	plain := []byte("I am the walrus")
	got, err := encryptRecord(plain, len(plain)+1, unbase64(t, "yqdlZ-tYemfogSmv7Ws5PQ"), unbase64(t, "I1BsxtFttlv3u_Oo94xnmw"), nil)
	if want := unbase64(t, "I1BsxtFttlv3u_Oo94xnmwAAEAAA-NAVub2qFgBEuQKRapoZu-IxkIva3MEB1PD-ly8Thjg"); err != nil || !bytes.Equal(got, want) {
		t.Errorf("got %x, %v; want %x", got, err, want)
	}
}

// The example of RFC 8291, appendix A.
func TestMessageOfRFC8291(t *testing.T) {
	own, err := ecdh.P256().NewPrivateKey(unbase64(t, "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"))
	if err != nil {
		t.Fatal(err)
	}
	browser, err := parsePoint("BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4")
	if err != nil {
		t.Fatal(err)
	}
	plain := []byte("When I grow up, I want to be a watermelon")
	got, err := seal(plain, len(plain)+1, browser, unbase64(t, "BTBZMqHH6r4Tts7J_aSIgg"), own, unbase64(t, "DGv6ra1nlYgDCS1FRnbzlw"))
	want := unbase64(t, "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN")
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("got %x, %v; want %x", got, err, want)
	}
}

func TestLengthSaysLittle(t *testing.T) {
	to := browserFor(t)
	lengths := map[int]bool{}
	for length := range maxPayload + 1 {
		if length%97 != 0 && length != maxPayload && length != 511 && length != 512 {
			continue
		}
		body, err := encrypt(make([]byte, length), to)
		if err != nil {
			t.Fatalf("%d bytes: %v", length, err)
		}
		if rs := int(binary.BigEndian.Uint32(body[16:20])); rs != 4096 || len(body)-86 >= rs {
			t.Fatalf("%d bytes: record size %d of a record of %d", length, rs, len(body)-86)
		}
		lengths[len(body)] = true
	}
	for _, want := range []int{86 + 16 + 512, 86 + 16 + 1024, 86 + 16 + 2048, 2742} {
		if !lengths[want] {
			t.Errorf("no body of %d bytes among %v", want, lengths)
		}
	}
	if len(lengths) != 4 {
		t.Errorf("bodies of %v bytes", lengths)
	}
}

func TestTooLongForARecord(t *testing.T) {
	if body, err := encrypt(make([]byte, 4096), browserFor(t)); err == nil {
		t.Errorf("a body of %d bytes", len(body))
	}
}

// A library wrote delimiter and padding into the capacity behind the caller's bytes.
func TestCallersBytesStay(t *testing.T) {
	to := browserFor(t)
	all := bytes.Repeat([]byte("x"), 4000)
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			if _, err := encrypt(all[:100], to); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	if !bytes.Equal(all, bytes.Repeat([]byte("x"), 4000)) {
		t.Error("the caller's bytes have changed")
	}
}

func TestEveryMessageHasItsOwnKeyAndSalt(t *testing.T) {
	to := browserFor(t)
	seen := map[string]bool{}
	for range 100 {
		body, err := encrypt([]byte("the same"), to)
		if err != nil {
			t.Fatal(err)
		}
		seen["salt "+string(body[:16])] = true
		seen["key "+string(body[21:86])] = true
	}
	if len(seen) != 200 {
		t.Errorf("%d different salts and keys, want 200", len(seen))
	}
}

func browserFor(t *testing.T) subscription {
	t.Helper()
	key, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return subscription{key: key.PublicKey(), auth: []byte("0123456789abcdef")}
}

func encode64(raw []byte) string { return base64.RawURLEncoding.EncodeToString(raw) }
