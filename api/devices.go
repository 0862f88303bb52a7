package api

import (
	"context"
	"errors"
	"time"

	"yourturn/notify"
	"yourturn/player"
	"yourturn/session"
)

// Device is a push address of mine. The address itself is never shown again.
type Device struct {
	ID           string    `json:"id" doc:"Made up by the app, once for each installation." example:"pixel-8_9fK2"`
	Channel      string    `json:"channel" doc:"apns, fcm or webpush." example:"fcm"`
	Environment  string    `json:"environment,omitempty" doc:"Of apns: production or sandbox." example:"production"`
	Locale       string    `json:"locale,omitempty" doc:"The language of its texts; my own when it has none." example:"pt-BR"`
	Texts        string    `json:"texts" doc:"Who renders its texts: server or app." example:"server"`
	ThisLogin    bool      `json:"this_login" doc:"Whether it was registered by the login that asks."`
	Resting      bool      `json:"resting,omitempty" doc:"Its last 10 deliveries failed by its own token, so it gets none until it registers again."`
	RegisteredAt time.Time `json:"registered_at" doc:"When it registered last."`
}

// Delivery is one push of one message to one device, and what became of it.
type Delivery struct {
	ID         string    `json:"id" doc:"Names the delivery." example:"06f1ca2s6v9y3b7e1h5k8n0q4t"`
	Seq        int64     `json:"seq" doc:"The feed's number of the message; 0 for a test." example:"43"`
	SessionID  string    `json:"session_id,omitempty" doc:"The session it is about." example:"06f1c8m4q2x7n5t9b3w6k0d1sg"`
	Kind       string    `json:"kind" doc:"As in the feed; or badge, which only lowers the number on the app's icon, or test." example:"your_turn"`
	Channel    string    `json:"channel" doc:"apns, fcm or webpush." example:"fcm"`
	DeviceID   string    `json:"device_id" doc:"The device it was for." example:"pixel-8_9fK2"`
	Status     string    `json:"status" doc:"pending, sent (the provider has it), suppressed (it was not true or not wanted any more), failed (the provider refused it) or expired." example:"sent"`
	Reason     string    `json:"reason,omitempty" doc:"Why it is not sent: the provider's word or ours." example:"acknowledged"`
	ProviderID string    `json:"provider_id,omitempty" doc:"What the provider calls it."`
	Attempts   int       `json:"attempts" doc:"How often the provider was asked." example:"1"`
	CreatedAt  time.Time `json:"created_at" doc:"When the message became a delivery."`
	UpdatedAt  time.Time `json:"updated_at" doc:"When its status was last looked at."`
}

func wireDevice(d notify.Device, login notify.LoginID) Device {
	return Device{
		ID: string(d.ID), Channel: d.Channel, Environment: d.Address.Environment, Locale: d.Locale, Texts: d.Texts, ThisLogin: d.Login == login,
		Resting: d.Resting(), RegisteredAt: seconds(d.Registered),
	}
}

func wireDelivery(d notify.Delivery) Delivery {
	return Delivery{
		ID: string(d.ID), Seq: d.Seq, SessionID: d.Session, Kind: d.Kind, Channel: d.Channel, DeviceID: string(d.Device), Status: d.Status,
		Reason: d.Reason, ProviderID: d.ProviderID, Attempts: d.Attempts, CreatedAt: seconds(d.CreatedAt), UpdatedAt: seconds(d.UpdatedAt),
	}
}

