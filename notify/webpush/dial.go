package webpush

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strings"
	"syscall"
	"time"
)

// dialTimeout bounds a connection that nobody waits for any more.
const dialTimeout = 10 * time.Second

// errForbidden says that a name leads to an address that is not public.
var errForbidden = errors.New("webpush: address is not public")

// dialer connects to push services, and to nothing inside the operator's own network but what the operator has named.
type dialer struct {
	hosts   hosts
	open    net.Dialer // for hosts that are named
	guarded net.Dialer
}

func newDialer(h hosts) *dialer {
	d := &dialer{hosts: h, open: net.Dialer{Timeout: dialTimeout}}
	d.guarded = net.Dialer{Timeout: dialTimeout, Control: guard}
	return d
}

func (d *dialer) dial(ctx context.Context, network, address string) (net.Conn, error) {
	if d.hosts.isNamed(strings.TrimSuffix(address, ":443")) {
		return d.open.DialContext(ctx, network, address)
	}
	return d.guarded.DialContext(ctx, network, address)
}

// guard is asked after a name is resolved and before each connection, with the address that will be connected to.
func guard(_, address string, _ syscall.RawConn) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil || !isPublic(to.Addr()) {
		return errForbidden
	}
	return nil
}

// special are the stretches of the two address spaces that are not the public internet, or lead back out of it: IANA's
// registries of special-purpose addresses. Of IPv6 only 2000::/3 is public at all.
var special = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"),         // this network
	netip.MustParsePrefix("10.0.0.0/8"),        // private
	netip.MustParsePrefix("100.64.0.0/10"),     // carriers' own
	netip.MustParsePrefix("127.0.0.0/8"),       // loopback
	netip.MustParsePrefix("169.254.0.0/16"),    // link-local, and the clouds' metadata
	netip.MustParsePrefix("172.16.0.0/12"),     // private
	netip.MustParsePrefix("192.0.0.0/24"),      // protocols
	netip.MustParsePrefix("192.0.2.0/24"),      // documentation
	netip.MustParsePrefix("192.31.196.0/24"),   // AS112
	netip.MustParsePrefix("192.52.193.0/24"),   // multicast tunnels
	netip.MustParsePrefix("192.88.99.0/24"),    // 6to4 relays
	netip.MustParsePrefix("192.168.0.0/16"),    // private
	netip.MustParsePrefix("192.175.48.0/24"),   // AS112
	netip.MustParsePrefix("198.18.0.0/15"),     // benchmarks
	netip.MustParsePrefix("198.51.100.0/24"),   // documentation
	netip.MustParsePrefix("203.0.113.0/24"),    // documentation
	netip.MustParsePrefix("224.0.0.0/4"),       // multicast
	netip.MustParsePrefix("240.0.0.0/4"),       // reserved, and broadcast
	netip.MustParsePrefix("2001::/23"),         // protocols, Teredo among them
	netip.MustParsePrefix("2001:db8::/32"),     // documentation
	netip.MustParsePrefix("2002::/16"),         // 6to4
	netip.MustParsePrefix("2620:4f:8000::/48"), // AS112
	netip.MustParsePrefix("3fff::/20"),         // documentation
}

var global6 = netip.MustParsePrefix("2000::/3")

// isPublic says whether an address is on the public internet. An IPv4 address written as an IPv6 one is not: nobody
// who means well does that.
func isPublic(address netip.Addr) bool {
	if address.Zone() != "" || address.Is6() && !global6.Contains(address) {
		return false
	}
	return address.IsValid() && !slices.ContainsFunc(special, func(p netip.Prefix) bool { return p.Contains(address) })
}
