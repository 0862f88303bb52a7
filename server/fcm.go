//go:build !nofcm

package server

import (
	"context"
	"fmt"

	"yourturn/notify"
	"yourturn/notify/fcm"
)

// Firebase's SDK is the largest thing in this program, so a build for those who need no pushes by FCM may leave it out:
// with -tags nofcm, nofcm.go stands in the place of this file.

func (p PushConfig) fcmSender() (notify.Sender, error) {
	sender, err := fcm.New(context.Background(), fcm.Config{Credentials: []byte(p.FCMCredentials), URL: p.FCMURL, Roots: p.Roots})
	if err != nil {
		return nil, fmt.Errorf("fcm: %w", err)
	}
	return sender, nil
}

// addFCM adds the sender that writes down what FCM would get.
func (l *pushLog) addFCM(senders map[string]notify.Sender) {
	senders[notify.FCM] = &logSender{l, notify.FCM, fcm.Check, fcm.Body}
}