type (
	deviceRequest struct {
		Channel      string              `json:"channel" enum:"apns,fcm,webpush" doc:"One of getServer's channels." example:"fcm"`
		Token        string              `json:"token,omitempty" maxLength:"4096" doc:"For apns the device token in hexadecimal, for fcm the registration token." example:"fGx9kT1wB5cR8sQ2xN7mV4d:APA91bE"`
		Subscription *SubscriptionToPush `json:"subscription,omitempty" doc:"For webpush: what PushManager.subscribe gives, as JSON."`
		Environment  string              `json:"environment,omitempty" enum:"production,sandbox,development" doc:"For apns: which of Apple's servers knows the token. Builds from Xcode have sandbox tokens; development is another word for it. Default production."`
		Locale       string              `json:"locale,omitempty" maxLength:"64" doc:"The language of its texts, BCP 47; your own by default." example:"pt-BR"`
		Texts        string              `json:"texts,omitempty" enum:"server,app" doc:"server (default): texts arrive rendered. app: keys and arguments arrive instead, for the app's own catalogue."`
	}
	// SubscriptionToPush is a browser's PushSubscription.
	SubscriptionToPush struct {
		Endpoint       string           `json:"endpoint" maxLength:"1024" doc:"Where the push service takes messages." example:"https://push.example.com/send/4mV8sQ2xN7kT"`
		ExpirationTime float64          `json:"expirationTime,omitempty" doc:"Not used: the push service says itself when it is over."`
		Keys           SubscriptionKeys `json:"keys" doc:"The subscription's keys."`
	}
	// SubscriptionKeys encrypt for one browser.
	SubscriptionKeys struct {
		P256DH string `json:"p256dh" maxLength:"128" doc:"The public key, base64url." example:"BNcRdreALRFXTkOOUHK1EtK2wtaz5Ry4YfYCA_0QTpQtUbVlUls0VJXg7A8u-Ts1XbjhazAkj7I99e8QcYP7DkM"`
		Auth   string `json:"auth" maxLength:"64" doc:"The secret, base64url." example:"tBHItJI5svbpez7KI4CCXg"`
	}
	DevicePath struct {
		DeviceID string `path:"device_id" pattern:"^[A-Za-z0-9_-]{1,64}$" doc:"Made up by the app, once for each installation: up to 64 letters, digits, - and _." example:"pixel-8_9fK2"`
	}
	putDeviceInput struct {
		DevicePath
		Body deviceRequest
	}
	deviceReply       struct{ Body Device }
	deviceListReply   struct{ Body List[Device] }
	deliveryReply     struct{ Body Delivery }
	deliveryListReply struct{ Body List[Delivery] }
)

func (s *server) deviceOperations(rt *routes) {
	register(rt, operation{
		id: "putDevice", route: "PUT /v1/me/devices/{device_id}", tag: "devices",
		problems: []string{"channel-not-configured", "too-many-devices", "token-invalid"},
		summary:  "Register for pushes",
		about: "Do it at every start of the app, and when the token changes. The device belongs to this login and goes with it. A token " +
			"belongs to who registered it last, so whoever signs in on a shared phone gets the pushes and nobody else. At most 20 devices a player.",
	}, s.putDevice)

	register(rt, operation{
		id: "listDevices", route: "GET /v1/me/devices", tag: "devices",
		summary: "My devices",
		about:   "Those of all my logins.",
	}, func(ctx context.Context, _ *struct{}) (*deviceListReply, error) {
		devices, err := s.Devices.Store.Devices(ctx, me(ctx))
		reply := &deviceListReply{List[Device]{Items: []Device{}}}
		for _, d := range devices {
			reply.Body.Items = append(reply.Body.Items, wireDevice(d, loginOf(ctx)))
		}
		return reply, err
	})

	register(rt, operation{
		id: "deleteDevice", route: "DELETE /v1/me/devices/{device_id}", tag: "devices",
		summary: "No more pushes to a device",
		about:   "Of any of my logins. One that is not there is as good as deleted.",
	}, func(ctx context.Context, in *DevicePath) (*struct{}, error) {
		return nil, s.Devices.Store.DeleteDevice(ctx, me(ctx), notify.DeviceID(in.DeviceID))
	})

	register(rt, operation{
		id: "testPush", route: "POST /v1/me/devices/{device_id}/test", tag: "devices", limits: []limitClass{limitTests}, timeout: 30 * time.Second,
		problems: []string{"channel-not-configured"},
		summary:  "Try a push",
		about: "Pushes to the device at once, and answers with what the provider said: status sent, or failed with its reason. A device " +
			"that the provider does not know any more is forgotten.",
		exampleReply: toldDelivery("test", 0),
	}, func(ctx context.Context, in *DevicePath) (*deliveryReply, error) {
		d, err := s.Devices.Test(ctx, me(ctx), notify.DeviceID(in.DeviceID))
		return &deliveryReply{wireDelivery(d)}, err
	})

	register(rt, operation{
		id: "listDeliveries", route: "GET /v1/me/deliveries", tag: "devices",
		summary:      "What was pushed to me, and why not",
		about:        "One line for each push of a message to a device, the newest first. Kept as long as the feed.",
		exampleReply: List[Delivery]{Items: []Delivery{toldDelivery("your_turn", 43)}},
	}, s.listDeliveries)

	register(rt, operation{
		id: "muteSession", route: "PUT /v1/sessions/{session_id}/mute", tag: "sessions", status: 204,
		summary: "No pushes of this session",
		about:   "The feed and the badge go on as ever.",
	}, func(ctx context.Context, in *SessionPath) (*struct{}, error) {
		return nil, s.Sessions.Mute(ctx, me(ctx), session.ID(in.SessionID), true)
	})

	register(rt, operation{
		id: "unmuteSession", route: "DELETE /v1/sessions/{session_id}/mute", tag: "sessions", status: 204,
		summary: "Pushes of this session again",
		about:   "What was held back stays so.",
	}, func(ctx context.Context, in *SessionPath) (*struct{}, error) {
		return nil, s.Sessions.Mute(ctx, me(ctx), session.ID(in.SessionID), false)
	})
}

