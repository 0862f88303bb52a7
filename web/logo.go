package web

import (
	"bytes"
	"encoding/binary"
	"image/color"
	"image/png"
	"math"
)

// The palette is that of the app in light. Who changes a colour in look.css changes it here, too.
var (
	ground = color.RGBA{0xfb, 0xf7, 0xf0, 0xff} // --ground
	ink    = color.RGBA{0x20, 0x1b, 0x2c, 0xff} // --ink
	soft   = color.RGBA{0x62, 0x5a, 0x6d, 0xff} // --soft
	accent = color.RGBA{0xb9, 0x3a, 0x0c, 0xff} // --turn
	second = color.RGBA{0x3b, 0x4c, 0xca, 0xff} // --second
	third  = color.RGBA{0x0b, 0x6b, 0x5d, 0xff} // --seat-2
	fourth = color.RGBA{0x96, 0x21, 0x96, 0xff} // --seat-3
)

// pieces draws the two discs of the logo around the middle of a square of side 1, where 1 is also the side of the icon: one
// piece has just passed the other. The gap around the one in front keeps them two on the smallest icon.
func pieces(c canvas, behind, gap, front color.RGBA) {
	c.fill(behind, disc(point{.12, -.12}, .21))
	c.fill(gap, disc(point{-.12, .12}, .25))
	c.fill(front, disc(point{-.12, .12}, .21))
}

// drawLogo draws the logo into the square with this middle and side: the tile with round corners, and the pieces on it.
func drawLogo(c canvas, middle point, side float64) {
	c = c.with(pose{at: middle, scale: side})
	c.fill(ink, rounded(point{-.5, -.5}, 1, 1, .23))
	pieces(c, ground, ink, accent)
}

// icons are the files of the logo, by name. Systems that cut an icon to their own shape get a whole square of ink with the
// pieces well inside; what stands in a phone's status line is a silhouette.
func icons() (map[string][]byte, error) {
	tile := func(side int) ([]byte, error) {
		c := newCanvas(side, side)
		drawLogo(c, point{float64(side) / 2, float64(side) / 2}, float64(side))
		return encodePNG(c)
	}
	square := func(side int, share float64) ([]byte, error) {
		c := newCanvas(side, side)
		c.ground(ink)
		pieces(c.with(pose{at: point{float64(side) / 2, float64(side) / 2}, scale: float64(side) * share}), ground, ink, accent)
		return encodePNG(c)
	}
	files := map[string][]byte{}
	for name, draw := range map[string]func() ([]byte, error){
		"icon-192.png":          func() ([]byte, error) { return tile(192) },
		"icon-512.png":          func() ([]byte, error) { return tile(512) },
		"icon-maskable-512.png": func() ([]byte, error) { return square(512, .86) },
		"apple-touch-icon.png":  func() ([]byte, error) { return square(180, 1) },
		"icon-badge-96.png":     func() ([]byte, error) { return silhouette(96) },
		"favicon.ico":           func() ([]byte, error) { return favicon(tile, 32) },
	} {
		content, err := draw()
		if err != nil {
			return nil, err
		}
		files[name] = content
	}
	return files, nil
}

// silhouette is white where the pieces are and empty elsewhere: of the piece behind, what the gap leaves is a crescent.
func silhouette(side int) ([]byte, error) {
	white := color.RGBA{0xff, 0xff, 0xff, 0xff}
	c := newCanvas(side, side).with(pose{at: point{float64(side) / 2, float64(side) / 2}, scale: float64(side) * 1.3})
	c.fill(white, crescent(point{.12, -.12}, .21, point{-.12, .12}, .25))
	c.fill(white, disc(point{-.12, .12}, .21))
	return encodePNG(c)
}

// crescent is what remains of a disc when another that overlaps it is taken away.
func crescent(center point, radius float64, other point, without float64) shape {
	apart := math.Hypot(other.x-center.x, other.y-center.y)
	toOther := math.Atan2(other.y-center.y, other.x-center.x)
	chord := (apart*apart + radius*radius - without*without) / (2 * apart) // how far from the center the two edges meet
	mine, theirs := math.Acos(chord/radius), math.Acos((apart-chord)/without)
	outer := bow(center, radius, toOther+mine, toOther-mine+2*math.Pi)
	inner := bow(other, without, toOther+math.Pi+theirs, toOther+math.Pi-theirs)
	return shape{append(outer, inner...)}
}

// favicon wraps one picture into the format that browsers ask for by itself.
func favicon(tile func(int) ([]byte, error), side int) ([]byte, error) {
	content, err := tile(side)
	if err != nil {
		return nil, err
	}
	const header = 6 + 16 // the list, and its one entry
	var b bytes.Buffer
	for _, part := range []any{
		[3]uint16{0, 1, 1}, // an icon, one picture
		[4]uint8{uint8(side), uint8(side), 0, 0}, [2]uint16{1, 32}, [2]uint32{uint32(len(content)), header},
	} {
		if err := binary.Write(&b, binary.LittleEndian, part); err != nil {
			return nil, err
		}
	}
	b.Write(content)
	return b.Bytes(), nil
}

func encodePNG(c canvas) ([]byte, error) {
	var b bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&b, c.RGBA); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
