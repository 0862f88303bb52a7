package api

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// reference is the page /docs: the document of the API for people, written once when the server starts. It is one file
// without a script, a font or a picture from anywhere, and the policy that goes with it allows none.
type reference struct {
	page, zipped []byte
	policy       string // Content-Security-Policy
}

//go:embed reference.html
var referenceText string

//go:embed reference.css
var referenceStyle string

func newReference(rt *routes, version string, client bool) (*reference, error) {
	w := referenceWriter{doc: rt.api.OpenAPI(), operations: rt.known, ids: map[string]bool{}, used: map[string]bool{}}
	for _, op := range w.operations {
		w.ids[op.OperationID] = true
	}
	page, err := template.New("reference").Funcs(template.FuncMap{"prose": w.prose}).Parse(referenceText)
	if err != nil {
		return nil, fmt.Errorf("read the page of the reference: %w", err)
	}
	var plain, zipped bytes.Buffer
	contents := w.contents(version)
	contents.Client = client
	if err := page.Execute(&plain, contents); err != nil {
		return nil, fmt.Errorf("write the page of the reference: %w", err)
	}
	z := gzip.NewWriter(&zipped)
	if _, err := z.Write(plain.Bytes()); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	sum := sha256.Sum256([]byte(referenceStyle))
	return &reference{page: plain.Bytes(), zipped: zipped.Bytes(), policy: "default-src 'none'; style-src 'sha256-" +
		base64.StdEncoding.EncodeToString(sum[:]) + "'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"}, nil
}

func (ref *reference) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, h := ref.page, w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", ref.policy)
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-cache")
	h.Add("Vary", "Accept-Encoding")
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		h.Set("Content-Encoding", "gzip")
		body = ref.zipped
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body) // a browser that has gone needs no page
}

// What the page is made of.
type (
	referencePage struct {
		Title, About, Version string
		Style                 template.CSS
		Client                bool // whether the server gives /client.js away
		Tags                  []referenceTag
		Problems              []referenceProblems
		Others                []referenceType // that no operation refers to, as the lines of a stream
	}
	referenceTag struct {
		Name, Title, About string
		Operations         []referenceOperation
	}
	referenceOperation struct {
		ID, Method, Path, Summary, About, Access string
		Parameters                               []referenceField
		Request                                  *referenceType
		Answers                                  []referenceAnswer
		Problems                                 []referenceProblems
	}
	referenceAnswer struct {
		Status, About string
		Body          *referenceType
	}
	referenceType struct {
		Name, Media, Example string
		Fields               []referenceField
	}
	referenceField struct {
		Name, Type, About, Bounds string
		Required                  bool
		Fields                    []referenceField
	}
	referenceProblems struct {
		Status   int
		Text     string
		Refusals []referenceRefusal
	}
	referenceRefusal struct{ Name, Anchor, Title, When, Do string }
)

type referenceWriter struct {
	doc        *huma.OpenAPI
	operations []*huma.Operation
	ids        map[string]bool // of operations, which texts refer to
	used       map[string]bool // schemas that an operation refers to
}

func (w *referenceWriter) contents(version string) referencePage {
	p := referencePage{Title: w.doc.Info.Title, About: w.doc.Info.Description, Version: version, Style: template.CSS(referenceStyle)}
	for _, tag := range w.doc.Tags {
		title, ofGame := strings.CutSuffix(tag.Description, aboutTyped)
		if !ofGame {
			title = tag.Name
		}
		p.Tags = append(p.Tags, referenceTag{Name: tag.Name, Title: title, About: tag.Description})
	}
	for _, op := range w.operations {
		at := slices.IndexFunc(p.Tags, func(t referenceTag) bool { return t.Name == op.Tags[0] })
		p.Tags[at].Operations = append(p.Tags[at].Operations, w.operation(op))
	}
	p.Problems = byStatus(problemsInOrder())
	schemas := w.doc.Components.Schemas.Map()
	for _, name := range slices.Sorted(maps.Keys(schemas)) {
		if !w.used[name] {
			p.Others = append(p.Others, referenceType{Name: name, Fields: w.fields(schemas[name], nil)})
		}
	}
	return p
}

func (w *referenceWriter) operation(op *huma.Operation) referenceOperation {
	o := referenceOperation{
		ID: op.OperationID, Method: op.Method, Path: op.Path, Summary: op.Summary, About: op.Description, Access: "a bearer token",
	}
	if op.Security != nil && len(op.Security) == 0 {
		o.Access = "no token"
	}
	for _, p := range op.Parameters {
		if p.Name == "ticket" {
			o.Access += ", or a ticket"
		}
		f := w.field(p.Name, p.Schema, p.Required, nil)
		f.About, f.Type = cmp.Or(p.Description, f.About), f.Type+", "+p.In
		o.Parameters = append(o.Parameters, f)
	}
	if op.RequestBody != nil {
		o.Request = w.body(op.RequestBody.Content)
	}
	for _, status := range slices.Sorted(maps.Keys(op.Responses)) {
		if status[0] != '2' && status[0] != '3' {
			continue
		}
		a := referenceAnswer{Status: status, About: op.Responses[status].Description, Body: w.body(op.Responses[status].Content)}
		if code, err := strconv.Atoi(status); err == nil && a.About == http.StatusText(code) {
			a.About = ""
		}
		o.Answers = append(o.Answers, a)
	}
	for _, r := range op.Responses { // the schema of problems stands in their own section
		if content, ok := r.Content[problemMediaType]; ok {
			w.fields(content.Schema, nil)
		}
	}
	refused, _ := op.Metadata[refusedKey].([]string)
	o.Problems = byStatus(slices.DeleteFunc(problemsInOrder(), func(r refusal) bool { return !slices.Contains(refused, r.name) }))
	return o
}

