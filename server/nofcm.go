//go:build nofcm

package server

import (
	"errors"

	"yourturn/notify"
)

var errNoFCM = errors.New("fcm: this program was built without it (-tags nofcm)")

func (p PushConfig) fcmSender() (notify.Sender, error) { return nil, errNoFCM }

// addFCM adds nothing: a device for FCM is refused, as where the channel is not set up.
func (l *pushLog) addFCM(map[string]notify.Sender) {}
