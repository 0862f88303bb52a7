package server

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"yourturn/notify"
)

// relay carries wakes between nodes by Redis, which spares players on other nodes the second until their own node's
// sweep. Nothing depends on it: a wake that is lost costs that second.
type relay struct {
	client *redis.Client
	hub    *notify.Hub
	log    *slog.Logger
	out    chan string
}

// relayChannel is where the nodes of one installation meet. A message is a verb and its words: "wake PLAYER …", or
// "end PLAYER LOGIN".
const relayChannel = "yourturn"

// relayQueue bounds what waits for Redis; beyond it wakes are dropped, never waited for.
const relayQueue = 1024

func newRelay(address string, hub *notify.Hub, log *slog.Logger) (*relay, error) {
	options, err := redis.ParseURL(address)
	if err != nil {
		return nil, err
	}
	return &relay{client: redis.NewClient(options), hub: hub, log: log, out: make(chan string, relayQueue)}, nil
}

// wake tells the players' connections of all nodes to look at the feed. Without a relay, those of this one.
func (n *Node) wake(players ...notify.PlayerID) {
	n.hub.Wake(players...)
	if n.relay == nil || len(players) == 0 {
		return
	}
	words := []string{"wake"}
	for _, p := range players {
		words = append(words, string(p))
	}
	n.relay.send(words...)
}

// end says goodbye to the connections of a login on all nodes.
func (n *Node) end(player notify.PlayerID, login notify.LoginID) {
	n.hub.End(player, login)
	if n.relay != nil {
		n.relay.send("end", string(player), string(login))
	}
}

func (r *relay) send(words ...string) {
	select {
	case r.out <- strings.Join(words, " "):
	default:
	}
}

// run sends what this node says and hears what the others do, until the context ends. The client connects again by
// itself.
func (r *relay) run(ctx context.Context) {
	heard := r.client.Subscribe(ctx, relayChannel)
	defer r.client.Close()
	defer heard.Close()
	incoming := heard.Channel()
	for {
		select {
		case text := <-r.out:
			if err := r.publish(ctx, text); err != nil && ctx.Err() == nil {
				r.log.DebugContext(ctx, "redis did not take a wake", slog.Any("error", err))
			}
		case m, ok := <-incoming:
			if !ok {
				return
			}
			r.hear(m.Payload)
		case <-ctx.Done():
			return
		}
	}
}

func (r *relay) publish(ctx context.Context, text string) error {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	return r.client.Publish(ctx, relayChannel, text).Err()
}

func (r *relay) hear(text string) {
	words := strings.Fields(text)
	switch {
	case len(words) > 1 && words[0] == "wake":
		for _, player := range words[1:] {
			r.hub.Wake(notify.PlayerID(player))
		}
	case len(words) == 3 && words[0] == "end":
		r.hub.End(notify.PlayerID(words[1]), notify.LoginID(words[2]))
	}
}
