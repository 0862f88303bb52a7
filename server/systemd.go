package server

import (
	"net"
	"os"
)

// tellSystemd says how the start went on to who started this program: the protocol of sd_notify is a datagram to a
// socket that the environment names. Where it names none, nobody waits.
func tellSystemd(state string) error {
	name := os.Getenv("NOTIFY_SOCKET")
	if name == "" {
		return nil
	}
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: name, Net: "unixgram"})
	if err != nil {
		return err
	}
	defer conn.Close()
	_, err = conn.Write([]byte(state))
	return err
}
