// Command example lets two players play tic-tac-toe against each other on a server, as two phones would: each finds the
// other with a ticket, is told by its own feed when it must move, and moves.
//
//	go run ./cmd/yourturn serve
//	go run ./openapi/go/example http://127.0.0.1:8080
//
// Kill the server in the middle and start it again: the game goes on, and each move has been taken once.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"

	"yourturn/openapi/go/client"
	"yourturn/openapi/go/wire"
)

func main() {
	address := "http://127.0.0.1:8080"
	if len(os.Args) > 1 {
		address = os.Args[1]
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := game(ctx, address, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// game is over when both players have been told so.
func game(ctx context.Context, address string, out io.Writer) error {
	ended := make(chan error, 2)
	for _, name := range []string{"Ann", "Bob"} {
		go func() { ended <- play(ctx, address, name, out) }()
	}
	return errors.Join(<-ended, <-ended)
}

// play is all that one of the two phones does.
func play(ctx context.Context, address, name string, out io.Writer) error {
	me, err := client.Connect(ctx, address, client.Options{Profile: wire.PlayerRequest{DisplayName: name}})
	if err != nil {
		return err
	}
	wish := wire.TicketRequest{Game: "tictactoe", TurnSeconds: new(int64(600))}
	if _, err := me.API.CreateTicketWithResponse(ctx, nil, wish); err != nil {
		return err
	}
	for message, err := range me.MessagesAfter(ctx, 0) {
		if err != nil {
			return err
		}
		over, err := turn(ctx, me, message, name, out)
		if err != nil || over {
			return err
		}
		// Somebody looks at the output, so this has been seen.
		if err := me.Seen(ctx, message.Seq); err != nil {
			return err
		}
	}
	return nil
}

// turn does what a message asks for. A message says that something happened; the session says how it is now.
func turn(ctx context.Context, me *client.Client, message client.Message, name string, out io.Writer) (over bool, err error) {
	if message.SessionID == "" {
		return false, nil
	}
	read, err := me.API.GetSessionWithResponse(ctx, message.SessionID, nil)
	if err != nil {
		return false, err
	}
	session := read.JSON200
	if session.YourTurn {
		number := session.Turn // here each turn has one move
		session, err = me.Play(ctx, session, session.LegalMoves[0])
		if err != nil {
			return false, err
		}
		view, err := client.View[wire.TicTacToeView](session)
		if err != nil {
			return false, err
		}
		fmt.Fprintf(out, "move %d by %s\n%s", number, name, board(view))
	}
	if session.Status != "finished" {
		return false, nil
	}
	return true, tell(ctx, me, session, name, out)
}

// tell is left to the winner; after a draw, to the first seat.
func tell(ctx context.Context, me *client.Client, session *wire.Session, name string, out io.Writer) error {
	said := name + " won"
	teller := session.Result.Winners
	if len(teller) == 0 {
		said, teller = "a draw", []int64{0}
	}
	if *session.YourSeat != teller[0] {
		return nil
	}
	history, err := me.API.ListEventsWithResponse(ctx, session.ID, &wire.ListEventsParams{Limit: new(int64(100))})
	if err != nil {
		return err
	}
	moves := 0
	for _, event := range history.JSON200.Items {
		if event.Kind == "move" {
			moves++
		}
	}
	fmt.Fprintf(out, "%s after %d moves, session %s\n", said, moves, session.ID)
	return nil
}

func board(view wire.TicTacToeView) string {
	var rows strings.Builder
	for i, mark := range view.Board {
		if mark == "" {
			mark = "."
		}
		rows.WriteString(" " + mark)
		if (int64(i)+1)%view.Size == 0 {
			rows.WriteString("\n")
		}
	}
	return rows.String()
}
