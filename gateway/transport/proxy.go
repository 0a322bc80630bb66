package transport

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"hookgate/gateway/wire"
)

// CheckProxy says what is wrong with a proxy, as CheckURL does for a target. Its errors
// repeat nothing of user information.
func CheckProxy(p Proxy) error {
	_, err := compileProxy(p)
	return err
}

func compileProxy(p Proxy) (*proxy, error) {
	made := &proxy{resolve: p.Resolve}
	bare, auth, err := cutUser(p.URL)
	if err != nil {
		return nil, err
	}
	if made.to, err = parseURL(bare); err != nil {
		return nil, errors.New(strings.TrimPrefix(err.Error(), WordBlocked+": "))
	}
	if made.to.uri != "/" {
		return nil, errors.New("the url must end with its port: no path, no query")
	}
	made.auth = auth
	for _, entry := range p.NoProxy {
		if entry == "*" {
			made.all = true
			continue
		}
		e, err := readException(entry)
		if err != nil {
			return nil, err
		}
		made.direct = append(made.direct, e)
	}
	return made, nil
}

// cutUser takes user information out of a URL, and gives it as it is sent (RFC 7617). It
// is percent-encoded, or as it is where that is no encoding: a password from the
// environment may hold anything.
func cutUser(raw string) (bare, auth string, err error) {
	scheme, rest, _ := strings.Cut(raw, "://")
	end := strings.LastIndexByte(rest, '@')
	if end < 0 {
		return raw, "", nil
	}
	name, password, _ := strings.Cut(rest[:end], ":")
	name, password = decoded(name), decoded(password)
	if strings.Contains(name, ":") || !wire.All(name+password, wire.Value) {
		return "", "", errors.New("the url has a user or a password with a character that cannot be sent")
	}
	return scheme + "://" + rest[end+1:], "Basic " + base64.StdEncoding.EncodeToString([]byte(name+":"+password)), nil
}

func decoded(text string) string {
	if plain, err := url.PathUnescape(text); err == nil {
		return plain
	}
	return text
}

// CheckNoProxy says what is wrong with one entry of what is reached directly.
func CheckNoProxy(entry string) error {
	if entry == "*" {
		return nil
	}
	_, err := readException(entry)
	return err
}

// readException reads an entry of what is reached directly.
func readException(entry string) (e exception, err error) {
	bad := fmt.Errorf("%q is none of what is reached directly: write a name, .name for all below it, an address, a network, or *", entry)
	if e.network, err = netip.ParsePrefix(entry); err == nil {
		return e, nil
	}
	host := entry
	if h, port, err := net.SplitHostPort(entry); err == nil {
		n, err := strconv.ParseUint(port, 10, 16)
		if err != nil || n == 0 {
			return e, bad
		}
		host, e.port = h, uint16(n)
	}
	if addr, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		addr = addr.WithZone("").Unmap()
		e.network = netip.PrefixFrom(addr, addr.BitLen())
		return e, nil
	}
	host = strings.TrimPrefix(host, "*") // *.name is how others write .name
	e.name, e.below = strings.CutPrefix(strings.ToLower(strings.TrimSuffix(host, ".")), ".")
	for label := range strings.SplitSeq(e.name, ".") {
		if !isLabel(label) {
			return e, bad
		}
	}
	return e, nil
}
