package quiz

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// lines are n good questions.
func lines(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "{\"category\":\"c\",\"question\":\"Question %d?\",\"answer\":\"answer %d\"}\n", i, i)
	}
	return b.String()
}

func read(t *testing.T, text string) Set {
	t.Helper()
	set, err := Read("test.jsonl", strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func TestABadFileIsRefusedWithItsLine(t *testing.T) {
	good := func(members string) string {
		return `{"category":"c","question":"Why?","answer":"Because"` + members + `}`
	}
	for name, c := range map[string]struct{ line, says string }{
		"no JSON":              {`Why? Because.`, "is not a JSON object"},
		"a list":               {`["Why?","Because"]`, "is not a JSON object"},
		"cut off":              {`{"category":"c","question":"Why?"`, "is not a JSON object"},
		"something behind":     {good("") + " x", "is not a JSON object"},
		"a member twice":       {good(`,"answer":"So"`), `duplicate object member name "answer"`},
		"an unknown member":    {good(`,"anwser":"So"`), `no member "anwser"`},
		"a capital letter":     {`{"Category":"c","question":"Why?","answer":"Because"}`, `no member "Category"`},
		"a number for a text":  {`{"category":"c","question":"Why?","answer":42}`, "answer is of the wrong type"},
		"a text for a list":    {good(`,"accept":"So"`), "accept is of the wrong type"},
		"half a point":         {good(`,"value":0.5`), "value is of the wrong type"},
		"nothing":              {`null`, "the category is missing"},
		"no category":          {`{"question":"Why?","answer":"Because"}`, "the category is missing"},
		"no question":          {`{"category":"c","answer":"Because"}`, "the question is missing"},
		"an empty question":    {`{"category":"c","question":" ","answer":"Because"}`, "the question is missing"},
		"no answer":            {`{"category":"c","question":"Why?"}`, "the answer is missing"},
		"an empty answer":      {`{"category":"c","question":"Why?","answer":""}`, "the answer is missing"},
		"an answer of no use":  {`{"category":"c","question":"Why?","answer":"The A of"}`, "cannot be met"},
		"marks for an answer":  {`{"category":"c","question":"Why?","answer":"?!"}`, "cannot be met"},
		"an empty further one": {good(`,"accept":["So",""]`), "cannot be met"},
		"a long answer":        {`{"category":"c","question":"Why?","answer":"` + strings.Repeat("x", 61) + `"}`, "more than 60 characters"},
		"a long category":      {`{"category":"` + strings.Repeat("x", 41) + `","question":"Why?","answer":"So"}`, "more than 40 characters"},
		"a long question":      {`{"category":"c","question":"` + strings.Repeat("x", 500) + `","answer":"So"}`, "of at most 500"},
		"many answers":         {good(`,"accept":["1","2","3","4","5","6","7","8","9"]`), "more than 8 further answers"},
		"no points":            {good(`,"value":0`), "the value is 0"},
		"too many points":      {good(`,"value":1001`), "the value is 1001"},
		"another encoding":     {"{\"category\":\"c\",\"question\":\"Why?\",\"answer\":\"caf\xe9\"}", "is not UTF-8"},
		"the same again":       {`{"category":"d","question":" question  3? ","answer":"So"}`, "asks the same as line 6"},
	} {
		t.Run(name, func(t *testing.T) {
			text := "# for the test\n\n" + lines(12) + c.line + "\n" + good("") + "\n"
			_, err := Read("mine.jsonl", strings.NewReader(text))
			if err == nil || !strings.HasPrefix(err.Error(), "mine.jsonl:15: ") || !strings.Contains(err.Error(), c.says) {
				t.Errorf("the error is %v, want mine.jsonl:15: … %s", err, c.says)
			}
		})
	}
}

func TestAFileOfTooFewQuestionsIsRefused(t *testing.T) {
	_, err := Read("mine.jsonl", strings.NewReader("# nothing yet\n"+lines(9)))
	if err == nil || err.Error() != "mine.jsonl: a quiz needs 10 questions or more, and here are 9" {
		t.Errorf("the error is %v", err)
	}
}

func TestAFileOfTooManyCategoriesIsRefused(t *testing.T) {
	var text strings.Builder
	for i := range 31 {
		fmt.Fprintf(&text, "{\"category\":\"c%d\",\"question\":\"Question %d?\",\"answer\":\"So\"}\n", i, i)
	}
	_, err := Read("mine.jsonl", strings.NewReader(text.String()))
	if err == nil || !strings.HasPrefix(err.Error(), `mine.jsonl:31: the category "c30" is one too many`) {
		t.Errorf("the error is %v", err)
	}
}

func TestAFileMayBeWrittenOnAnyMachine(t *testing.T) {
	text := "\ufeff# from Windows\r\n\r\n" + strings.ReplaceAll(lines(10), "\n", "\r\n") +
		`  {"category":"c","question":"Last?","answer":"yes","accept":["sure"],"value":300}  `
	set := read(t, text)
	if len(set.questions) != 11 {
		t.Fatalf("%d questions are read, want 11", len(set.questions))
	}
	first, last := set.questions[0], set.questions[10]
	if first.Value != 100 {
		t.Errorf("a question without a value is worth %d, want 100", first.Value)
	}
	if last.Value != 300 || !last.accepts("yes") || !last.accepts("Sure!") || last.accepts("no") {
		t.Errorf("the last question is read as %+v", last)
	}
}

func TestReadFileNamesTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mine.jsonl")
	if _, err := ReadFile(path); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("a file that is not there: %v", err)
	}
	if err := os.WriteFile(path, []byte(lines(10)+"oops\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadFile(path); err == nil || !strings.HasPrefix(err.Error(), path+":11: ") {
		t.Errorf("a file with a bad line: %v", err)
	}
	if err := os.WriteFile(path, []byte(lines(10)), 0o600); err != nil {
		t.Fatal(err)
	}
	if set, err := ReadFile(path); err != nil || len(set.questions) != 10 {
		t.Errorf("a good file: %d questions, %v", len(set.questions), err)
	}
}

// The questions that come with the program.

func TestThereAreEnoughQuestionsOfEachKind(t *testing.T) {
	values, categories := map[int]int{}, map[string]int{}
	for _, q := range builtIn().questions {
		values[q.Value]++
		categories[q.Category]++
	}
	if n := len(builtIn().questions); n < 200 {
		t.Errorf("there are %d questions, want 200", n)
	}
	for _, value := range []int{100, 200, 300} {
		if values[value] < 50 {
			t.Errorf("%d questions are worth %d, want 50", values[value], value)
		}
	}
	if len(values) != 3 {
		t.Errorf("the values are %v, want three", values)
	}
	for category, n := range categories {
		if n < 20 {
			t.Errorf("%d questions are about %s, want 20", n, category)
		}
	}
}

// A guess cannot be right for two questions: nobody gets a point for a mix-up, and no answer gives another away.
func TestNoAnswerIsRightForTwoQuestions(t *testing.T) {
	questions := builtIn().questions
	for i, q := range questions {
		for _, other := range questions[:i] {
			for _, answer := range q.answers() {
				if other.accepts(answer) {
					t.Errorf("%q answers %q and %q", answer, q.Text, other.Text)
				}
			}
		}
	}
}

func TestNoQuestionHoldsItsAnswer(t *testing.T) {
	words := func(text string) string { return " " + strings.Join(strings.FieldsFunc(fold(text), apart), " ") + " " }
	for _, q := range builtIn().questions {
		for _, answer := range q.answers() {
			if strings.Contains(words(q.Text), words(answer)) {
				t.Errorf("%q holds its answer %q", q.Text, answer)
			}
		}
	}
}

func TestEveryQuestionAcceptsItsAnswers(t *testing.T) {
	for _, q := range builtIn().questions {
		for _, answer := range q.answers() {
			if !q.accepts(strings.ToUpper(answer)) {
				t.Errorf("%q does not accept %q", q.Text, answer)
			}
		}
		for i, answer := range q.Accept {
			if plain(q.Answer) == plain(answer) {
				t.Errorf("%q need not accept %q, which is its answer", q.Text, answer)
			}
			for _, other := range q.Accept[:i] {
				if plain(other) == plain(answer) {
					t.Errorf("%q accepts %q twice", q.Text, answer)
				}
			}
		}
		if !strings.HasSuffix(q.Text, "?") {
			t.Errorf("%q is no question", q.Text)
		}
	}
}

// The file can be read back from what is read of it: nothing in it is dropped.
func TestQuestionsSurviveTheState(t *testing.T) {
	for _, q := range builtIn().questions {
		kept, err := json.Marshal(q)
		if err != nil {
			t.Fatal(err)
		}
		again, err := parse(kept)
		if err != nil || fmt.Sprint(again) != fmt.Sprint(q) {
			t.Errorf("%+v is kept as %s and read as %+v, %v", q, kept, again, err)
		}
	}
}
