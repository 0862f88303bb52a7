package api

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"net/http"
	"path"
	"strconv"
	"strings"
)

// file is what is the same for everybody as long as the server runs: a part of the web app, or of the client for browsers.
// Texts are also kept compressed. Browsers ask each time whether theirs is still the server's, and rarely get it again.
type file struct {
	header        http.Header // that of every answer
	plain, zipped form        // zipped is empty where it would not be smaller
}

// form is a file as it is sent. Each form has a tag of its own, for they are different bytes.
type form struct {
	body []byte
	tag  string
}

// mediaTypes are those of the files that are served, by how their names end.
var mediaTypes = map[string]string{
	".css":         "text/css; charset=utf-8",
	".html":        "text/html; charset=utf-8",
	".ico":         "image/x-icon",
	".js":          "text/javascript; charset=utf-8",
	".png":         "image/png",
	".svg":         "image/svg+xml",
	".ts":          "application/typescript; charset=utf-8",
	".txt":         "text/plain; charset=utf-8",
	".webmanifest": "application/manifest+json",
}

// newFile makes a file that is sent with a header beside that of its own.
func newFile(name string, content []byte, header http.Header) (*file, error) {
	mediaType, known := mediaTypes[path.Ext(name)]
	if !known {
		return nil, fmt.Errorf("%s: what ends in %s is of no media type", name, path.Ext(name))
	}
	f := &file{header: header.Clone(), plain: newForm(content)}
	if f.header == nil {
		f.header = http.Header{}
	}
	f.header.Set("Content-Type", mediaType)
	f.header.Set("Cache-Control", "no-cache")
	if mediaType == mediaTypes[".png"] {
		return f, nil
	}
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := z.Write(content); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	if b.Len() < len(content) {
		f.zipped = newForm(b.Bytes())
	}
	return f, nil
}

func newForm(body []byte) form {
	return form{body, fmt.Sprintf(`"%x"`, sha256.Sum256(body))}
}

func (f *file) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	for name, values := range f.header {
		h[name] = values
	}
	sent := f.plain
	if f.zipped.body != nil {
		h.Add("Vary", "Accept-Encoding")
		if takesGzip(r.Header.Get("Accept-Encoding")) {
			sent = f.zipped
		}
	}
	h.Set("ETag", sent.tag)
	if tags := r.Header.Get("If-None-Match"); tags != "" && !noneMatch(tags, sent.tag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	if sent.tag == f.zipped.tag {
		h.Set("Content-Encoding", "gzip")
	}
	h.Set("Content-Length", strconv.Itoa(len(sent.body)))
	_, _ = w.Write(sent.body) // a browser that has gone needs no file
}

// takesGzip reads an Accept-Encoding header. What names gzip with a weight of 0 does not take it.
func takesGzip(header string) bool {
	for part := range strings.SplitSeq(header, ",") {
		name, weight, _ := strings.Cut(part, ";")
		if !strings.EqualFold(strings.TrimSpace(name), "gzip") {
			continue
		}
		value, isWeight := strings.CutPrefix(strings.ReplaceAll(strings.ToLower(weight), " ", ""), "q=")
		q, err := strconv.ParseFloat(value, 64)
		return !isWeight || err == nil && q > 0
	}
	return false
}
