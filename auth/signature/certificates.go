package signature

import (
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"maps"
	"sync"
	"time"
)

// Certificates gets the certificates that a provider's requests name by a URL, and
// keeps what proved good. It outlives the verifiers that ask it; many goroutines
// may use it.
//
// A request that nobody has verified yet makes it fetch. So each source has an
// allowance of its own, those who want the same certificate wait for one fetch, and
// what could not be had is not asked for again at once. A certificate that is kept is
// never fetched for a request: near its end it is renewed beside them.
type Certificates struct {
	fetch func(url string) ([]byte, error)
	roots *x509.CertPool

	mu      sync.Mutex
	kept    map[string]*trusted
	failed  map[string]failure
	flights map[string]*flight
}

// trusted is a public key and the time in which its whole chain is good.
type trusted struct {
	key         *rsa.PublicKey
	from, until time.Time
	renewed     time.Time // when that was tried last
}

// failure is why there is no certificate at a URL, and until when that is believed.
type failure struct {
	err   error
	until time.Time
}

// flight is one fetch, and who waits for it.
type flight struct {
	done    chan struct{}
	trusted trusted
	err     error
}

const (
	mostFlights = 64
	mostKept    = 64
	mostFailed  = 1024

	absentFor   = 10 * time.Minute // what is no certificate stays none for so long
	troubledFor = 5 * time.Second  // and what could not be asked for is not for so long
	renewBefore = 24 * time.Hour   // the end of one that is kept
	renewEvery  = time.Hour
)

// NewCertificates makes Certificates that ask fetch, which must be bounded in time
// and bytes and gives a certificate and its chain in PEM; an error that is ErrAbsent
// says that there is none. They trust roots, nil for the system's.
func NewCertificates(fetch func(url string) ([]byte, error), roots *x509.CertPool) *Certificates {
	return &Certificates{
		fetch: fetch, roots: roots,
		kept: map[string]*trusted{}, failed: map[string]failure{}, flights: map[string]*flight{},
	}
}

// ErrAbsent says that there is nothing at a URL.
var ErrAbsent = errors.New("there is no certificate")

var (
	errNoCertificates = errors.New("no certificates can be fetched here")
	errManyFetches    = &troubled{errors.New("too many certificates are asked for")}
	errBroken         = &troubled{errors.New("the fetch was broken off")}
)

// troubled is an error that says nothing of the certificate: it could not be had now.
type troubled struct{ err error }

func (e *troubled) Error() string { return e.err.Error() }

// key gives the public key of the certificate at url, which must be good now and
// by the issuer.
func (c *Certificates) key(url string, by *issuer, of *allowance, r *Request) (*rsa.PublicKey, error) {
	if c == nil {
		return nil, errNoCertificates
	}
	c.mu.Lock()
	if s := c.kept[url]; s != nil && s.good(r.Now) {
		c.renew(s, url, by, r.Now)
		c.mu.Unlock()
		return s.key, nil
	}
	if e, is := c.failed[url]; is && r.Now.Before(e.until) {
		c.mu.Unlock()
		return nil, e.err
	}
	f, flies := c.flights[url]
	if !flies {
		if len(c.flights) >= mostFlights || !of.take(r.client(), r.Now) {
			c.mu.Unlock()
			return nil, errManyFetches
		}
		f = c.depart(url)
	}
	c.mu.Unlock()
	if flies {
		<-f.done
	} else {
		c.fly(f, url, by, r.Now)
	}
	if f.err != nil {
		return nil, f.err
	}
	return f.trusted.key, nil
}

// depart begins a flight. The lock is held.
func (c *Certificates) depart(url string) *flight {
	f := &flight{done: make(chan struct{}), err: errBroken}
	c.flights[url] = f
	return f
}

// renew fetches a kept certificate again when its end is near; who needs it has it
// meanwhile. The lock is held.
func (c *Certificates) renew(s *trusted, url string, by *issuer, now time.Time) {
	if now.Before(s.until.Add(-renewBefore)) || now.Sub(s.renewed) < renewEvery || c.flights[url] != nil {
		return
	}
	s.renewed = now
	f := c.depart(url)
	go func() {
		defer func() { _ = recover() }() // it is tried again, and nobody waits for it
		c.fly(f, url, by, now)
	}()
}

// fly fetches and keeps. Whatever fetch does, those who wait are let go.
func (c *Certificates) fly(f *flight, url string, by *issuer, now time.Time) {
	defer func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.flights, url)
		c.land(f, url, now)
		close(f.done)
	}()
	text, err := c.fetch(url)
	switch {
	case err == nil:
		f.trusted, f.err = by.read(text, c.roots, now)
	case errors.Is(err, ErrAbsent):
		f.err = err
	default:
		f.err = &troubled{err}
	}
}

// land keeps what a flight brought. The lock is held.
func (c *Certificates) land(f *flight, url string, now time.Time) {
	if f.err == nil {
		delete(c.failed, url)
		makeRoom(c.kept, mostKept, func(s *trusted) bool { return !s.good(now) })
		f.trusted.renewed = now
		c.kept[url] = &f.trusted
		return
	}
	if s := c.kept[url]; f.err == errBroken || s != nil && s.good(now) { //nolint:errorlint // bare
		return // of one that is kept nothing bad is believed before its end
	}
	pause := absentFor
	if troubled := (*troubled)(nil); errors.As(f.err, &troubled) {
		pause = troubledFor
	}
	makeRoom(c.failed, mostFailed, func(e failure) bool { return !now.Before(e.until) })
	c.failed[url] = failure{f.err, now.Add(pause)}
}

// makeRoom drops what is over from a map that has most, and any one if nothing is.
func makeRoom[V any](m map[string]V, most int, over func(V) bool) {
	if len(m) < most {
		return
	}
	maps.DeleteFunc(m, func(_ string, v V) bool { return over(v) })
	for url := range m {
		if len(m) < most {
			return
		}
		delete(m, url)
	}
}

func (s *trusted) good(now time.Time) bool { return !now.Before(s.from) && !now.After(s.until) }

// confirm asks url, by which a verified request wants to be answered.
func (c *Certificates) confirm(url string, of *allowance, r *Request) error {
	if c == nil {
		return errNoCertificates
	}
	if !of.take(r.client(), r.Now) {
		return errManyFetches
	}
	_, err := c.fetch(url)
	return err
}
