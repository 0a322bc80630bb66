package signature

import (
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"slices"
	"strings"
	"time"
)

// atlassian is Connect, of Jira and Confluence: a token has the hash of method, path and
// query, and nothing of the body (developer.atlassian.com/cloud/jira/platform/
// understanding-jwt-for-connect-apps). The fixed hash of context tokens, which any user
// has, is never one of a request.
var atlassian = tokenFamily{
	name:       "atlassian-connect",
	header:     "Authorization",
	word:       "JWT",
	algorithms: []string{"HS256"},
	reads:      []string{"client_key", "base_url"},
	tolerance:  30 * time.Second,
	lasts:      3 * time.Minute,
	deliveryID: "header:X-Atlassian-Webhook-Identifier",
	signsURL:   true,
	policy: func(c *Config, f *faults) policy {
		f.needs("client_key", c.ClientKey, "the client key that came with the secret")
		base := basePath(c.BaseURL, f)
		return policy{rules: []rule{
			is("iss", Claim, c.ClientKey),
			{claim: "qsh", reason: Mismatch, says: func(to []byte, r *Request) []byte {
				sum := sha256.Sum256(canonical(to, r, base))
				return hex.AppendEncode(to[:0], sum[:])
			}},
		}}
	},
}

// basePath gives the path of the app's own URL, which is not signed.
func basePath(base string, f *faults) string {
	if base == "" {
		return ""
	}
	u, err := url.Parse(base)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
		f.add("base_url", "must be the URL of the app, as https://hooks.example.com/hooks")
		return ""
	}
	return strings.TrimSuffix(u.EscapedPath(), "/")
}

// canonical appends what is hashed: METHOD&path&query.
func canonical(to []byte, r *Request, base string) []byte {
	path, query, _ := strings.Cut(pathOf(r.url()), "?")
	if rest, under := strings.CutPrefix(path, base); under && (rest == "" || rest[0] == '/') {
		path = rest
	}
	path = "/" + strings.TrimPrefix(path, "/")
	if len(path) > 1 {
		path = strings.TrimSuffix(path, "/")
	}
	to = append(append(to, strings.ToUpper(r.Method)...), '&')
	to = append(append(to, strings.ReplaceAll(path, "&", "%26")...), '&')
	values, err := url.ParseQuery(query)
	if err != nil { // what cannot be read was signed by nobody
		return append(to, "?"...)
	}
	delete(values, "jwt")
	return appendSorted(to, values)
}

// appendSorted writes the names in order, each with its values in order between commas.
func appendSorted(to []byte, values url.Values) []byte {
	names := make([]string, 0, len(values))
	for name := range values {
		names = append(names, name)
	}
	slices.Sort(names)
	for i, name := range names {
		if i > 0 {
			to = append(to, '&')
		}
		to = append(append(to, encoded3986(name)...), '=')
		slices.Sort(values[name])
		for n, value := range values[name] {
			if n > 0 {
				to = append(to, ',')
			}
			to = append(to, encoded3986(value)...)
		}
	}
	return to
}

// encoded3986 leaves only what RFC 3986 calls unreserved as it is (section 2.3).
func encoded3986(text string) string {
	return strings.ReplaceAll(url.QueryEscape(text), "+", "%20")
}
