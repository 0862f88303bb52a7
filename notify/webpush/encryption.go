package webpush

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
)

const (
	saltSize = 16
	tagSize  = 16
	// recordSize is what the header says: more than any of our records has, and always the same, so that it says
	// nothing.
	recordSize = 4096
)

// The lengths that a payload is padded to, so that the length of what is sent says little. The largest makes a body of
// 2742 bytes: Mozilla hands a push to a phone through another service, which takes 2744.
var paddings = []int{512, 1024, 2048, maxPayload + 1}

// maxPayload bounds a payload, without the byte that ends it.
const maxPayload = 2639

// padded is how long a payload becomes, with the byte that ends it.
func padded(length int) int {
	for _, size := range paddings {
		if length < size {
			return size
		}
	}
	return length + 1
}

// seal encrypts for a browser (RFC 8291): what both sides can compute from the other's public key is mixed with the
// browser's secret, which the push service has never seen, into the key of one record. The sender's key is used once.
func seal(plain []byte, size int, browser *ecdh.PublicKey, auth []byte, own *ecdh.PrivateKey, salt []byte) ([]byte, error) {
	shared, err := own.ECDH(browser)
	if err != nil {
		return nil, fmt.Errorf("agree on a secret: %w", err)
	}
	info := slices.Concat([]byte("WebPush: info\x00"), browser.Bytes(), own.PublicKey().Bytes())
	secret, err := hkdf.Key(sha256.New, shared, auth, string(info), sha256.Size)
	if err != nil {
		return nil, fmt.Errorf("derive a secret: %w", err)
	}
	return encryptRecord(plain, size, secret, salt, own.PublicKey().Bytes())
}

// encryptRecord writes the coding aes128gcm (RFC 8188) with one record, padded to a size. It works in a buffer of its
// own: the caller's bytes, and what lies behind them, stay as they are.
func encryptRecord(plain []byte, size int, secret, salt, keyID []byte) ([]byte, error) {
	if len(plain) >= size || size+tagSize >= recordSize {
		return nil, errors.New("webpush: payload does not fit its record")
	}
	key, err := hkdf.Key(sha256.New, secret, salt, "Content-Encoding: aes128gcm\x00", 16)
	if err != nil {
		return nil, fmt.Errorf("derive a key: %w", err)
	}
	nonce, err := hkdf.Key(sha256.New, secret, salt, "Content-Encoding: nonce\x00", 12)
	if err != nil {
		return nil, fmt.Errorf("derive a nonce: %w", err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("make a cipher: %w", err)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("make a cipher: %w", err)
	}
	record := make([]byte, size)
	copy(record, plain)
	record[len(plain)] = 2 // ends the last record; zeros follow

	header := slices.Concat(salt, binary.BigEndian.AppendUint32(nil, recordSize), []byte{byte(len(keyID))}, keyID)
	return gcm.Seal(slices.Grow(header, size+tagSize), nonce, record, nil), nil
}
