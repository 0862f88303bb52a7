package web

import (
	"bytes"
	"image/png"
	"slices"
	"sync"
)

// The size that chats show whole.
const (
	PictureWidth  = 1200
	PictureHeight = 630
)

// keptPictures is of how many invitations the pictures are kept: some 60 kB each.
const keptPictures = 64

// album has pictures drawn one at a time: however many ask, they cost one core, and who asks for what was drawn a moment
// ago is given that.
type album struct {
	draw func(Invitation) ([]byte, error)

	mu   sync.Mutex
	kept []keptPicture // the most recently asked for at the end
}

type keptPicture struct {
	of  Invitation
	png []byte
}

// picture is an invitation as a PNG.
func (a *album) picture(i Invitation) ([]byte, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	at := slices.IndexFunc(a.kept, func(k keptPicture) bool { return k.of == i })
	if at >= 0 {
		found := a.kept[at]
		a.kept = append(slices.Delete(a.kept, at, at+1), found)
		return found.png, nil
	}
	drawn, err := a.draw(i)
	if err != nil {
		return nil, err
	}
	if len(a.kept) == keptPictures {
		a.kept = slices.Delete(a.kept, 0, 1)
	}
	a.kept = append(a.kept, keptPicture{i, drawn})
	return drawn, nil
}

// painter draws the pictures of one server's invitations.
type painter struct {
	server  string
	letters typeface
}

func newPainter(server string) (*painter, error) {
	letters, err := newTypeface()
	if err != nil {
		return nil, err
	}
	return &painter{server: server, letters: letters}, nil
}

// Where things stand on a picture.
const (
	margin    = 84.0
	textWidth = 572.0
	seatsAt   = 478.0 // the middle of the seats
	footLine  = 552.0
)

func (p *painter) draw(i Invitation) ([]byte, error) {
	c := newCanvas(PictureWidth, PictureHeight)
	c.ground(ground)
	m := motifOf(i.Game)
	table := c.with(pose{at: point{1004, 315}, scale: 1})
	table.fill(faint(m.table, .08), disc(point{}, 346))
	table.fill(m.table, disc(point{}, 290))
	m.draw(table.with(pose{at: point{-24, 0}, scale: 1}), m.table) // where the middle of what is seen of the table is

	drawLogo(c, point{margin + 26, 106}, 52)
	if err := p.write(c, lettering{p.server, p.letters.regular, 30, soft}, point{margin + 72, 117}); err != nil {
		return nil, err
	}
	if err := p.title(c, i.plain(p.letters), m); err != nil {
		return nil, err
	}
	drawSeats(c, i, m)
	if err := p.write(c, lettering{i.foot(), p.letters.regular, 31, soft}, point{margin, footLine}); err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := png.Encode(&b, c.RGBA); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// write writes one small line, if it can be written.
func (p *painter) write(c canvas, l lettering, at point) error {
	if !p.letters.knows(l.text) {
		return nil
	}
	l, err := l.fitted(margin+textWidth-at.x, l.size*.8)
	if err != nil {
		return err
	}
	return l.write(c, at)
}

// title writes in three lines who invites to what, around the middle of the picture.
func (p *painter) title(c canvas, i Invitation, m motif) error {
	above, between, below := i.heading()
	lines := []lettering{
		{above, p.letters.bold, 76, ink}, {between, p.letters.regular, 42, soft}, {below, p.letters.bold, 76, m.table},
	}
	height := 0.0
	for n := range lines {
		var err error
		if lines[n], err = lines[n].fitted(textWidth, 50); err != nil {
			return err
		}
		if lines[n].text != "" {
			height += lines[n].size * lineHeight
		}
	}
	y := 290 - height/2
	for _, l := range lines {
		if l.text == "" {
			continue
		}
		y += l.size * lineHeight
		if err := l.write(c, point{margin - l.size*.05, y - l.size*.28}); err != nil {
			return err
		}
	}
	return nil
}

const lineHeight = 1.24

// mostDiscs is how many free seats are drawn; a table with more of them looks the same.
const mostDiscs = 9

// drawSeats draws who is there as one disc, and beside it a place for each that is free.
func drawSeats(c canvas, i Invitation, m motif) {
	if i.Game == "" || i.SeatsFree == 0 {
		return
	}
	c.fill(m.table, disc(point{margin + 22, seatsAt}, 22))
	for n := range min(i.SeatsFree, mostDiscs) {
		at := point{margin + 22 + 58*float64(n+1), seatsAt}
		c.fill(faint(m.table, .10), disc(at, 22))
		c.fill(faint(m.table, .65), ring(at, 20, 4))
	}
}
