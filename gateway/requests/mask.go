package requests

import (
	"net/url"
	"slices"
	"strings"

	"hookgate/gateway"
	"hookgate/gateway/wire"
)

// credentials are the header fields that bring one whoever sends them.
var credentials = [...]string{"Authorization", "Proxy-Authorization", "Cookie"}

// Header gives the header fields as they are shown: what brings a credential is masked.
func (k *Kept) Header() [][2]string {
	all := k.header()
	for i := range all {
		if k.masks.hidesHeader(all[i][0]) || k.sounds(all[i][0]) {
			all[i][1] = gateway.Masked
		}
	}
	return all
}

// Sent gives the header fields as they came, for those who judge them.
func (k *Kept) Sent() [][2]string { return k.header() }

func (k *Kept) header() [][2]string {
	all := [][2]string{}
	for f := wire.EachField(k.Head); f.Next(); {
		all = append(all, [2]string{string(f.Name), string(wire.Trim(f.Value))})
	}
	return all
}

func (m *Masks) hidesHeader(name string) bool {
	for _, known := range credentials {
		if strings.EqualFold(name, known) {
			return true
		}
	}
	for _, known := range m.Headers {
		if known != "" && strings.EqualFold(name, known) {
			return true
		}
	}
	return false
}

// Target gives path and query as they are shown.
func (k *Kept) Target() string {
	path, query, has := strings.Cut(k.Path, "?")
	if k.guesses && !strings.HasPrefix(path, "/hooks/") {
		path = withoutLong(path)
	}
	if !has {
		return path
	}
	var shown strings.Builder
	shown.WriteString(path)
	shown.WriteByte('?')
	for i, part := range strings.Split(query, "&") {
		if i > 0 {
			shown.WriteByte('&')
		}
		name, _, valued := strings.Cut(part, "=")
		if valued && (k.masks.hidesQuery(name) || k.sounds(name)) {
			part = name + "=" + gateway.Masked
		}
		shown.WriteString(part)
	}
	return shown.String()
}

// withoutLong gives a path without its long segments: some senders put a credential there.
func withoutLong(path string) string {
	segments := strings.Split(path, "/")
	for i := range segments {
		if len(segments[i]) >= 24 {
			segments[i] = gateway.Masked
		}
	}
	return strings.Join(segments, "/")
}

// sounds says whether a name sounds like that of a credential: a route passes on what is
// its upstream's business, and of a request that found no source nobody knows at all what
// proves who calls.
func (k *Kept) sounds(name string) bool {
	name = strings.NewReplacer("-", "", "_", "").Replace(strings.ToLower(name))
	words := []string{"token", "secret", "apikey", "auth", "passw", "session"}
	if k.guesses {
		words = append(words, "key", "pass", "sign")
	}
	return slices.ContainsFunc(words, func(word string) bool { return strings.Contains(name, word) })
}

func (m *Masks) hidesQuery(written string) bool {
	name, err := url.QueryUnescape(written)
	if err != nil {
		name = written
	}
	for _, known := range m.Queries {
		if known != "" && name == known {
			return true
		}
	}
	return false
}
