package quiz

// View shows the question without its answer, how the running round goes without saying for whom, and the round before.
type View struct {
	Rounds       int       `json:"rounds" doc:"How many questions are asked in all." example:"10"`
	RoundSeconds int       `json:"round_seconds" doc:"How many seconds there are for each." example:"20"`
	Question     *Asked    `json:"question,omitempty" doc:"The question of the running round. Absent when the quiz is over."`
	Right        int       `json:"right" doc:"How many right answers the running round has so far." example:"3"`
	Wrong        int       `json:"wrong" doc:"How many wrong answers the running round has so far." example:"1"`
	MyAnswer     *MyAnswer `json:"my_answer,omitempty" doc:"My answer to the running round. Absent until I have given it."`
	Previous     *Reveal   `json:"previous,omitempty" doc:"The round before, with its answer. Absent during the first."`
	Seats        []Score   `json:"seats" doc:"Every seat and its points, in the order of the seats. What the running round brings is added when it ends."`
}

// Asked is a question as everybody may see it.
type Asked struct {
	Round    int    `json:"round" doc:"The number of the round, from 1." example:"4"`
	Category string `json:"category" doc:"What it is about." example:"science"`
	Text     string `json:"text" doc:"The question." example:"Which is the largest planet of the solar system?"`
	Value    int    `json:"value" doc:"The points for a right answer." example:"100"`
}

// MyAnswer is what the viewer has answered.
type MyAnswer struct {
	Answer string `json:"answer" doc:"What I have written." example:"Jupitre"`
	Right  bool   `json:"right" doc:"It is right." example:"true"`
}

// Reveal is a round that is over.
type Reveal struct {
	Asked
	Answer  string `json:"answer" doc:"The answer." example:"Jupiter"`
	Right   int    `json:"right" doc:"How many were right." example:"5"`
	Wrong   int    `json:"wrong" doc:"How many were wrong." example:"2"`
	Absent  int    `json:"absent" doc:"How many were asked and did not answer." example:"1"`
	Scorers []int  `json:"scorers" doc:"The seats that were right." example:"[0,2,3,6,7]"`
}

// Score is a seat as everybody may see it.
type Score struct {
	Seat   int    `json:"seat" doc:"The number of the seat." example:"2"`
	Score  int    `json:"score" doc:"Its points." example:"700"`
	Status string `json:"status" doc:"playing; away after three rounds in a row without an answer, until its player joins again; or left for good." example:"playing"`
}

// The words for a seat's status.
const (
	playing = "playing"
	away    = "away"
	left    = "left"
)

func (Rules) View(s State, seat int) View {
	v := View{
		Rounds: s.Rounds, RoundSeconds: s.RoundSeconds, Question: s.asked(), Previous: s.Previous,
		Seats: make([]Score, len(s.Seats)),
	}
	for i, p := range s.Seats {
		v.Seats[i] = Score{Seat: i, Score: p.Score, Status: p.status()}
		if p.Answer == "" {
			continue
		}
		if p.Right {
			v.Right++
		} else {
			v.Wrong++
		}
		if i == seat {
			v.MyAnswer = &MyAnswer{Answer: p.Answer, Right: p.Right}
		}
	}
	return v
}

// asked is the running question; nil when the quiz is over.
func (s State) asked() *Asked {
	if len(s.Questions) == 0 {
		return nil
	}
	q := s.Questions[0]
	return &Asked{Round: s.Round, Category: q.Category, Text: q.Text, Value: q.Value}
}

func (p Seat) status() string {
	switch {
	case p.Left:
		return left
	case p.Away:
		return away
	}
	return playing
}
