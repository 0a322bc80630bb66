//go:build linux

package main

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/valyala/fasthttp"
)

// scraped is what one read of /metrics was.
type scraped struct {
	took    time.Duration
	bytes   int // as they came
	series  int
	gzipped bool
}

func (s *scraped) seconds() float64 { return s.took.Seconds() }

// scrape reads /metrics, and says whether gzip is accepted.
func (g *gateway) scrape(gzip bool) (*scraped, error) {
	req, res := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
	defer fasthttp.ReleaseRequest(req)
	defer fasthttp.ReleaseResponse(res)
	internalRequest(req, fasthttp.MethodGet, g.internal, "/metrics")
	if gzip {
		req.Header.Set("Accept-Encoding", "gzip")
	}
	start := time.Now()
	if err := fasthttp.DoTimeout(req, res, g.patience); err != nil {
		return nil, fmt.Errorf("/metrics: %w", err)
	}
	s := &scraped{took: time.Since(start), bytes: len(res.Body()), gzipped: len(res.Header.ContentEncoding()) > 0}
	text, err := res.BodyUncompressed()
	if err != nil {
		return nil, fmt.Errorf("/metrics: %w", err)
	}
	s.series = bytes.Count(text, []byte("\n")) - bytes.Count(text, []byte("\n#")) - 1 // the first line is a comment
	if res.StatusCode() != fasthttp.StatusOK || !bytes.Contains(text, []byte("\ngo_goroutines ")) {
		return nil, fmt.Errorf("/metrics: %d %.1000s", res.StatusCode(), text)
	}
	return s, nil
}

// scrapes reads /metrics plain and with gzip accepted, in turns.
func (t *tenants) scrapes(_ context.Context, g *gateway, r *report) error {
	var plain, packed []*scraped
	for range t.rounds {
		for _, to := range []struct {
			gzip bool
			all  *[]*scraped
		}{{false, &plain}, {true, &packed}} {
			s, err := g.scrape(to.gzip)
			if err != nil {
				return err
			}
			*to.all = append(*to.all, s)
		}
	}
	sayScrapes(r, "/metrics, plain", plain)
	sayScrapes(r, "/metrics, gzip", packed)
	return nil
}

func sayScrapes(r *report, what string, all []*scraped) {
	took := time.Duration(middle(all, (*scraped).seconds) * float64(time.Second))
	last := all[len(all)-1]
	r.less(what, "MB", float64(last.bytes)/1e6)
	r.less(what+", time", "ms", micros(took)/1000)
	how := "as it is"
	if last.gzipped {
		how = "gzipped"
	}
	r.printf("%-19s %.2f MB %s, %d series, in %s, the middle of %d; goal at most %d MB and %s: %s\n", what, float64(last.bytes)/1e6, how, last.series,
		short(took), len(all), goalTenantsScraped/1_000_000, goalTenantsScrape, verdict(last.bytes <= goalTenantsScraped && took <= goalTenantsScrape))
}
