package configs

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// Network is a network, "10.0.0.0/8", or a single address, "10.1.2.3".
type Network struct{ prefix netip.Prefix }

var errNetwork = errors.New(`not a network: write an address, "10.1.2.3", or "10.0.0.0/8"`)

// Prefix gives the network with the bits that it leaves open set to zero.
func (n Network) Prefix() netip.Prefix { return n.prefix }

// UnmarshalJSON reads the written form.
func (n *Network) UnmarshalJSON(b []byte) error {
	var text string
	if err := json.Unmarshal(b, &text); err != nil {
		return errNetwork
	}
	if addr, err := netip.ParseAddr(text); err == nil && addr.Zone() == "" {
		n.prefix = netip.PrefixFrom(addr, addr.BitLen())
		return nil
	}
	prefix, err := netip.ParsePrefix(text)
	if err != nil {
		return errNetwork
	}
	if prefix != prefix.Masked() {
		return fmt.Errorf("an address within a network: write %s for all of it", prefix.Masked())
	}
	n.prefix = prefix
	return nil
}

// MarshalJSON writes the form that UnmarshalJSON reads.
func (n Network) MarshalJSON() ([]byte, error) { return json.Marshal(n.prefix.String()) }

// addressFault says what is wrong with a listener's address, "" if nothing is.
func addressFault(addr string) string {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return `must be an address with a port, such as ":8080" or "127.0.0.1:8081"`
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || port != strconv.FormatUint(n, 10) {
		return "must have a port from 0 to 65535; 0 takes any free one"
	}
	for i := 0; i < len(host); i++ {
		if host[i] <= ' ' || host[i] == '/' || host[i] == '@' || host[i] >= 0x7f {
			return "must have a host name or an IP address before its port, or nothing for all of them"
		}
	}
	return ""
}

// urlFault says what is wrong with an http or https URL, "" if nothing is.
func urlFault(raw string) string {
	u, err := url.Parse(raw)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "":
		return `must be a whole URL, such as "https://bot.example.com/resume"`
	case u.User != nil:
		return "must not have a user or password in it: there are fields for them"
	}
	return ""
}

// baseFault is urlFault for a URL to which paths are appended.
func baseFault(raw string) string {
	if fault := urlFault(raw); fault != "" {
		return fault
	}
	if u, err := url.Parse(raw); err != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" {
		return "must end with its path: no query and no fragment"
	}
	return ""
}

// normalURL gives a base URL that baseFault passed as those write it who sign or call
// it: scheme and host in lower case, no port that the scheme says, no final slash.
func normalURL(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return raw
	}
	scheme, rest := u.Scheme, strings.TrimRight(raw[len(u.Scheme)+len("://"):], "/") // the path as it was written
	host, path := rest, ""
	if i := strings.IndexByte(rest, '/'); i >= 0 {
		host, path = rest[:i], rest[i:]
	}
	host = strings.TrimSuffix(strings.ToLower(host), map[string]string{"http": ":80", "https": ":443"}[scheme])
	return scheme + "://" + strings.TrimSuffix(host, ":") + path
}
