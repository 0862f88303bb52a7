package web

import (
	"image/color"
	"math"
)

// motif is what a game is known by on a picture, drawn around the middle of a disc of radius 230 and its own colour. What
// lies on the disc is paper, and ink where something lies on paper.
type motif struct {
	table color.RGBA
	draw  func(canvas, color.RGBA)
}

// motifOf gives a game without a motif of its own the two pieces that change places.
func motifOf(game string) motif {
	switch game {
	case "tictactoe":
		return motif{accent, drawBoard}
	case "rps":
		return motif{second, drawThrows}
	case "eights":
		return motif{fourth, drawCards}
	case "quest":
		return motif{third, drawShield}
	case "dungeon":
		return motif{ink, drawDoor}
	case "quiz":
		return motif{second, drawQuestion}
	}
	return motif{accent, drawPieces}
}

func drawBoard(c canvas, table color.RGBA) {
	const cell = 128.0
	for _, at := range []float64{-cell / 2, cell / 2} {
		c.fill(faint(ground, .42), stroke(point{at, -1.42 * cell}, point{at, 1.42 * cell}, 15))
		c.fill(faint(ground, .42), stroke(point{-1.42 * cell, at}, point{1.42 * cell, at}, 15))
	}
	cross := func(x, y, size float64) {
		c.fill(ground, stroke(point{x - size, y - size}, point{x + size, y + size}, 23))
		c.fill(ground, stroke(point{x - size, y + size}, point{x + size, y - size}, 23))
	}
	cross(0, 0, 30)
	cross(cell, -cell, 30)
	for _, at := range []point{{-cell, -cell}, {0, cell}} {
		c.fill(ink, ring(at, 34, 22))
	}
}

func drawThrows(c canvas, table color.RGBA) {
	c = c.with(pose{at: point{0, -6}, scale: 1.12})
	rock := c.with(pose{at: point{0, -104}, scale: 1})
	rock.fill(ground, polygon(point{-62, 40}, point{-76, 0}, point{-48, -44}, point{6, -60}, point{58, -38}, point{76, 8}, point{56, 44}, point{-6, 56}))
	rock.fill(faint(table, .28), polygon(point{6, -60}, point{58, -38}, point{76, 8}, point{56, 44}, point{22, 6}))
	rock.fill(faint(table, .5), polygon(point{22, 6}, point{56, 44}, point{-6, 56}, point{-62, 40}))

	sheet := c.with(pose{at: point{-112, 82}, scale: 1, turn: -.14})
	sheet.fill(ground, rounded(point{-54, -68}, 108, 136, 12))
	for i, width := range []float64{68, 68, 42} {
		y := -30 + 30*float64(i)
		sheet.fill(faint(table, .6), stroke(point{-34, y}, point{-34 + width, y}, 8))
	}

	scissors := c.with(pose{at: point{112, 76}, scale: 1, turn: .1})
	for _, side := range []float64{-1, 1} {
		scissors.fill(ground, stroke(point{side * 38, -82}, point{-side * 22, 34}, 19))
		scissors.fill(ground, ring(point{-side * 34, 56}, 23, 15))
	}
	scissors.fill(table, disc(point{0, -8}, 7))
}

func drawCards(c canvas, table color.RGBA) {
	for i, turn := range []float64{-.42, -.09, .24} {
		card := c.with(pose{at: point{6, 236}, scale: 1, turn: turn}).with(pose{at: point{0, -246}, scale: 1})
		card.fill(table, rounded(point{-99, -141}, 198, 282, 29)) // tells it from the one beneath
		card.fill(ground, rounded(point{-92, -134}, 184, 268, 22))
		if i < 2 {
			card.fill(faint([]color.RGBA{second, third}[i], .9), disc(point{-62, -100}, 15))
			continue
		}
		card.fill(accent, ring(point{0, -38}, 31, 24))
		card.fill(accent, ring(point{0, 36}, 40, 26))
		for _, at := range []point{{-62, -102}, {62, 102}} {
			card.fill(accent, polygon(at.plus(0, -19), at.plus(15, 0), at.plus(0, 19), at.plus(-15, 0)))
		}
	}
}

