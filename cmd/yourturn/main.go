// Command yourturn is the server with the games of this repository, and what administrators need beside it.
package main

import (
	"fmt"
	"os"

	"yourturn/games/dungeon"
	"yourturn/games/eights"
	"yourturn/games/quest"
	"yourturn/games/quiz"
	"yourturn/games/rps"
	"yourturn/games/tictactoe"
	"yourturn/server"
)

func main() {
	questions, err := quizRules()
	if err != nil {
		fmt.Fprintln(os.Stderr, "yourturn:", err)
		os.Exit(1)
	}
	server.Main(
		server.Game(tictactoe.Rules{}),
		server.Game(rps.Rules{}),
		server.Game(eights.Rules{}),
		server.Game(quest.Rules{}),
		server.Game(dungeon.Rules{}),
		server.Game(questions),
	)
}

// quizRules ask the questions of the file that the operator names, or those that come with the program.
func quizRules() (quiz.Rules, error) {
	file := os.Getenv("YOURTURN_QUIZ_QUESTIONS")
	if file == "" {
		return quiz.Rules{}, nil
	}
	set, err := quiz.ReadFile(file)
	if err != nil {
		return quiz.Rules{}, fmt.Errorf("YOURTURN_QUIZ_QUESTIONS: %w", err)
	}
	return quiz.With(set), nil
}
