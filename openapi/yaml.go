package openapi

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// JSON reads the YAML in which `yourturn openapi` writes the schema: blocks of mappings and lists with an indent of two,
// plain and quoted texts on one line, literal blocks, and empty lists and mappings. It makes JSON of it, with the members in
// the order in which they stand there. What it does not know it refuses.
func JSON(text []byte) (_ json.RawMessage, err error) {
	defer func() {
		if trouble, ok := recover().(yamlTrouble); ok {
			err = trouble
		}
	}()
	y := &yamlText{lines: strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")}
	value := y.block(0)
	if y.at < len(y.lines) {
		y.refuse("an indent that nothing asked for")
	}
	return json.RawMessage(value), nil
}

// yamlText is a text that is being read.
type yamlText struct {
	lines []string
	at    int
}

type yamlTrouble string

func (t yamlTrouble) Error() string { return string(t) }

func (y *yamlText) refuse(what string) {
	line := ""
	if y.at < len(y.lines) {
		line = y.lines[y.at]
	}
	panic(yamlTrouble(fmt.Sprintf("line %d: %s: %q", y.at+1, what, line)))
}

// line is the text of the next line when it has this indent.
func (y *yamlText) line(indent int) (text string, ok bool) {
	if y.at >= len(y.lines) {
		return "", false
	}
	text = strings.TrimLeft(y.lines[y.at], " ")
	return text, text != "" && len(y.lines[y.at])-len(text) == indent
}

// block reads a list or a mapping.
func (y *yamlText) block(indent int) string {
	text, ok := y.line(indent)
	if !ok {
		y.refuse("nothing at this indent")
	}
	if strings.HasPrefix(text, "- ") {
		return y.list(indent)
	}
	return y.mapping(indent)
}

// list reads items. The rest of an item's first line stands at the indent of what follows, so it is read from there.
func (y *yamlText) list(indent int) string {
	var items []string
	for {
		text, ok := y.line(indent)
		rest, isItem := strings.CutPrefix(text, "- ")
		if !ok || !isItem {
			return "[" + strings.Join(items, ",") + "]"
		}
		if _, _, isMember := member(rest); isMember || strings.HasPrefix(rest, "- ") {
			y.lines[y.at] = strings.Repeat(" ", indent+2) + rest
			items = append(items, y.block(indent+2))
			continue
		}
		items = append(items, y.scalar(rest, indent+2))
	}
}

func (y *yamlText) mapping(indent int) string {
	var members []string
	for {
		text, ok := y.line(indent)
		if !ok {
			return "{" + strings.Join(members, ",") + "}"
		}
		key, rest, isMember := member(text)
		if !isMember {
			y.refuse("not a member")
		}
		value := ""
		if rest == "" {
			y.at++
			value = y.block(indent + 2)
		} else {
			value = y.scalar(rest, indent+2)
		}
		members = append(members, quoted(key)+":"+value)
	}
}

// member takes "key: rest" apart. A plain text never has a colon before a blank.
func member(text string) (key, rest string, ok bool) {
	if strings.HasPrefix(text, `"`) {
		prefix, err := strconv.QuotedPrefix(text)
		if err != nil {
			return "", "", false
		}
		rest, ok = strings.CutPrefix(text[len(prefix):], ":")
		key, err = strconv.Unquote(prefix)
		return key, strings.TrimPrefix(rest, " "), ok && err == nil
	}
	if key, ok = strings.CutSuffix(text, ":"); ok && !strings.Contains(key, ": ") {
		return key, "", true
	}
	return strings.Cut(text, ": ")
}

// scalar reads what stands behind a key or a dash; a literal block goes on below, at the indent.
func (y *yamlText) scalar(text string, indent int) string {
	if strings.HasPrefix(text, "|") {
		return quoted(y.literal(text, indent))
	}
	defer func() { y.at++ }()
	switch {
	case text == "[]", text == "{}", text == "true", text == "false", text == "null":
		return text
	case strings.HasPrefix(text, `"`):
		value, err := strconv.Unquote(text)
		if err != nil {
			y.refuse("badly quoted")
		}
		return quoted(value)
	case strings.ContainsAny(text[:1], "[]{}#&*!|>'%@`?,"):
		y.refuse("a kind of value that is not known here")
	case json.Valid([]byte(text)):
		return text // a number: a text that looks like one is quoted
	}
	return quoted(text)
}

// literal reads a text of several lines. Its head says what becomes of the line ends behind it.
func (y *yamlText) literal(head string, indent int) string {
	y.at++
	var lines []string
	for ; y.at < len(y.lines); y.at++ {
		text, within := strings.CutPrefix(y.lines[y.at], strings.Repeat(" ", indent))
		if !within && y.lines[y.at] != "" {
			break
		}
		lines = append(lines, text)
	}
	text := strings.Join(lines, "\n")
	switch head {
	case "|-":
		return strings.TrimRight(text, "\n")
	case "|":
		return strings.TrimRight(text, "\n") + "\n"
	}
	y.refuse("a kind of block that is not known here")
	return ""
}

func quoted(text string) string {
	raw, _ := json.Marshal(text) // a text always can be
	return string(raw)
}
