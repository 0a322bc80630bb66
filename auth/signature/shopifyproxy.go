package signature

import (
	"crypto/sha256"
	"net/url"
	"slices"
	"strings"
	"time"
)

// shopifyProxy is what Shopify passes on to the app behind a shop's page: the query is
// signed, the body of a POST is not (shopify.dev/docs/apps/build/online-store/
// app-proxies/authenticate-app-proxies). Nothing stands between the parameters: another
// split of the same text has the same signature, and no check can tell.
var shopifyProxy = descriptor{
	name:      "shopify-app-proxy",
	clock:     tenDigits,
	algorithm: sha256.New,
	encoding:  hexLower,
	window:    90 * time.Second,
}

const (
	proxySignature = "signature"
	proxyTime      = "timestamp"
)

var shopifyProxyScheme = scheme{
	name:  shopifyProxy.name,
	reads: []string{"secrets", "tolerance"},
	build: func(c *Config, f *faults) *Verifier {
		return &Verifier{proof: &signedQuery{keys: shopifyProxy.keys(c, f), window: shopifyProxy.tolerance(c, f)}}
	},
}

// signedQuery proves by a parameter that signs the others.
type signedQuery struct {
	keys   []*key
	window time.Duration
}

func (p *signedQuery) verify(r *Request) error {
	values, err := r.query()
	if err != nil {
		return err
	}
	signature, err := only(values, proxySignature)
	if err != nil {
		return err
	}
	at, err := only(values, proxyTime)
	if err != nil {
		return err
	}
	moment, ok := shopifyProxy.clock.read([]byte(at))
	if !ok {
		return refuse(Malformed, proxyTime)
	}
	if err := within(p.window, r, moment, proxyTime); err != nil {
		return err
	}
	delete(values, proxySignature)
	for _, k := range p.keys {
		for _, order := range [...]func(a, b string) int{strings.Compare, byName} {
			if k.gives([]byte(signature), shopifyProxy.encoding, []byte(proxyText(values, order))) {
				return nil
			}
		}
	}
	return refuse(Mismatch, proxySignature)
}

// byName orders pairs by their names. Shopify's own page orders the pairs as whole
// texts, its package their names: they differ where a name begins another.
func byName(a, b string) int {
	one, _, _ := strings.Cut(a, "=")
	two, _, _ := strings.Cut(b, "=")
	return strings.Compare(one, two)
}

func proxyText(values url.Values, order func(a, b string) int) string {
	all := make([]string, 0, len(values))
	for name, list := range values {
		all = append(all, name+"="+strings.Join(list, ","))
	}
	slices.SortFunc(all, order)
	return strings.Join(all, "")
}
