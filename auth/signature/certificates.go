package signature

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"strings"
	"sync"
	"time"
)

// Certificates gets the certificates that a provider's requests name by a URL, and
// keeps what proved good. It outlives the verifiers that ask it; many goroutines
// may use it.
//
// A request that nobody has verified yet makes it fetch. So few fetches run at
// once, there are only so many a minute, and those who want the same certificate
// wait for one.
type Certificates struct {
	fetch func(url string) ([]byte, error)
	roots *x509.CertPool

	mu      sync.Mutex
	kept    map[string]trusted
	flights map[string]*flight
	minute  time.Time
	fetched int // in that minute
}

// trusted is a public key and the time in which its whole chain is good.
type trusted struct {
	key         *rsa.PublicKey
	from, until time.Time
}

// flight is one fetch, and who waits for it.
type flight struct {
	done    chan struct{}
	trusted trusted
	err     error
}

const (
	mostFlights          = 4
	mostFetches          = 20 // a minute
	mostKept             = 64
	mostChain            = 8
	leastKeyBytes        = 256
	certificatePEM       = "CERTIFICATE"
	fetchWindow          = time.Minute
	certificateURLLength = 512
)

// NewCertificates makes Certificates that ask fetch, which must be bounded in time
// and bytes and gives a certificate and its chain in PEM. They trust roots, nil for
// the system's.
func NewCertificates(fetch func(url string) ([]byte, error), roots *x509.CertPool) *Certificates {
	return &Certificates{fetch: fetch, roots: roots, kept: map[string]trusted{}, flights: map[string]*flight{}}
}

var (
	errNoCertificates = errors.New("no certificates can be fetched here")
	errManyFetches    = errors.New("too many certificates are asked for")
	errCertificate    = errors.New("not a certificate of the provider")
)

// key gives the public key of the certificate at url, which must be good now and
// for a name under domain.
func (c *Certificates) key(url, domain string, now time.Time) (*rsa.PublicKey, error) {
	if c == nil {
		return nil, errNoCertificates
	}
	c.mu.Lock()
	if s, is := c.kept[url]; is && s.good(now) {
		c.mu.Unlock()
		return s.key, nil
	}
	f, flies := c.flights[url]
	if !flies {
		if !c.mayFetch(now) {
			c.mu.Unlock()
			return nil, errManyFetches
		}
		f = &flight{done: make(chan struct{}), err: errCertificate}
		c.flights[url] = f
	}
	c.mu.Unlock()
	if flies {
		<-f.done
	} else {
		c.fly(f, url, domain, now)
	}
	if f.err != nil {
		return nil, f.err
	}
	return f.trusted.key, nil
}

// mayFetch counts a fetch if one more may run.
func (c *Certificates) mayFetch(now time.Time) bool {
	if since := now.Sub(c.minute); since >= fetchWindow || since < 0 {
		c.minute, c.fetched = now, 0
	}
	if c.fetched >= mostFetches || len(c.flights) >= mostFlights {
		return false
	}
	c.fetched++
	return true
}

// fly fetches and keeps. Whatever fetch does, those who wait are let go.
func (c *Certificates) fly(f *flight, url, domain string, now time.Time) {
	defer func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.flights, url)
		if f.err == nil {
			if len(c.kept) >= mostKept {
				clear(c.kept) // the provider changed its certificate this often
			}
			c.kept[url] = f.trusted
		}
		close(f.done)
	}()
	text, err := c.fetch(url)
	if err == nil {
		f.trusted, err = readTrusted(text, domain, c.roots, now)
	}
	f.err = err
}

func (s *trusted) good(now time.Time) bool { return !now.Before(s.from) && !now.After(s.until) }

// readTrusted reads a certificate and its chain and checks all of it.
func readTrusted(text []byte, domain string, roots *x509.CertPool, now time.Time) (trusted, error) {
	chain, err := readChain(text)
	if err != nil {
		return trusted{}, err
	}
	leaf, between := chain[0], x509.NewCertPool()
	for _, c := range chain[1:] {
		between.AddCert(c)
	}
	found, err := leaf.Verify(x509.VerifyOptions{
		Roots: roots, Intermediates: between, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
	})
	if err != nil {
		return trusted{}, err
	}
	key, is := leaf.PublicKey.(*rsa.PublicKey)
	if !is || key.Size() < leastKeyBytes || !isUnder(leaf.DNSNames, domain) {
		return trusted{}, errCertificate
	}
	s := trusted{key: key, from: leaf.NotBefore, until: leaf.NotAfter}
	for _, c := range found[0] {
		if c.NotBefore.After(s.from) {
			s.from = c.NotBefore
		}
		if c.NotAfter.Before(s.until) {
			s.until = c.NotAfter
		}
	}
	return s, nil
}

// readChain reads the certificates of a PEM text, the leaf first.
func readChain(text []byte) (chain []*x509.Certificate, err error) {
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != certificatePEM || len(chain) == mostChain {
			return nil, errCertificate
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		chain = append(chain, c)
	}
	if len(chain) == 0 {
		return nil, errCertificate
	}
	return chain, nil
}

// isUnder tells whether one of the names is of the domain.
func isUnder(names []string, domain string) bool {
	for _, name := range names {
		if strings.HasSuffix(strings.ToLower("."+name), "."+domain) {
			return true
		}
	}
	return false
}
