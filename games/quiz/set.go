package quiz

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	strict "github.com/go-json-experiment/json"
)

// Question is a question with what counts as its answer: a line of the file that it comes from.
type Question struct {
	Category string   `json:"category"`
	Text     string   `json:"question"`
	Answer   string   `json:"answer"`           // the one that is revealed
	Accept   []string `json:"accept,omitempty"` // what is as good
	Value    int      `json:"value"`
}

// Set is what a quiz draws its questions from. Make one with [Read].
type Set struct{ questions []Question }

// The limits of a set. Those in bytes keep the state of the longest quiz small, for it is written with every answer.
const (
	minQuestions  = defaultRounds // so that the quiz without any config can be played
	maxCategories = 30
	maxCategory   = 40 // characters
	maxAnswer     = 60 // characters; a guess may be longer
	maxAccept     = 8
	maxValue      = 1000
	maxBytes      = 500 // of a question with all that belongs to it
	usualValue    = 100
)

//go:embed questions.jsonl
var questionsFile string

// builtIn are the questions that come with the program. They may change: a session keeps what it has drawn.
var builtIn = sync.OnceValue(func() Set {
	set, err := Read("questions.jsonl", strings.NewReader(questionsFile))
	if err != nil {
		panic(err)
	}
	return set
})

func (r Rules) set() Set {
	if r.own == nil {
		return builtIn()
	}
	return *r.own
}

// ReadFile reads a file of questions, see [Read].
func ReadFile(path string) (Set, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return Set{}, err
	}
	return Read(path, bytes.NewReader(text))
}

// Read reads questions, a JSON object on each line. Empty lines, and those that begin with #, are for whoever writes
// them. The error names the line at fault, behind the name that the text goes by.
func Read(name string, from io.Reader) (Set, error) {
	text, err := io.ReadAll(from)
	if err != nil {
		return Set{}, fmt.Errorf("%s: %w", name, err)
	}
	var set Set
	asked := map[string]int{} // the line of each question
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	for i, line := range bytes.Split(text, []byte("\n")) {
		line = bytes.TrimSpace(line)
		if len(line) == 0 || line[0] == '#' {
			continue
		}
		q, err := parse(line)
		if err == nil {
			err = set.fits(q, asked)
		}
		if err != nil {
			return Set{}, fmt.Errorf("%s:%d: %w", name, i+1, err)
		}
		asked[q.key()] = i + 1
		set.questions = append(set.questions, q)
	}
	if len(set.questions) < minQuestions {
		return Set{}, fmt.Errorf("%s: a quiz needs %d questions or more, and here are %d", name, minQuestions, len(set.questions))
	}
	return set, nil
}

func parse(line []byte) (Question, error) {
	q := Question{Value: usualValue}
	if !utf8.Valid(line) {
		return q, errors.New("is not UTF-8")
	}
	err := strict.Unmarshal(line, &q, strict.RejectUnknownMembers(true))
	var misfit *strict.SemanticError
	switch {
	case errors.As(err, &misfit) && errors.Is(err, strict.ErrUnknownName):
		return q, fmt.Errorf("there is no member %q: a question has category, question, answer, accept and value", misfit.JSONPointer.LastToken())
	case errors.As(err, &misfit) && misfit.JSONPointer != "":
		return q, fmt.Errorf("%s is of the wrong type", strings.TrimPrefix(string(misfit.JSONPointer), "/"))
	case err != nil:
		return q, fmt.Errorf("is not a JSON object: %s", strings.TrimPrefix(err.Error(), "jsontext: "))
	}
	return q, q.check()
}

// check looks at a question by itself.
func (q Question) check() error {
	switch {
	case strings.TrimSpace(q.Category) == "":
		return errors.New("the category is missing")
	case utf8.RuneCountInString(q.Category) > maxCategory:
		return fmt.Errorf("the category has more than %d characters", maxCategory)
	case strings.TrimSpace(q.Text) == "":
		return errors.New("the question is missing")
	case strings.TrimSpace(q.Answer) == "":
		return errors.New("the answer is missing")
	case len(q.Accept) > maxAccept:
		return fmt.Errorf("more than %d further answers are accepted", maxAccept)
	case q.Value < 1 || q.Value > maxValue:
		return fmt.Errorf("the value is %d, and must be from 1 to %d", q.Value, maxValue)
	}
	for _, answer := range q.answers() {
		if utf8.RuneCountInString(answer) > maxAnswer {
			return fmt.Errorf("the answer %q has more than %d characters", answer, maxAnswer)
		}
		if plain(answer) == "" {
			return fmt.Errorf("the answer %q cannot be met: only letters and digits are compared, without the words a, an, the and of", answer)
		}
	}
	kept, err := json.Marshal(q)
	if err != nil {
		return err
	}
	if len(kept) > maxBytes {
		return fmt.Errorf("the question is too long: it takes %d bytes with its answers, of at most %d", len(kept), maxBytes)
	}
	return nil
}

// fits looks at a question beside those that came before it.
func (s Set) fits(q Question, asked map[string]int) error {
	if line, twice := asked[q.key()]; twice {
		return fmt.Errorf("asks the same as line %d", line)
	}
	known := slices.ContainsFunc(s.questions, func(other Question) bool { return other.Category == q.Category })
	if !known && len(s.Categories()) >= maxCategories {
		return fmt.Errorf("the category %q is one too many: there can be %d", q.Category, maxCategories)
	}
	return nil
}

// key is the same for questions that only look different.
func (q Question) key() string { return strings.Join(strings.Fields(strings.ToLower(q.Text)), " ") }

func (q Question) answers() []string { return append([]string{q.Answer}, q.Accept...) }

func (q Question) accepts(guess string) bool {
	return slices.ContainsFunc(q.answers(), func(answer string) bool { return matches(answer, guess) })
}

// Categories are the set's categories by the alphabet.
func (s Set) Categories() []string {
	var categories []string
	for _, q := range s.questions {
		categories = append(categories, q.Category)
	}
	slices.Sort(categories)
	return slices.Compact(categories)
}

// about are the questions of some categories; of all when none is named.
func (s Set) about(categories []string) []Question {
	if len(categories) == 0 {
		return s.questions
	}
	var found []Question
	for _, q := range s.questions {
		if slices.Contains(categories, q.Category) {
			found = append(found, q)
		}
	}
	return found
}

// draw takes n questions at random, none twice; all when there are fewer.
func draw(from []Question, n int, random *rand.Rand) []Question {
	drawn := []Question{}
	for _, i := range random.Perm(len(from))[:min(n, len(from))] {
		drawn = append(drawn, from[i])
	}
	return drawn
}
