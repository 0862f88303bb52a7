package web

import (
	"fmt"
	"image"
	"image/color"
	"strings"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
)

// typeface is the letters of a picture: those that come with Go, which know Latin, Greek and Cyrillic.
type typeface struct{ bold, regular *opentype.Font }

func newTypeface() (t typeface, err error) {
	if t.bold, err = opentype.Parse(gobold.TTF); err != nil {
		return t, fmt.Errorf("read the bold letters: %w", err)
	}
	if t.regular, err = opentype.Parse(goregular.TTF); err != nil {
		return t, fmt.Errorf("read the regular letters: %w", err)
	}
	return t, nil
}

// knows says whether a text can be written whole. What cannot is better left out than shown as boxes.
func (t typeface) knows(text string) bool {
	var buffer sfnt.Buffer
	for _, r := range text {
		for _, f := range []*opentype.Font{t.bold, t.regular} {
			if glyph, err := f.GlyphIndex(&buffer, r); err != nil || glyph == 0 {
				return false
			}
		}
	}
	return true
}

// lettering is a line of text in one size and colour.
type lettering struct {
	text  string
	font  *opentype.Font
	size  float64
	paint color.RGBA
}

// fitted is the lettering in its own size where a width has room for it, smaller where it has not, and from a certain size
// on shortened.
func (l lettering) fitted(width, least float64) (lettering, error) {
	for {
		whole, err := l.width()
		switch {
		case err != nil:
			return l, err
		case whole <= width:
			return l, nil
		case l.size > least:
			l.size = max(least, l.size*max(.9, width/whole))
		default:
			l.text = shortened(l.text)
		}
	}
}

// shortened is a text without its last letter, or with one less before the dots.
func shortened(text string) string {
	letters := []rune(strings.TrimSuffix(text, "…"))
	if len(letters) == 0 {
		return ""
	}
	return strings.TrimRight(string(letters[:len(letters)-1]), " ") + "…"
}

func (l lettering) face() (font.Face, error) {
	return opentype.NewFace(l.font, &opentype.FaceOptions{Size: l.size, DPI: 72, Hinting: font.HintingNone})
}

func (l lettering) width() (float64, error) {
	face, err := l.face()
	if err != nil {
		return 0, err
	}
	return float64(font.MeasureString(face, l.text)) / 64, nil
}

// write puts the text on a picture, beginning at a point of its base line.
func (l lettering) write(c canvas, at point) error {
	face, err := l.face()
	if err != nil {
		return err
	}
	d := font.Drawer{
		Dst: c.RGBA, Src: image.NewUniform(l.paint), Face: face,
		Dot: fixed.Point26_6{X: fixed.Int26_6(at.x * 64), Y: fixed.Int26_6(at.y * 64)},
	}
	d.DrawString(l.text)
	return nil
}
