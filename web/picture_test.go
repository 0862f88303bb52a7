package web

import (
	"fmt"
	"image"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func newSite(t *testing.T, name string) *Site {
	t.Helper()
	s, err := New(name)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func pictureOf(t *testing.T, s *Site, i Invitation) *image.RGBA {
	t.Helper()
	drawn, err := s.Picture(i)
	if err != nil {
		t.Fatal(err)
	}
	return decodePNG(t, drawn)
}

// shown are the invitations whose pictures are in the docs, by the names of their files.
var shown = map[string]Invitation{
	"any":       {},
	"tictactoe": {Game: "tictactoe", Title: "Tic-tac-toe", Host: "Brisk Otter", SeatsFree: 1, TurnSeconds: 86400},
	"rps":       {Game: "rps", Title: "Rock-paper-scissors", Host: "Calm Heron", SeatsFree: 1, TurnSeconds: 3600},
	"eights":    {Game: "eights", Title: "Crazy eights", Host: "Ada", SeatsFree: 3, TurnSeconds: 43200},
	"quest":     {Game: "quest", Title: "Quest", Host: "Zoë Müller", SeatsFree: 2, TurnSeconds: 259200},
	"dungeon":   {Game: "dungeon", Title: "Dungeon", Host: "Mossy Newt", SeatsFree: 3, TurnSeconds: 86400},
	"quiz":      {Game: "quiz", Title: "Quiz", Host: "Gentle Badger", SeatsFree: 40, TurnSeconds: 20, Begun: true},
	"other":     {Game: "bidding", Title: "Bidding", Host: "Swift Marten", TurnSeconds: 90},
}

// The pictures in the docs are what a chat shows today.
func TestPicturesOfTheDocsAreCurrent(t *testing.T) {
	s := newSite(t, "Yourturn")
	for name, i := range shown {
		drawn, err := s.Picture(i)
		if err != nil {
			t.Fatal(err)
		}
		current(t, filepath.Join("..", "docs", "pictures", "preview-"+name+".png"), drawn)
	}
}

// A picture has the size that its page says, and each game has one of its own, also where all else is the same.
func TestPictureOfEachGame(t *testing.T) {
	s := newSite(t, "Yourturn")
	drawn := map[string]*image.RGBA{}
	for _, i := range shown {
		i = Invitation{Game: i.Game, Title: "A game", SeatsFree: 1, TurnSeconds: 60}
		picture := pictureOf(t, s, i)
		if size := picture.Bounds().Size(); size != image.Pt(PictureWidth, PictureHeight) {
			t.Errorf("%s is drawn in %v", i.Game, size)
		}
		for other, before := range drawn {
			if alike(picture, before) {
				t.Errorf("%s and %s look the same", i.Game, other)
			}
		}
		drawn[i.Game] = picture
	}
	if alike(drawn["bidding"], pictureOf(t, s, Invitation{Game: "bidding", Title: "A game", SeatsFree: 2, TurnSeconds: 60})) {
		t.Error("a picture does not show how many seats are free")
	}
}

// A name that the letters cannot write is left out, whoever's it is. So is what would turn the direction of a line.
func TestPictureHasNoBoxes(t *testing.T) {
	i := shown["tictactoe"]
	i.Host = ""
	s := newSite(t, "Yourturn")
	nameless := pictureOf(t, s, i)
	for _, name := range []string{"まなみ", "Ben 🦊", "שלום", "\u202e", "\u0000"} {
		i.Host = name
		if !alike(pictureOf(t, s, i), nameless) {
			t.Errorf("%q is written", name)
		}
	}
	i.Host = "Ada\u202e\u0007"
	withMarks := pictureOf(t, s, i)
	i.Host = "Ada"
	if !alike(withMarks, pictureOf(t, s, i)) {
		t.Error("marks of direction leave a trace")
	}
	i = shown["tictactoe"]
	if !alike(pictureOf(t, newSite(t, "ゲーム"), i), pictureOf(t, newSite(t, ""), i)) {
		t.Error("the server's name is written in boxes")
	}
}

// However long names are, nothing is written where the game is drawn.
func TestLongNamesEndBeforeTheTable(t *testing.T) {
	long := strings.Repeat("W", 32)
	s, short := newSite(t, long), newSite(t, "Y")
	i := Invitation{Game: "bidding", Title: long, Host: long, SeatsFree: 1, TurnSeconds: 1234567}
	j := Invitation{Game: "bidding", Title: "B", Host: "A", SeatsFree: 1, TurnSeconds: 60}
	wide, narrow := pictureOf(t, s, i), pictureOf(t, short, j)
	written := 0
	for y := range PictureHeight {
		for x := range PictureWidth {
			same := wide.RGBAAt(x, y) == narrow.RGBAAt(x, y)
			if !same {
				written++
			}
			if right := int(margin + textWidth + 4); x > right && !same {
				t.Fatalf("at %d, %d something is written", x, y)
			}
		}
	}
	if written == 0 {
		t.Error("nothing is written")
	}
}

// What was asked for last is not drawn again, and of what nobody asks for any more nothing is kept.
func TestFewPicturesAreKept(t *testing.T) {
	drawn := map[string]int{}
	a := &album{draw: func(i Invitation) ([]byte, error) {
		drawn[i.Title]++
		return []byte(i.Title), nil
	}}
	for n := range 3 * keptPictures {
		for _, title := range []string{fmt.Sprint(n), "often", fmt.Sprint(n)} {
			if got, err := a.picture(Invitation{Title: title}); err != nil || string(got) != title {
				t.Fatalf("for %s comes %s (%v)", title, got, err)
			}
		}
	}
	for title, times := range drawn {
		if times != 1 {
			t.Errorf("%s is drawn %d times", title, times)
		}
	}
	if len(a.kept) != keptPictures {
		t.Errorf("%d pictures are kept", len(a.kept))
	}
	if _, err := a.picture(Invitation{Title: "0"}); err != nil || drawn["0"] != 2 {
		t.Errorf("the first one is still there (%v)", err)
	}
}

// Many may ask at once, for the same and for others, and each gets their own.
func TestPicturesForMany(t *testing.T) {
	s := newSite(t, "Yourturn")
	var all sync.WaitGroup
	for range 2 {
		for name, i := range shown {
			all.Go(func() {
				drawn, err := s.Picture(i)
				if err != nil {
					t.Error(err)
					return
				}
				kept, err := os.ReadFile(filepath.Join("..", "docs", "pictures", "preview-"+name+".png"))
				if err != nil || !alike(decodePNG(t, drawn), decodePNG(t, kept)) {
					t.Errorf("%s is drawn otherwise (%v)", name, err)
				}
			})
		}
	}
	all.Wait()
}

func BenchmarkPicture(b *testing.B) {
	p, err := newPainter("Yourturn")
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := p.draw(shown["quest"]); err != nil {
			b.Fatal(err)
		}
	}
}