func (s *server) putDevice(ctx context.Context, in *putDeviceInput) (*deviceReply, error) {
	locale, err := player.CleanLocale(in.Body.Locale)
	if err != nil {
		return nil, err
	}
	address, err := addressOf(in.Body)
	if err != nil {
		return nil, err
	}
	d := notify.Device{
		Player: me(ctx), ID: notify.DeviceID(in.DeviceID), Login: loginOf(ctx), Channel: in.Body.Channel, Address: address, Locale: locale,
		Texts: in.Body.Texts,
	}
	if d.Texts == "" {
		d.Texts = notify.TextsByServer
	}
	d, err = s.Devices.Put(ctx, d)
	var bad *notify.BadAddress
	if errors.As(err, &bad) {
		return nil, newProblem("invalid", "").at(placeOf(in.Body, bad.Member), bad.Message)
	}
	if err != nil {
		return nil, err
	}
	return &deviceReply{wireDevice(d, d.Login)}, nil
}

// addressOf takes the address from where its channel has it.
func addressOf(body deviceRequest) (notify.Address, error) {
	web := body.Channel == notify.WebPush
	switch {
	case web && body.Subscription == nil:
		return notify.Address{}, newProblem("invalid", "").at("body.subscription", "webpush needs it")
	case web && body.Token != "":
		return notify.Address{}, newProblem("invalid", "").at("body.token", "webpush has none")
	case web:
		keys := body.Subscription.Keys
		return notify.Address{Token: body.Subscription.Endpoint, P256DH: keys.P256DH, Auth: keys.Auth, Environment: body.Environment}, nil
	case body.Subscription != nil:
		return notify.Address{}, newProblem("invalid", "").at("body.subscription", "only webpush has one")
	case body.Token == "":
		return notify.Address{}, newProblem("invalid", "").at("body.token", "expected required property token to be present")
	}
	return notify.Address{Token: body.Token, Environment: body.Environment}, nil
}

// placeOf is where a member of an address stands in the request.
func placeOf(body deviceRequest, member string) string {
	if body.Subscription == nil || member == "environment" {
		return "body." + member
	}
	if member == "token" {
		return "body.subscription.endpoint"
	}
	return "body.subscription.keys." + member
}

func (s *server) listDeliveries(ctx context.Context, in *Page) (*deliveryListReply, error) {
	found, err := s.Deliveries.Deliveries(ctx, me(ctx), notify.DeliveryID(in.Cursor), in.Limit+1)
	if err != nil {
		return nil, err
	}
	reply := List[Delivery]{Items: []Delivery{}}
	for _, d := range found[:min(len(found), in.Limit)] {
		reply.Items = append(reply.Items, wireDelivery(d))
	}
	if len(found) > in.Limit {
		reply.NextCursor = reply.Items[in.Limit-1].ID
	}
	return &deliveryListReply{reply}, nil
}
