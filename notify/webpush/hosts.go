package webpush

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
)

// The push services of the browsers. Every browser that is made from Chromium and has Google's keys uses the first;
// builds without them the second. Quest's is left to the operator: its host, graph.facebook.com, does much else.
var services = []string{
	"fcm.googleapis.com",
	"jmt17.google.com",
	"*.push.services.mozilla.com",
	"*.push.apple.com",
	"*.notify.windows.com",
}

// hosts are those that may be sent to, as host or host:port where that is not 443.
type hosts struct {
	services []string // known push services: names, or suffixes that begin with a dot
	named    []string // what an operator has named in full, and so may be anywhere
	suffixes []string
	any      bool // every name, where it leads to a public address
}

func parseHosts(more []string, only bool) (hosts, error) {
	var h hosts
	if !only {
		for _, service := range services {
			h.services = append(h.services, strings.TrimPrefix(service, "*"))
		}
	}
	for _, entry := range more {
		entry = strings.ToLower(strings.TrimSpace(entry))
		suffix, wild := strings.CutPrefix(entry, "*.")
		switch {
		case entry == "*":
			h.any = true
		case wild && isName(suffix):
			h.suffixes = append(h.suffixes, "."+suffix)
		case isHost(entry):
			h.named = append(h.named, strings.TrimSuffix(entry, ":443"))
		default:
			return hosts{}, fmt.Errorf("%q is not a host, host:port, *.host or *", entry)
		}
	}
	return h, nil
}

// allows says whether an endpoint may be at a host.
func (h hosts) allows(host string) bool {
	if h.known(host) || h.isNamed(host) {
		return true
	}
	return isName(host) && (h.any || within(host, h.suffixes))
}

// known says that the host is a browser maker's own push service.
func (h hosts) known(host string) bool {
	return slices.Contains(h.services, host) || isName(host) && within(host, h.services)
}

// isNamed says that an operator has named this very host.
func (h hosts) isNamed(host string) bool { return slices.Contains(h.named, host) }

// within finds a host under suffixes that begin with a dot, so that evil-example.org is not under example.org.
func within(host string, suffixes []string) bool {
	return slices.ContainsFunc(suffixes, func(suffix string) bool {
		return suffix[0] == '.' && strings.HasSuffix(host, suffix)
	})
}

// isHost tells a name or an IP address, with a port or without.
func isHost(entry string) bool {
	if isPlain(entry) {
		return true
	}
	host, port, err := net.SplitHostPort(entry)
	return err == nil && isPort(port) && (isPlain(host) || strings.Contains(host, ":") && isPlain("["+host+"]"))
}

// isPlain tells a name, a lone label such as localhost among them, or an IP address as it stands in a URL.
func isPlain(host string) bool {
	if inside, ok := strings.CutPrefix(host, "["); ok {
		inside, ok = strings.CutSuffix(inside, "]")
		address, err := netip.ParseAddr(inside)
		return ok && err == nil && address.Is6() && address.Zone() == ""
	}
	if address, err := netip.ParseAddr(host); err == nil {
		return address.Is4()
	}
	return isName(host) || isLabel(host) && !isNumeric(host)
}

func isPort(port string) bool {
	return len(port) > 0 && len(port) <= 5 && port[0] != '0' && strings.Trim(port, "0123456789") == ""
}

// isName tells a host name of at least two labels, in small letters. What some resolvers read as a number, and so as an
// IP address (2130706433, 0x7f.1), is none, and neither is a name in other letters: a browser spells those in ASCII.
func isName(host string) bool {
	labels := strings.Split(host, ".")
	if len(host) > 253 || len(labels) < 2 || isNumeric(labels[len(labels)-1]) {
		return false
	}
	return !slices.ContainsFunc(labels, func(label string) bool { return !isLabel(label) })
}

func isLabel(label string) bool {
	if len(label) == 0 || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
		return false
	}
	return strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

func isNumeric(label string) bool {
	return strings.Trim(label, "0123456789") == "" || strings.HasPrefix(label, "0x")
}
