package signature

import (
	"bytes"
	"crypto/md5"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strings"
	"time"
)

// sinchApplication is Sinch's callbacks of Voice and Verification: method, MD5 of the
// body, content type, time and path are signed (developers.sinch.com/docs/voice/
// api-reference/authentication/callback-signed-request). MD5 keeps no one from making
// two bodies that have the same; only Sinch writes what it signs.
var sinchApplication = descriptor{
	name:      "sinch-application",
	header:    "Authorization",
	timestamp: "x-timestamp",
	clock:     rfc3339,
	algorithm: sha256.New,
	encoding:  base64Std,
	window:    fiveMinutes,
	key: func(secret string) ([]byte, error) {
		raw, err := base64.StdEncoding.DecodeString(secret)
		if err != nil {
			return nil, errors.New("is not base64: this scheme's secret is the application's")
		}
		return raw, nil
	},
}

var sinchApplicationScheme = scheme{
	name:  sinchApplication.name,
	reads: []string{"secrets", "tolerance", "application_key"},
	build: func(c *Config, f *faults) *Verifier {
		if !isPlain(c.ApplicationKey, "-_") {
			f.add("application_key", "must be the application's key, as 669e3673-4c5e-4a3a-8a1b-1e5b9e6d3f0a")
		}
		return &Verifier{proof: &application{
			keys: sinchApplication.keys(c, f), window: sinchApplication.tolerance(c, f), key: c.ApplicationKey,
		}}
	},
}

// application proves by credentials that sign the request.
type application struct {
	keys   []*key
	window time.Duration
	key    string
}

// ofApplication takes the credentials of the scheme, in any case.
var ofApplication = authorization("application")

func (p *application) verify(r *Request) error {
	credentials, err := ofApplication(r, sinchApplication.header)
	if err != nil {
		return err
	}
	key, signature, found := bytes.Cut(credentials, []byte(":"))
	switch {
	case !found:
		return refuse(Malformed, sinchApplication.header)
	case string(key) != p.key:
		return refuse(UnknownKey, sinchApplication.header)
	}
	head, err := p.head(r)
	if err != nil {
		return err
	}
	path := pathOf(r.url())
	bare, _, _ := strings.Cut(path, "?")
	for _, k := range p.keys {
		for _, path := range [...]string{path, bare} { // Sinch's pages leave open whether the query is of it
			if k.gives(signature, sinchApplication.encoding, head, []byte(path)) {
				return nil
			}
		}
	}
	return refuse(Mismatch, sinchApplication.header)
}

// head checks the time, and gives what is signed before the path.
func (p *application) head(r *Request) ([]byte, error) {
	at, err := r.header(sinchApplication.timestamp)
	if err != nil {
		return nil, err
	}
	moment, ok := sinchApplication.clock.read(at)
	if !ok {
		return nil, refuse(Malformed, sinchApplication.timestamp)
	}
	if err := within(p.window, r, moment, sinchApplication.timestamp); err != nil {
		return nil, err
	}
	kind, n := r.Header.Get("Content-Type")
	if n > 1 {
		return nil, refuse(DuplicateHeader, "Content-Type")
	}
	return sinchHead(r, kind, at), nil
}

// sinchHead gives what is signed before the path.
func sinchHead(r *Request, kind, at []byte) []byte {
	sum := ""
	if len(r.Body) > 0 {
		hash := md5.Sum(r.Body)
		sum = base64.StdEncoding.EncodeToString(hash[:])
	}
	return []byte(r.Method + "\n" + sum + "\n" + string(kind) + "\nx-timestamp:" + string(at) + "\n")
}