func drawShield(c canvas, table color.RGBA) {
	c.fill(ground, polygon(point{-19, -170}, point{19, -170}, point{19, 196}, point{0, 226}, point{-19, 196}))
	c.fill(faint(table, .35), polygon(point{0, -170}, point{19, -170}, point{19, 196}, point{0, 226}))
	c.fill(ground, stroke(point{-64, -176}, point{64, -176}, 22))
	c.fill(faint(ground, .62), stroke(point{0, -206}, point{0, -196}, 24))
	c.fill(ground, disc(point{0, -226}, 19))

	c.fill(table, shield(1.12))
	c.fill(ground, shield(1))
	c.fill(faint(table, .16), half(shield(1)))
	c.fill(ink, polygon(point{-104, -34}, point{0, -84}, point{104, -34}, point{96, 6}, point{0, -42}, point{-96, 6}))
	c.fill(accent, polygon(point{-88, 34}, point{0, -10}, point{88, 34}, point{70, 70}, point{0, 34}, point{-70, 70}))
}

// shield is broad at its shoulders and ends in a point.
func shield(size float64) shape {
	at := func(x, y float64) point { return point{x * size, y*size + 4*(size-1)} }
	var o outline
	o = append(o, at(0, -148))
	o = append(o, curve(at(0, -148), at(60, -112), at(122, -116))...)
	o = append(o, curve(at(122, -116), at(136, 62), at(0, 158))...)
	o = append(o, curve(at(0, 158), at(-136, 62), at(-122, -116))...)
	o = append(o, curve(at(-122, -116), at(-60, -112), at(0, -148))...)
	return shape{o}
}

// half is what of a shape lies to the right of its middle.
func half(s shape) (right shape) {
	for _, o := range s {
		var kept outline
		for _, q := range o {
			kept = append(kept, point{max(q.x, 0), q.y})
		}
		right = append(right, kept)
	}
	return right
}

func drawDoor(c canvas, table color.RGBA) {
	c = c.with(pose{at: point{0, -14}, scale: 1.2})
	arch := func(width, height float64) shape {
		return shape{append(bow(point{0, -height + width}, width, math.Pi, 2*math.Pi), point{width, 104}, point{-width, 104})}
	}
	c.fill(ground, arch(124, 148))
	for i := range 6 { // stones, with mortar between them
		sin, cos := math.Sincos(math.Pi + math.Pi*(float64(i)+.5)/6)
		c.fill(table, stroke(point{92 * cos, -24 + 92*sin}, point{126 * cos, -24 + 126*sin}, 5))
	}
	for _, y := range []float64{22, 66} {
		c.fill(table, stroke(point{-126, y}, point{126, y}, 5))
	}
	c.fill(table, arch(97, 121))
	c.fill(accent, arch(91, 115))
	c.fill(faint(ink, .34), arch(70, 92))
	c.fill(ink, arch(47, 66))
	for _, side := range []float64{-1, 1} { // somebody is in
		c.fill(ground, disc(point{side * 17, 22}, 9))
		c.fill(ink, disc(point{side*17 - 2, 24}, 4))
	}
	for i, width := range []float64{142, 168} { // steps
		c.fill(faint(ground, 1-.3*float64(i)), rounded(point{-width, 111 + 27*float64(i)}, 2*width, 20, 7))
	}
}

func drawQuestion(c canvas, table color.RGBA) {
	c.fill(ground, rounded(point{-166, -164}, 332, 284, 66))
	c.fill(ground, polygon(point{-92, 106}, point{8, 106}, point{-104, 186}))
	c.fill(table, arc(point{0, -62}, 48, 28, -math.Pi*.94, math.Pi*.5))
	c.fill(table, stroke(point{0, -14}, point{0, 16}, 28))
	c.fill(accent, disc(point{0, 68}, 18))
}

func drawPieces(c canvas, table color.RGBA) {
	c = c.with(pose{scale: 460})
	pieces(c, ground, table, ink)
	for _, turn := range []float64{0, math.Pi} { // the way that each has come
		way := c.with(pose{scale: 1, turn: turn})
		way.fill(faint(ground, .6), arc(point{0, 0}, .40, .022, -math.Pi*.86, -math.Pi*.64))
	}
}