func byStatus(refusals []refusal) (all []referenceProblems) {
	for _, r := range refusals {
		if len(all) == 0 || all[len(all)-1].Status != r.status {
			all = append(all, referenceProblems{Status: r.status, Text: http.StatusText(r.status)})
		}
		last := &all[len(all)-1]
		last.Refusals = append(last.Refusals, referenceRefusal{
			Name: r.name, Anchor: "problem-" + strings.TrimSuffix(r.name, "-*"), Title: r.title, When: r.when, Do: r.do,
		})
	}
	return all
}

func (w *referenceWriter) body(content map[string]*huma.MediaType) *referenceType {
	for media, c := range content {
		t := &referenceType{Name: w.typeName(c.Schema), Media: media, Fields: w.fields(c.Schema, nil)}
		if text, ok := c.Example.(string); ok {
			t.Example = text
			return t
		}
		var b bytes.Buffer
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		if enc.Encode(c.Example) == nil {
			t.Example = strings.TrimSpace(b.String())
		}
		return t
	}
	return nil
}

// fields lists the members of an object, or of the objects in a list; above are the named schemas that they stand in.
func (w *referenceWriter) fields(s *huma.Schema, above []string) (fields []referenceField) {
	for s.Type == huma.TypeArray && s.Items != nil {
		s = s.Items
	}
	if s.Ref != "" {
		name := strings.TrimPrefix(s.Ref, schemaPrefix)
		w.used[name] = true
		if slices.Contains(above, name) {
			return nil
		}
		return w.fields(w.doc.Components.Schemas.SchemaFromRef(s.Ref), append(slices.Clone(above), name))
	}
	if s.Type == huma.TypeArray {
		return w.fields(s.Items, above)
	}
	if values, ok := s.AdditionalProperties.(*huma.Schema); ok {
		return w.fields(values, above)
	}
	rest := slices.DeleteFunc(slices.Sorted(maps.Keys(s.Properties)), func(name string) bool { return slices.Contains(s.Required, name) })
	for _, name := range slices.Concat(s.Required, rest) {
		fields = append(fields, w.field(name, s.Properties[name], slices.Contains(s.Required, name), above))
	}
	return fields
}

func (w *referenceWriter) field(name string, s *huma.Schema, required bool, above []string) referenceField {
	return referenceField{
		Name: name, Type: w.typeName(s), About: s.Description, Bounds: bounds(s), Required: required, Fields: w.fields(s, above),
	}
}

func (w *referenceWriter) typeName(s *huma.Schema) string {
	values, isMap := s.AdditionalProperties.(*huma.Schema)
	switch {
	case s.Ref != "":
		return strings.TrimPrefix(s.Ref, schemaPrefix)
	case s.Type == huma.TypeArray:
		return "list of " + w.typeName(s.Items)
	case isMap:
		return "map of " + w.typeName(values)
	case s.Format == "date-time":
		return "time"
	}
	return s.Type
}

// bounds says what a value is held to.
func bounds(s *huma.Schema) string {
	var all []string
	add := func(format string, args ...any) { all = append(all, fmt.Sprintf(format, args...)) }
	number := func(f *float64) string { return strconv.FormatFloat(*f, 'f', -1, 64) }
	const uncounted = 1<<53 - 1 // what every client can count to: no bound worth a word
	switch {
	case s.Minimum != nil && s.Maximum != nil && *s.Maximum != uncounted:
		add("%s to %s", number(s.Minimum), number(s.Maximum))
	case s.Minimum != nil:
		add("at least %s", number(s.Minimum))
	case s.Maximum != nil:
		add("at most %s", number(s.Maximum))
	}
	if s.MinLength != nil {
		add("at least %d characters", *s.MinLength)
	}
	if s.MaxLength != nil {
		add("at most %d characters", *s.MaxLength)
	}
	if s.MaxItems != nil {
		add("at most %d", *s.MaxItems)
	}
	if len(s.Enum) > 0 {
		add("one of %s", strings.Join(strings.Fields(strings.Trim(fmt.Sprint(s.Enum), "[]")), ", "))
	}
	if s.Pattern != "" {
		add("like %s", s.Pattern)
	}
	if s.Default != nil {
		add("default %v", s.Default)
	}
	return strings.Join(all, "; ")
}

var referenceWord = regexp.MustCompile(`[A-Za-z]+`)

// prose is a text in paragraphs, in which names of operations are links.
func (w *referenceWriter) prose(text string) template.HTML {
	var b strings.Builder
	for paragraph := range strings.SplitSeq(text, "\n\n") {
		b.WriteString("<p>" + referenceWord.ReplaceAllStringFunc(template.HTMLEscapeString(paragraph), func(word string) string {
			if !w.ids[word] {
				return word
			}
			return `<a href="#` + word + `">` + word + `</a>`
		}) + "</p>")
	}
	return template.HTML(b.String())
}
