package notify

import (
	"crypto/sha256"
	"encoding/base64"
	"strconv"
	"time"
)

// push is what a provider is given.
func (c *Channel) push(d Due, now time.Time) Push {
	p := Push{
		ID: string(d.ID), Address: d.To.Address, Fields: d.fields(), Badge: d.Waiting, Collapse: d.collapse(),
		Ends: max(time.Second, d.ends().Sub(now)),
	}
	o := Occasion{Kind: d.Kind, Waiting: d.Waiting}
	if d.Game != "" {
		o.Game = c.config.Title(d.Game)
	}
	if d.Table != nil {
		o.Opponent = d.Table.Opponent
	}
	switch {
	case d.Kind == BadgeChanged:
	case d.To.Texts == TextsByApp:
		p.Text = Keys(o)
	default:
		p.Text = c.config.Texts.Render(o, d.To.Locale, d.To.Fallback)
	}
	return p
}

// fields are the flat strings.
func (n Notice) fields() Fields {
	f := Fields{"kind": n.Kind, "player_id": string(n.Player)}
	if n.Seq > 0 {
		f["seq"] = strconv.FormatInt(n.Seq, 10)
	}
	if n.Game != "" {
		f["game"] = n.Game
	}
	if n.Session != "" {
		f["session_id"] = n.Session
		f["turn"] = strconv.FormatInt(n.Turn, 10)
		f["version"] = strconv.FormatInt(n.Version, 10)
	}
	if !n.Deadline.IsZero() {
		f["deadline_at"] = n.Deadline.UTC().Add(time.Second - 1).Truncate(time.Second).Format(time.RFC3339)
	}
	return f
}

// collapse is under what a push is shown: the newest of a session replaces what came before. A word of another session
// cannot be told from it.
func (n Notice) collapse() string {
	about := n.Session
	if about == "" {
		about = n.Kind
	}
	if n.Kind == BadgeChanged {
		about = string(n.Player) // the badge is one, whatever session it is about
	}
	sum := sha256.Sum256([]byte(about))
	return base64.RawURLEncoding.EncodeToString(sum[:18])
}
