package web

import (
	"bytes"
	"flag"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the icons and the pictures of docs/ again")

// current compares a picture in the repository with what is drawn now, or writes it. What is compared are the pictures and
// not the files: the same picture may be packed otherwise by the next Go, and be a shade off on another processor.
func current(t *testing.T, name string, drawn []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(name, drawn, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	kept, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if !alike(decodePNG(t, kept), decodePNG(t, drawn)) {
		t.Errorf("%s is not what is drawn now: go test ./web -run %s -update", name, t.Name())
	}
}

// decodePNG decodes a PNG, or the one in an icon file.
func decodePNG(t *testing.T, file []byte) *image.RGBA {
	t.Helper()
	begin := bytes.Index(file, []byte("\x89PNG"))
	if begin < 0 {
		t.Fatal("no PNG")
	}
	decoded, err := png.Decode(bytes.NewReader(file[begin:]))
	if err != nil {
		t.Fatal(err)
	}
	if plain, ok := decoded.(*image.RGBA); ok {
		return plain
	}
	plain := image.NewRGBA(decoded.Bounds())
	draw.Draw(plain, plain.Bounds(), decoded, image.Point{}, draw.Src)
	return plain
}

func alike(a, b *image.RGBA) bool {
	const shade = 3
	if a.Bounds() != b.Bounds() {
		return false
	}
	for i, v := range a.Pix {
		if w := b.Pix[i]; max(v, w)-min(v, w) > shade {
			return false
		}
	}
	return true
}

// The icons are those of the logo as it is drawn today.
func TestIconsAreCurrent(t *testing.T) {
	made, err := icons()
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range made {
		current(t, filepath.Join("files", name), content)
	}
}

// The logo, the pictures and the app have one palette. A colour is changed in look.css, logo.go and icon.svg, and then what
// is drawn with it: go test ./web -run Current -update.
func TestPaletteIsThatOfTheApp(t *testing.T) {
	look, err := os.ReadFile("app/look.css")
	if err != nil {
		t.Fatal(err)
	}
	icon, err := os.ReadFile("files/icon.svg")
	if err != nil {
		t.Fatal(err)
	}
	light, _, _ := strings.Cut(string(look), "}")
	for name, c := range map[string]color.RGBA{
		"ground": ground, "ink": ink, "soft": soft, "turn": accent, "second": second, "seat-2": third, "seat-3": fourth,
	} {
		code := fmt.Sprintf("#%02x%02x%02x", c.R, c.G, c.B)
		if !strings.Contains(light, "--"+name+": "+code+";") {
			t.Errorf("in look.css --%s is not %s", name, code)
		}
		if isInLogo := c == ground || c == ink || c == accent; isInLogo && !strings.Contains(string(icon), code) {
			t.Errorf("in icon.svg is no %s", code)
		}
	}
}

// An icon that is cut to a circle keeps its pieces: whatever is not ink lies within the middle four fifths.
func TestMaskableIconKeepsItsPieces(t *testing.T) {
	content, err := os.ReadFile("files/icon-maskable-512.png")
	if err != nil {
		t.Fatal(err)
	}
	icon := decodePNG(t, content)
	pieces := 0
	for y := range 512 {
		for x := range 512 {
			if icon.RGBAAt(x, y) == ink {
				continue
			}
			pieces++
			if dx, dy := x-256, y-256; dx*dx+dy*dy > 205*205 {
				t.Fatalf("at %d, %d is no ink", x, y)
			}
		}
	}
	if pieces < 512*512/10 {
		t.Errorf("the pieces are %d points", pieces)
	}
}
