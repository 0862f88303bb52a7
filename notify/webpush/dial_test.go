package webpush

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"

	"yourturn/notify"
)

func TestPublicAddresses(t *testing.T) {
	for address, want := range map[string]bool{
		"8.8.8.8": true, "142.250.1.95": true, "100.63.255.255": true, "100.128.0.1": true, "172.15.0.1": true, "172.32.0.1": true,
		"198.17.0.1": true, "223.255.255.255": true, "2001:4860:4860::8888": true, "2a00:1450::1": true, "2600::1": true,
		"0.0.0.0": false, "0.1.2.3": false, "10.1.2.3": false, "100.64.0.1": false, "100.127.255.255": false, "127.0.0.1": false,
		"127.255.255.254": false, "169.254.169.254": false, "172.16.0.1": false, "172.31.255.255": false, "192.0.0.1": false,
		"192.0.2.1": false, "192.88.99.1": false, "192.168.1.1": false, "198.18.0.1": false, "198.19.255.255": false,
		"198.51.100.1": false, "203.0.113.1": false, "224.0.0.1": false, "239.255.255.250": false, "240.0.0.1": false,
		"255.255.255.255": false,
		"::":              false, "::1": false, "::ffff:8.8.8.8": false, "::ffff:127.0.0.1": false, "::127.0.0.1": false, "64:ff9b::8.8.8.8": false,
		"64:ff9b::7f00:1": false, "64:ff9b:1::1": false, "100::1": false, "2001::1": false, "2001:10::1": false, "2001:db8::1": false,
		"2002:7f00:1::": false, "3fff::1": false, "5f00::1": false, "fc00::1": false, "fd12::1": false, "fe80::1": false,
		"fec0::1": false, "ff02::1": false, "fe80::1%eth0": false, "2600::1%eth0": false,
	} {
		if got := isPublic(netip.MustParseAddr(address)); got != want {
			t.Errorf("%s is public: %t", address, got)
		}
	}
	if isPublic(netip.Addr{}) {
		t.Error("no address is public")
	}
}

// A name was fine when it was registered, or looked at, and leads inside when it is connected to.
func TestAttackRebinding(t *testing.T) {
	for name, addresses := range map[string][]string{
		"loopback":         {"127.0.0.1"},
		"loopback of IPv6": {"::1"},
		"private":          {"10.0.0.1", "192.168.0.1"},
		"metadata":         {"169.254.169.254"},
		"carrier":          {"100.64.0.1"},
		"unspecified":      {"0.0.0.0"},
		"unique local":     {"fd00::1"},
		"IPv4 in IPv6":     {"::ffff:127.0.0.1"},
		"through NAT64":    {"64:ff9b::7f00:1"},
		"through 6to4":     {"2002:7f00:1::1"},
		"both families":    {"127.0.0.1", "::1"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSender(t, Config{Hosts: []string{"*", "*.house.example"}})
			s.dialer.guarded.Resolver = resolver(t, addresses...)
			for _, host := range []string{"fcm.googleapis.com", "evil.example", "a.house.example"} {
				p := yourTurn()
				p.Address = notify.Address{Token: "https://" + host + "/wp/x", P256DH: samplePoint, Auth: sampleAuth}
				if _, err := s.Check(p.Address); err != nil {
					t.Fatal(err)
				}
				if o := s.Send(t.Context(), p); o.Class != notify.Rejected || o.Reason != "forbidden-address" {
					t.Errorf("%s: %v %s", host, o.Class, o.Reason)
				}
			}
		})
	}
}

func TestUnknownNameIsDown(t *testing.T) {
	s := newSender(t, Config{})
	s.dialer.guarded.Resolver = resolver(t)
	p := yourTurn()
	p.Address = notify.Address{Token: "https://fcm.googleapis.com/wp/x", P256DH: samplePoint, Auth: sampleAuth}
	if o := s.Send(t.Context(), p); o.Class != notify.Down || o.Reason != "name" {
		t.Errorf("%v %s", o.Class, o.Reason)
	}
}

// resolver answers every question with the same addresses, over connections that are only in memory.
func resolver(t *testing.T, addresses ...string) *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		go answerDNS(t, theirs, addresses)
		return ours, nil
	}}
}

func answerDNS(t *testing.T, c net.Conn, addresses []string) {
	defer c.Close()
	for {
		var length [2]byte
		if _, err := io.ReadFull(c, length[:]); err != nil {
			return
		}
		query := make([]byte, binary.BigEndian.Uint16(length[:]))
		if _, err := io.ReadFull(c, query); err != nil {
			t.Error(err)
			return
		}
		end := 12
		for query[end] != 0 {
			end += int(query[end]) + 1
		}
		question := query[12 : end+5]
		kind := binary.BigEndian.Uint16(question[len(question)-4:])
		var answers []byte
		count := 0
		for _, text := range addresses {
			address := netip.MustParseAddr(text)
			if is6 := strings.Contains(text, ":"); is6 && kind != 28 || !is6 && kind != 1 {
				continue
			}
			answers = append(answers, 0xc0, 12)
			answers = binary.BigEndian.AppendUint16(answers, kind)
			answers = append(answers, 0, 1, 0, 0, 0, 0)
			answers = binary.BigEndian.AppendUint16(answers, uint16(len(address.AsSlice())))
			answers = append(answers, address.AsSlice()...)
			count++
		}
		code := byte(0x80)
		if len(addresses) == 0 {
			code = 0x83 // there is no such name
		}
		reply := append(query[:2:2], 0x81, code, 0, 1, 0, byte(count), 0, 0, 0, 0)
		reply = append(append(reply, question...), answers...)
		if _, err := c.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(reply))), reply...)); err != nil {
			return
		}
	}
}
