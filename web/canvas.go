package web

import (
	"image"
	"image/color"
	"image/draw"
	"math"

	"golang.org/x/image/vector"
)

// point is a place in a drawing: x to the right, y downwards.
type point struct{ x, y float64 }

func (p point) plus(x, y float64) point { return point{p.x + x, p.y + y} }

// pose is where and how a shape is put on a canvas: turned, scaled and then moved.
type pose struct {
	at    point
	scale float64
	turn  float64 // radians, clockwise
}

func (p pose) place(q point) point {
	sin, cos := math.Sincos(p.turn)
	return point{p.at.x + p.scale*(q.x*cos-q.y*sin), p.at.y + p.scale*(q.x*sin+q.y*cos)}
}

// outline is a closed line around an area. Curves are made of short lines, so that it can be turned and measured with ease.
type outline []point

// shape is one or more outlines. What runs clockwise is filled, and what runs the other way within it is cut out.
type shape []outline

// canvas is a picture that shapes are filled on, with smooth edges.
type canvas struct {
	*image.RGBA
	pose
}

func newCanvas(width, height int) canvas {
	return canvas{image.NewRGBA(image.Rect(0, 0, width, height)), pose{scale: 1}}
}

// with is the same picture, drawn on in another pose: the given one within the current.
func (c canvas) with(p pose) canvas {
	c.pose = pose{at: c.place(p.at), scale: c.scale * p.scale, turn: c.turn + p.turn}
	return c
}

// ground fills the whole picture.
func (c canvas) ground(paint color.RGBA) {
	draw.Draw(c.RGBA, c.Bounds(), image.NewUniform(paint), image.Point{}, draw.Src)
}

// fill paints a shape. The work is done for its own rectangle and not for the whole picture, which is what makes a picture
// of fifty shapes cheap.
func (c canvas) fill(paint color.RGBA, s shape) {
	low, high := point{math.Inf(1), math.Inf(1)}, point{math.Inf(-1), math.Inf(-1)}
	placed := make(shape, len(s))
	for i, o := range s {
		for _, q := range o {
			q = c.place(q)
			placed[i] = append(placed[i], q)
			low = point{min(low.x, q.x), min(low.y, q.y)}
			high = point{max(high.x, q.x), max(high.y, q.y)}
		}
	}
	box := image.Rect(int(math.Floor(low.x)), int(math.Floor(low.y)), int(math.Ceil(high.x)), int(math.Ceil(high.y))).Intersect(c.Bounds())
	if box.Empty() {
		return
	}
	r := vector.NewRasterizer(box.Dx(), box.Dy())
	for _, o := range placed {
		for i, q := range o {
			x, y := float32(q.x-float64(box.Min.X)), float32(q.y-float64(box.Min.Y))
			if i == 0 {
				r.MoveTo(x, y)
				continue
			}
			r.LineTo(x, y)
		}
		r.ClosePath()
	}
	r.Draw(c.RGBA, box, image.NewUniform(paint), image.Point{})
}

// faint is a colour that lets through what is beneath, by a share from 0 to 1.
func faint(paint color.RGBA, share float64) color.RGBA {
	part := func(v uint8) uint8 { return uint8(math.Round(float64(v) * share)) }
	return color.RGBA{part(paint.R), part(paint.G), part(paint.B), part(paint.A)}
}

// steps is of how many lines a whole turn is made: enough that no corner is seen on the largest disc.
const steps = 180

// bow is a piece of a circle, from one angle to another.
func bow(center point, radius, from, to float64) outline {
	n := max(2, int(math.Ceil(math.Abs(to-from)/(2*math.Pi)*steps)))
	o := make(outline, 0, n+1)
	for i := range n + 1 {
		sin, cos := math.Sincos(from + (to-from)*float64(i)/float64(n))
		o = append(o, center.plus(radius*cos, radius*sin))
	}
	return o
}

func disc(center point, radius float64) shape { return shape{bow(center, radius, 0, 2*math.Pi)} }

func ring(center point, radius, width float64) shape {
	return shape{bow(center, radius+width/2, 0, 2*math.Pi), bow(center, radius-width/2, 2*math.Pi, 0)}
}

// arc is a piece of a ring with round ends.
func arc(center point, radius, width, from, to float64) shape {
	ends := func(angle float64) point {
		sin, cos := math.Sincos(angle)
		return center.plus(radius*cos, radius*sin)
	}
	band := append(bow(center, radius+width/2, from, to), bow(center, radius-width/2, to, from)...)
	return append(append(shape{band}, disc(ends(from), width/2)...), disc(ends(to), width/2)...)
}

// stroke is a straight line with round ends.
func stroke(from, to point, width float64) shape {
	along := math.Atan2(to.y-from.y, to.x-from.x)
	return shape{append(bow(to, width/2, along-math.Pi/2, along+math.Pi/2), bow(from, width/2, along+math.Pi/2, along+3*math.Pi/2)...)}
}

// rounded is a rectangle with round corners.
func rounded(corner point, width, height, radius float64) shape {
	var o outline
	for i, center := range []point{
		corner.plus(width-radius, height-radius), corner.plus(radius, height-radius), corner.plus(radius, radius), corner.plus(width-radius, radius),
	} {
		from := float64(i) * math.Pi / 2
		o = append(o, bow(center, radius, from, from+math.Pi/2)...)
	}
	return shape{o}
}

func polygon(corners ...point) shape { return shape{corners} }

// curve is a line from one point to another, bent towards a third.
func curve(from, towards, to point) (o outline) {
	for i := range steps/6 + 1 {
		t := float64(i) / (steps / 6)
		a, b, c := (1-t)*(1-t), 2*t*(1-t), t*t
		o = append(o, point{a*from.x + b*towards.x + c*to.x, a*from.y + b*towards.y + c*to.y})
	}
	return o
}
