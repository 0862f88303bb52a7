package web

import (
	"image/color"
	"math"
	"testing"
)

// However far a shape reaches over the edges, what lies on the picture is drawn where it belongs.
func TestShapesMayReachOverEveryEdge(t *testing.T) {
	paint := color.RGBA{200, 100, 50, 255}
	for name, middle := range map[string]point{"left": {0, 40}, "right": {100, 40}, "top": {50, 0}, "bottom": {50, 80}, "corner": {100, 80}} {
		c := newCanvas(100, 80)
		c.ground(ground)
		c.fill(paint, disc(middle, 30))
		for y := range 80 {
			for x := range 100 {
				far := math.Hypot(float64(x)+.5-middle.x, float64(y)+.5-middle.y)
				if got := c.RGBAAt(x, y); far < 28 && got != paint || far > 32 && got != ground {
					t.Fatalf("%s: at %d, %d, %.0f from the middle, stands %v", name, x, y, far, got)
				}
			}
		}
	}
}
