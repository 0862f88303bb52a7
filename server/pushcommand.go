package server

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"time"

	"yourturn/notify"
	"yourturn/notify/webpush"
	"yourturn/store"
)

// pushCommand is what operators ask about pushes.
type pushCommand struct {
	Why whyCommand `cmd:"" help:"Say why a player got pushes of a session, or got none."`
	Key keyCommand `cmd:"" help:"Make a key pair for Web Push."`
}

type keyCommand struct{}

func (keyCommand) Run(env environment) error {
	private, err := webpush.NewKey()
	if err != nil {
		return err
	}
	public, err := webpush.PublicKey(private)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(env.out, "YOURTURN_VAPID_KEY=%s\n# its public half, which getServer shows: %s\n", private, public)
	return err
}

type whyCommand struct {
	databaseFlag
	Player  string `required:"" help:"The player's id."`
	Session string `help:"Only what is about this session."`
}

// whyLot is how many rows are read at a time.
const whyLot = 1000

func (c *whyCommand) Run(ctx context.Context, env environment) error {
	db, err := store.Open(c.Database, store.Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	defer db.Close()
	w := &why{player: notify.PlayerID(c.Player), session: c.Session, out: env.out}
	if err := w.read(ctx, db); err != nil {
		return err
	}
	w.print()
	return nil
}

// why is all that is known of a player's pushes.
type why struct {
	player  notify.PlayerID
	session string
	out     io.Writer

	devices    []notify.Device
	messages   []notify.Message
	notices    []notify.Notice
	deliveries []notify.Delivery // oldest first
}

func (w *why) read(ctx context.Context, db *store.DB) (err error) {
	if w.devices, err = db.Devices(ctx, w.player); err != nil {
		return err
	}
	if w.notices, err = db.NoticesOf(ctx, w.player); err != nil {
		return err
	}
	for after := int64(0); ; {
		lot, err := db.Messages(ctx, w.player, after, whyLot)
		if err != nil {
			return err
		}
		if len(lot) == 0 {
			break
		}
		after = lot[len(lot)-1].Seq
		w.messages = append(w.messages, lot...)
	}
	for before := notify.DeliveryID(""); ; {
		lot, err := db.Deliveries(ctx, w.player, before, whyLot)
		if err != nil {
			return err
		}
		if len(lot) == 0 {
			break
		}
		before = lot[len(lot)-1].ID
		w.deliveries = append(w.deliveries, lot...)
	}
	slices.Reverse(w.deliveries)
	return nil
}

func (w *why) print() {
	if len(w.devices) == 0 {
		fmt.Fprintln(w.out, "The player has no device now.")
	}
	for _, d := range w.devices {
		fmt.Fprintf(w.out, "device %s: %s, registered %s%s\n", d.ID, d.Channel, d.Registered.Format(time.RFC3339), resting(d))
	}
	for _, m := range w.messages {
		if w.session != "" && m.Session != w.session {
			continue
		}
		fmt.Fprintf(w.out, "\n%d  %s  %s", m.Seq, m.At.Format(time.RFC3339), m.Kind)
		if m.Session != "" {
			fmt.Fprintf(w.out, "  session %s, turn %d", m.Session, m.Turn)
		}
		fmt.Fprintln(w.out)
		w.printPushes(m)
	}
	if w.session == "" && slices.ContainsFunc(w.deliveries, isTest) {
		fmt.Fprintln(w.out, "\ntests")
		for _, d := range w.deliveries {
			if isTest(d) {
				w.printDelivery(d)
			}
		}
	}
}

func isTest(d notify.Delivery) bool { return d.Kind == notify.TestPush }

func resting(d notify.Device) string {
	if !d.Resting() {
		return ""
	}
	return fmt.Sprintf("; it rests, for its last %d deliveries failed by its own token", notify.MaxRejected)
}

func (w *why) printPushes(m notify.Message) {
	found := false
	for _, n := range w.notices {
		if n.Seq == m.Seq {
			found = true
			fmt.Fprintf(w.out, "    %s waits for its grace to be over\n", n.Kind)
		}
	}
	for _, d := range w.deliveries {
		if d.Seq != m.Seq {
			continue
		}
		found = true
		w.printDelivery(d)
	}
	if !found {
		fmt.Fprintln(w.out, "    no push: "+unpushed(m.Kind))
	}
}

func (w *why) printDelivery(d notify.Delivery) {
	fmt.Fprintf(w.out, "    %s by %s to device %s: %s", d.Kind, d.Channel, d.Device, d.Status)
	if d.Reason != "" {
		fmt.Fprintf(w.out, ", %s", inWords(d.Reason))
	}
	fmt.Fprintf(w.out, " (tries: %d, last looked at %s", d.Attempts, d.UpdatedAt.Format(time.RFC3339))
	if d.ProviderID != "" {
		fmt.Fprintf(w.out, ", the provider calls it %s", d.ProviderID)
	}
	fmt.Fprintln(w.out, ")")
}

// unpushed says why a message has left nothing behind to push.
func unpushed(kind string) string {
	const noDevice = "the player had no device then"
	switch kind {
	case notify.SessionUpdated:
		return "this kind is never pushed"
	case notify.Matched:
		return noDevice + ", or had to move and was pushed that"
	case notify.SessionFinished:
		return noDevice + ", or has ended it"
	}
	return noDevice
}

// inWords explains our own reasons; a provider's is its own.
func inWords(reason string) string {
	words, ok := map[string]string{
		notify.ReasonEnded:          "its time was over before a provider took it",
		notify.ReasonDeviceGone:     "the device was forgotten, signed out, or registered by somebody else",
		notify.ReasonDeviceResting:  "the device rests until it registers again",
		notify.ReasonMuted:          "the player has muted the session",
		notify.ReasonAcknowledged:   "a person had seen it",
		notify.ReasonSessionGone:    "there is no such session",
		notify.ReasonSessionOver:    "the session was over",
		notify.ReasonTurnOver:       "another turn had begun",
		notify.ReasonMoved:          "the player had moved",
		notify.ReasonDeadlinePassed: "the time to move was over",
		notify.ReasonProviderDown:   "the provider is not asked for a while, because it or its configuration failed",
	}[reason]
	if !ok {
		return reason
	}
	return reason + ": " + words
}
