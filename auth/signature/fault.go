package signature

import (
	"fmt"
	"slices"
	"strings"
)

// Fault is one mistake in a Config, at the field as the operator writes it
// ("secrets[1]"). It holds no secret.
type Fault struct {
	Field, Message string
	// Word is what was written where only one of Words may stand; "" for other faults.
	Word  string
	Words []string
}

func (f Fault) String() string { return f.Field + " " + f.Message }

type faults []Fault

func (f *faults) add(field, format string, args ...any) {
	*f = append(*f, Fault{Field: field, Message: fmt.Sprintf(format, args...)})
}

// word adds the fault of a word that is none of those that may be.
func (f *faults) word(field, got string, words ...string) {
	last := len(words) - 1
	f.add(field, "is %q: must be %s or %s", got, strings.Join(words[:last], ", "), words[last])
	f.last().Word, f.last().Words = got, words
}

// one is word for a long list.
func (f *faults) one(field, got string, words []string) {
	f.add(field, "is %q: must be one of %s", got, strings.Join(words, ", "))
	f.last().Word, f.last().Words = got, words
}

func (f *faults) last() *Fault { return &(*f)[len(*f)-1] }

// mostSecrets bounds the work that one bad request can make.
const mostSecrets = 16

// secrets checks a list of secrets and returns what read makes of each. An empty
// one is a fault: anyone can compute its signatures.
func secrets[T any](list []string, f *faults, read func(secret string) (T, error)) (all []T) {
	switch {
	case len(list) == 0:
		f.add("secrets", "is missing: set at least one")
	case len(list) > mostSecrets:
		f.add("secrets", "has %d: set at most %d", len(list), mostSecrets)
		return nil
	}
	for i, secret := range list {
		field := fmt.Sprintf("secrets[%d]", i)
		if secret == "" {
			f.add(field, "is empty")
			continue
		}
		one, err := read(secret)
		if err != nil {
			f.add(field, "%v", err)
			continue
		}
		all = append(all, one)
	}
	return all
}

// unread reports what is set in c although its type does not read it: silence
// would let an operator believe in a check that never runs.
func (f *faults) unread(c *Config, reads []string) {
	for _, field := range []struct {
		name string
		set  bool
	}{
		{"in", c.In != ""},
		{"name", c.Name != ""},
		{"secrets", len(c.Secrets) > 0},
		{"username", c.Username != ""},
		{"password", c.Password != ""},
		{"header", c.Header != ""},
		{"algorithm", c.Algorithm != ""},
		{"encoding", c.Encoding != ""},
		{"prefix", c.Prefix != ""},
		{"signed", c.Signed != ""},
		{"timestamp_header", c.TimestampHeader != ""},
		{"timestamp_unit", c.TimestampUnit != ""},
		{"format", c.HeaderFormat != ""},
		{"tolerance", c.Tolerance != 0},
		{"verify_token", c.VerifyToken != ""},
		{"ca", c.CA != ""},
		{"names", len(c.Names) > 0},
		{"fingerprints", len(c.Fingerprints) > 0},
		{"topic_arn", c.TopicARN != ""},
		{"public_key", c.PublicKey != ""},
		{"application_key", c.ApplicationKey != ""},
		{"allowed_origins", len(c.AllowedOrigins) > 0},
		{"key", c.Key != ""},
		{"tokens", len(c.Tokens) > 0},
		{"check_source", c.CheckSource},
		{"api_key", c.APIKey != ""},
		{"verification_token", c.VerificationToken != ""},
	} {
		if field.set && !slices.Contains(reads, field.name) {
			f.add(field.name, "is not read by type %s: remove it", c.Type)
		}
	}
	f.unreadTokens(c, reads)
}

// headerName checks a name that must be a header's (RFC 9110, section 5.6.2).
// Bounds of texts that each request is compared with, or carries, in bytes.
const (
	mostName   = 256     // the name of a header
	mostAround = 256     // what stands before a signature
	mostSigned = 4 << 10 // what is signed beside the body
)

// bounded refuses a text that is longer than it may be.
func (f *faults) bounded(field, text string, most int) {
	if len(text) > most {
		f.add(field, "has %d bytes: at most %d", len(text), most)
	}
}

func (f *faults) headerName(field, name string) {
	switch {
	case name == "":
		f.add(field, "is missing: set the name of a header")
	case len(name) > mostName:
		f.add(field, "has %d bytes: the name of a header has at most %d", len(name), mostName)
	case !isToken(name):
		f.add(field, "is %q: no header can have this name", name)
	}
}

func isToken(name string) bool { return isPlain(name, "!#$%&'*+-.^_`|~") }

// isPlain tells whether text is not empty and has only ASCII letters, digits and
// what is in more.
func isPlain(text, more string) bool {
	return text != "" && !strings.ContainsFunc(text, func(c rune) bool {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
			return false
		}
		return !strings.ContainsRune(more, c)
	})
}
