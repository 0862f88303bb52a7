package notify

import (
	"context"
	"strconv"
	"time"
)

// Push is what a provider is given for one device. All that it says was true a moment ago.
type Push struct {
	ID       string // of the delivery: 26 characters of 0-9 and a-z, the same in every try of one delivery
	Address  Address
	Fields   Fields
	Text     Text          // empty when only the badge is to change
	Badge    int           // how many sessions wait for the player, absolute
	Collapse string        // what is shown under the same word replaces it: at most 32 characters of the base64url alphabet, safe in every header
	Ends     time.Duration // for how long from now a provider may keep it for a device that is away; always positive
}

// Fields are the flat strings that every push carries, by their names on the wire: kind, session_id, game, turn,
// version, seq, player_id, deadline_at. What a push is not about is absent.
type Fields map[string]string

// Text is what is shown: rendered, or by keys for an app that renders by itself. A push has one of the two, or neither.
type Text struct {
	Title, Body string
	TitleKey    string
	BodyKey     string
	BodyArgs    []string
}

// Silent says that nothing is shown, and only the badge changes.
func (t Text) Silent() bool { return t.Title == "" && t.TitleKey == "" }

// Sender speaks to one provider. It is used by many goroutines.
type Sender interface {
	// Check says what is wrong with an address, as a [*BadAddress], or returns it as it is to be kept.
	Check(Address) (Address, error)
	// Provider names whoever answers for the address: what is wrong with one says nothing about another.
	Provider(Address) string
	// Send tries once, until the context ends. It never waits to try again: that is the caller's.
	Send(ctx context.Context, p Push) Outcome
}

// BadAddress refuses the address of a device.
type BadAddress struct{ Member, Message string }

func (e *BadAddress) Error() string { return e.Member + " " + e.Message }

// Outcome is what became of one try.
type Outcome struct {
	Class  Class
	Reason string // the provider's own word, or ours: short, without tokens and without texts of unknown origin
	ID     string // what the provider calls the push, when it says
	// After is how long the provider asks to be left alone; zero when it does not say. Of a [Later], for this device;
	// of a [Down], for all of the provider's.
	After time.Duration
	// Since is, of a [Gone], the instant at which the provider knew; zero when it does not say.
	Since time.Time
}

// Class is what an outcome means for the device, the delivery and the provider.
type Class int

const (
	Sent          Class = iota // the provider has it
	Gone                       // the provider's own word that the address is no more: the device is forgotten
	Rejected                   // this address cannot be reached now, and it is not known to be gone: the delivery has failed
	Later                      // not now, for this device: try again
	Down                       // the provider is not well or not to be reached: try again
	Misconfigured              // our key, topic or project is wrong: an operator must look, and then it is tried again
	Faulty                     // the provider does not take what we sent: our mistake, and no try cures it
)

var classNames = [...]string{"sent", "gone", "rejected", "later", "down", "misconfigured", "faulty"}

func (c Class) String() string {
	if int(c) < len(classNames) {
		return classNames[c]
	}
	return "class " + strconv.Itoa(int(c))
}
