package transport

import (
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// maxURL bounds a URL in bytes: more than any server takes.
const maxURL = 8192

// target is a URL taken apart into what a request needs.
type target struct {
	tls  bool
	host string // as dialled and as named in TLS: lower case, no brackets, no final dot
	addr netip.Addr
	port uint16
	at   string // host:port
	head string // the Host field: as host, with the port unless it is the scheme's own
	uri  string // path and query
}

// dial is host:port.
func (t *target) dial() string {
	if t.addr.Is6() {
		return "[" + t.host + "]:" + strconv.Itoa(int(t.port))
	}
	return t.host + ":" + strconv.Itoa(int(t.port))
}

func urlFault(format string, args ...any) error {
	return blocked("the url "+format, args...)
}

// parseURL refuses every URL that two readers could read in two ways: what is
// checked must be what is dialled. Messages never repeat the URL, which may
// hold a token.
func parseURL(raw string) (target, error) {
	var t target
	if len(raw) > maxURL {
		return t, urlFault("is longer than %d bytes", maxURL)
	}
	for i := range len(raw) {
		if c := raw[i]; c <= ' ' || c >= 0x7f || c == '\\' {
			return t, urlFault("holds a byte that must be percent-encoded (a name: in punycode) at offset %d", i)
		}
	}
	u, err := url.Parse(raw)
	if err != nil {
		return t, urlFault("is malformed")
	}
	switch u.Scheme {
	case "http":
		t.port = 80
	case "https":
		t.port, t.tls = 443, true
	default:
		return t, urlFault("has the scheme %q: only http and https are used", u.Scheme)
	}
	switch {
	case u.Opaque != "" || u.Host == "":
		return t, urlFault("has no host: write it as scheme://host/path")
	case u.User != nil:
		return t, urlFault("holds user information: use auth instead")
	}
	if err := t.setHost(u.Hostname(), strings.HasPrefix(u.Host, "[")); err != nil {
		return t, err
	}
	own := t.port
	if err := t.setPort(u); err != nil {
		return t, err
	}
	t.at = t.dial()
	t.head = t.at
	if t.port == own {
		t.head = t.head[:strings.LastIndexByte(t.head, ':')]
	}
	t.uri = u.EscapedPath()
	if t.uri == "" {
		t.uri = "/"
	}
	if u.RawQuery != "" {
		t.uri += "?" + u.RawQuery
	}
	return t, nil
}

func (t *target) setPort(u *url.URL) error {
	port := u.Port()
	if port == "" {
		if strings.HasSuffix(u.Host, ":") {
			return urlFault("has a colon and no port after it")
		}
		return nil
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || n == 0 || port[0] == '0' {
		return urlFault("has a port that is not a number from 1 to 65535")
	}
	t.port = uint16(n)
	return nil
}

func (t *target) setHost(host string, bracketed bool) error {
	if bracketed {
		addr, err := netip.ParseAddr(host)
		if err != nil || !addr.Is6() || addr.Zone() != "" {
			return urlFault("has a host in brackets that is not an IPv6 address without a zone")
		}
		t.addr, t.host = addr, addr.String()
		return nil
	}
	if endsInNumber(host) {
		// inet_aton also reads 127.1, 0x7f000001 and 0177.0.0.1 as addresses.
		addr, err := netip.ParseAddr(host)
		if err != nil || !addr.Is4() {
			return urlFault("has a numeric host that is not a plain dotted quad")
		}
		t.addr, t.host = addr, host
		return nil
	}
	name := strings.ToLower(strings.TrimSuffix(host, "."))
	if len(name) == 0 || len(name) > 253 {
		return urlFault("has a host of no length that a name can have")
	}
	for label := range strings.SplitSeq(name, ".") {
		if !isLabel(label) {
			return urlFault("has a host that is not a name")
		}
	}
	t.host = name
	return nil
}

// endsInNumber is the test by which browsers take a host for an IPv4 address
// (WHATWG URL, "ends in a number"): its last label is a number, in any base.
func endsInNumber(host string) bool {
	host = strings.TrimSuffix(host, ".")
	last := host[strings.LastIndexByte(host, '.')+1:]
	if last == "" {
		return false
	}
	if strings.Trim(last, "0123456789") == "" {
		return true
	}
	hex, found := strings.CutPrefix(strings.ToLower(last), "0x")
	return found && strings.Trim(hex, "0123456789abcdef") == ""
}

// isLabel takes what a name server takes, underscores included: container
// networks use them.
func isLabel(label string) bool {
	if label == "" || len(label) > 63 || label == "xn--" || label[0] == '-' || label[len(label)-1] == '-' {
		return false
	}
	return strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-_") == ""
}

// internalSuffixes end names that lead into the machine or the network that
// hookgate runs in.
var internalSuffixes = []string{
	".localhost", ".localdomain", ".local", ".internal", ".intranet", ".lan",
	".home", ".corp", ".private", ".home.arpa", ".svc",
}

// isInternal says whether a name is of no use outside this network.
func isInternal(name string) bool {
	if !strings.Contains(name, ".") {
		return true
	}
	for _, suffix := range internalSuffixes {
		if strings.HasSuffix(name, suffix) {
			return true
		}
	}
	return false
}

// CheckURL says whether requests to a URL may be tried under these rules; it is
// asked when a URL is written, and again before it is dialled. What only the
// resolved address can tell, and a literal address too, is left to the dial
// (SPEC 14 "Routes"). Trusted is what the configuration file names as platform
// or upstream: no rule binds it but the form of a URL.
func (e Egress) CheckURL(raw string, trusted bool) error {
	t, err := parseURL(raw)
	if err != nil || trusted {
		return err
	}
	return e.checkTarget(&t)
}

// checkTarget applies what a name and a port tell. Where networks are allowed, a
// name may lead into one of them, on any port: then the dial decides alone.
func (e Egress) checkTarget(t *target) error {
	if t.addr.IsValid() || len(e.Allow) > 0 {
		return nil
	}
	if isInternal(t.host) {
		return urlFault("leads to %s, a name of an internal network: egress.allow lists none", t.host)
	}
	if !e.allowsPort(t.port) {
		return urlFault("has port %d: egress.ports allows %s", t.port, e.portList())
	}
	return nil
}
