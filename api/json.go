package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// The bounds of a request's JSON. A name may not contain what huma's error locations are made of: its path buffer
// would not shrink again after such a name, and a body of 64 KiB would cost 100 MB of locations.
const (
	maxDepth  = 64
	maxName   = 128
	nameChars = ".["
)

func marshalTo(w io.Writer, v any) error {
	var b bytes.Buffer // whole or not at all
	if err := encodeJSON(&b, v); err != nil {
		return err
	}
	_, err := w.Write(b.Bytes())
	return err
}

// unmarshalStrict decodes a body of one JSON value without null members. huma calls it twice, first into an any to
// validate, then into the input. Its errors are shown to clients.
func unmarshalStrict(data []byte, v any) error {
	clean, err := strictJSON(data)
	if err != nil {
		return err
	}
	dec := json.NewDecoder(bytes.NewReader(clean))
	dec.DisallowUnknownFields()
	err = dec.Decode(v)
	var typeErr *json.UnmarshalTypeError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &typeErr) && typeErr.Field != "":
		return errors.New(typeErr.Field + ": out of range or of the wrong type")
	case errors.As(err, &typeErr):
		return errors.New("a number is out of range")
	}
	return errors.New("a value or name is not as expected")
}

// strictJSON returns body as it is meant: checked, compact, and without members that are null (they mean absent). It
// refuses what two readers could read in two ways: text that is not UTF-8, duplicate names, half surrogate pairs,
// anything after the value. An integer written as 1.0, as some engines do, becomes 1.
func strictJSON(body []byte) ([]byte, error) {
	if !utf8.Valid(body) {
		return nil, errors.New("not UTF-8")
	}
	if !json.Valid(body) {
		return nil, syntaxError(body)
	}
	c := cleaner{in: body, out: make([]byte, 0, len(body))}
	if err := c.value(0); err != nil {
		return nil, err
	}
	return c.out, nil
}

func syntaxError(body []byte) error {
	var raw json.RawMessage
	var at *json.SyntaxError
	if errors.As(json.Unmarshal(body, &raw), &at) {
		return fmt.Errorf("not one JSON value: wrong at byte %d", at.Offset)
	}
	return errors.New("not one JSON value")
}

// cleaner copies JSON that is known to be valid.
type cleaner struct {
	in, out []byte
	pos     int
}

func (c *cleaner) space() {
	for c.pos < len(c.in) && strings.IndexByte(" \t\r\n", c.in[c.pos]) >= 0 {
		c.pos++
	}
}

func (c *cleaner) value(depth int) error {
	c.space()
	switch c.in[c.pos] {
	case '{', '[':
		if depth == maxDepth {
			return fmt.Errorf("nested deeper than %d", maxDepth)
		}
		if c.in[c.pos] == '{' {
			return c.object(depth)
		}
		return c.array(depth)
	case '"':
		text := c.text()
		c.out = append(c.out, text...)
		return checkSurrogates(text)
	}
	c.out = append(c.out, plainNumber(c.word())...)
	return nil
}

func (c *cleaner) array(depth int) error {
	c.take()
	for {
		c.space()
		switch c.in[c.pos] {
		case ']':
			c.take()
			return nil
		case ',':
			c.take()
		}
		if err := c.value(depth + 1); err != nil {
			return err
		}
	}
}

func (c *cleaner) object(depth int) error {
	c.take()
	var names map[string]bool
	for empty := true; ; {
		c.space()
		switch c.in[c.pos] {
		case '}':
			c.take()
			return nil
		case ',':
			c.pos++
			c.space()
		}
		text := c.text()
		name, err := memberName(text)
		if err != nil {
			return err
		}
		if names == nil {
			names = map[string]bool{}
		}
		if names[name] {
			return errors.New("a name appears twice in one object")
		}
		names[name] = true
		c.space()
		c.pos++ // the colon
		if c.space(); c.in[c.pos] == 'n' {
			c.word() // null: the member is absent
			continue
		}
		if !empty {
			c.out = append(c.out, ',')
		}
		empty = false
		c.out = append(append(c.out, text...), ':')
		if err := c.value(depth + 1); err != nil {
			return err
		}
	}
}

// take copies one byte.
func (c *cleaner) take() {
	c.out = append(c.out, c.in[c.pos])
	c.pos++
}

// text reads a string with its quotes and escapes.
func (c *cleaner) text() []byte {
	start := c.pos
	for c.pos++; c.in[c.pos] != '"'; c.pos++ {
		if c.in[c.pos] == '\\' {
			c.pos++
		}
	}
	c.pos++
	return c.in[start:c.pos]
}

// word reads a number, true, false or null.
func (c *cleaner) word() []byte {
	start := c.pos
	for c.pos < len(c.in) && strings.IndexByte(" \t\r\n,]}", c.in[c.pos]) < 0 {
		c.pos++
	}
	return c.in[start:c.pos]
}

func memberName(text []byte) (string, error) {
	if err := checkSurrogates(text); err != nil {
		return "", err
	}
	name := string(text[1 : len(text)-1])
	if strings.Contains(name, `\`) {
		if err := json.Unmarshal(text, &name); err != nil {
			return "", errors.New("a name cannot be read")
		}
	}
	if len(name) > maxName || strings.ContainsAny(name, nameChars) {
		return "", fmt.Errorf("a name is longer than %d bytes or has one of %s in it", maxName, nameChars)
	}
	return name, nil
}

// checkSurrogates refuses a string with an escape that stands for half a character; encoding/json would replace it.
func checkSurrogates(text []byte) error {
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' {
			continue
		}
		i++
		if text[i] != 'u' {
			continue
		}
		r := hexRune(text[i+1:])
		i += 4
		if r < 0xd800 || r > 0xdfff {
			continue
		}
		low := text[i+1:]
		if r > 0xdbff || !bytes.HasPrefix(low, []byte(`\u`)) || hexRune(low[2:])&^0x3ff != 0xdc00 {
			return errors.New("a string has half a character")
		}
		i += 6
	}
	return nil
}

// hexRune reads the four hex digits that valid JSON has here.
func hexRune(b []byte) rune {
	n, _ := strconv.ParseUint(string(b[:4]), 16, 32)
	return rune(n)
}

// plainNumber drops a fraction of zeros. JSON Schema calls 1.0 an integer, encoding/json does not.
func plainNumber(word []byte) []byte {
	whole, fraction, found := bytes.Cut(word, []byte("."))
	if !found || len(bytes.Trim(fraction, "0")) > 0 {
		return word
	}
	return whole
}
