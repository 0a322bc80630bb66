//go:build linux

package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"

	"github.com/valyala/fasthttp"
)

// goalBackup is how many times its p99 without one a callback's p99 may be while a backup
// runs (issue 13).
const goalBackup = 2.0

// largeEvent is the body of the events that fill the store, in bytes. What is in them is
// random, so that the store takes what they have.
const largeEvent = 64 << 10

// runBackup fills the store, and sends callbacks at a rate: first alone, then while the
// store is backed up, again and again. Both in turns, for the machine is never as it was.
func (o *operations) runBackup(ctx context.Context, g *gateway, r *report) error {
	if err := o.fill(ctx, g); err != nil {
		return err
	}
	s, err := newSender("token", 0, 512)
	if err != nil {
		return err
	}
	// What is parked ends soon: a source parks so many at most.
	if err := g.putSource(strings.Replace(s.source(true, 100_000), `"ttl":300`, `"ttl":10`, 1)); err != nil {
		return err
	}
	if _, err := o.park(ctx, g, s, "warm-"); err != nil {
		return err
	}
	var alone, with histogram
	var copied int64
	for i := range 3 {
		one, err := o.park(ctx, g, s, "alone"+strconv.Itoa(i)+"-")
		if err != nil {
			return err
		}
		alone.merge(one)
		n, one, err := o.parkBeside(ctx, g, s, "with"+strconv.Itoa(i)+"-")
		if err != nil {
			return err
		}
		with.merge(one)
		copied += n
	}
	ratio := with.quantile(0.99).Seconds() / alone.quantile(0.99).Seconds()
	r.less("p99 beside a backup", "", ratio)
	r.printf("backup              callbacks %.0f/s: p50 %s, p99 %s alone; %s, %s while %.0f MiB were backed up\n",
		o.rate, short(alone.quantile(0.5)), short(alone.quantile(0.99)), short(with.quantile(0.5)), short(with.quantile(0.99)), float64(copied)/(1<<20))
	r.printf("p99 with / without  %.2f; goal at most %.1f: %s\n", ratio, goalBackup, verdict(ratio <= goalBackup))
	return nil
}

// fill publishes events of which nothing becomes smaller, until the store has as much as
// is asked for.
func (o *operations) fill(ctx context.Context, g *gateway) error {
	const batch = 8
	random := rand.NewChaCha8([32]byte{})
	noise := make([]byte, largeEvent/4*3)
	_, _ = random.Read(noise) // it never fails
	text := []byte(base64.StdEncoding.EncodeToString(noise))
	head := internalHead("POST", g.internal, tenantPath+"/events")
	l := &load{
		addr: g.internal, conns: 8, n: max(1, int(o.backup/(batch*largeEvent))), check: wantAnswer(fasthttp.StatusAccepted, `"accepted":8`),
		fill: func(i int, m *message) {
			m.head, m.body = head, append(m.body[:0], `{"events":[`...)
			for n := range batch {
				if n > 0 {
					m.body = append(m.body, ',')
				}
				_, _ = random.Read(noise[:48]) // each is another, from a place of its own on
				at := base64.StdEncoding.EncodeToString(noise[:48])
				m.body = append(m.body, `{"event":{"type":"note"},"conversation":{"key":"42"},"text":"`...)
				m.body = append(append(m.body, at...), text[(i*batch+n)%1024:]...)
				m.body = append(m.body, `"}`...)
			}
			m.body = append(m.body, `]}`...)
		},
	}
	_, err := l.run(ctx)
	return err
}

// park sends callbacks that are parked, at the rate, and gives how long each took.
func (o *operations) park(ctx context.Context, g *gateway, s *sender, prefix string) (*histogram, error) {
	n := o.events()
	s.batch(prefix, n)
	l := &load{addr: g.public, conns: 64, n: n, pace: newPace(o.rate), check: wantAnswer(fasthttp.StatusAccepted, `"outcome":"parked"`), fill: s.filler(g.public)}
	result, err := l.run(ctx)
	if err != nil {
		return nil, err
	}
	return &result.latency, nil
}

// parkBeside does so while backups run, and gives how many bytes those had.
func (o *operations) parkBeside(ctx context.Context, g *gateway, s *sender, prefix string) (copied int64, took *histogram, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	started, done := make(chan struct{}), make(chan error, 1)
	go func() {
		var first = started
		for ctx.Err() == nil {
			n, err := backup(ctx, g, first)
			first = nil
			if copied += n; err != nil && ctx.Err() == nil {
				done <- err
				return
			}
		}
		done <- nil
	}()
	select {
	case <-started:
	case err := <-done:
		return copied, nil, errors.Join(errors.New("no backup has begun"), err)
	}
	took, err = o.park(ctx, g, s, prefix)
	cancel()
	return copied, took, errors.Join(err, <-done)
}

// backup takes one, and tells when its first bytes are there.
func backup(ctx context.Context, g *gateway, started chan struct{}) (n int64, err error) {
	q, err := http.NewRequestWithContext(ctx, "POST", "http://"+g.internal+"/v1/backup", bytes.NewReader(nil))
	if err != nil {
		return 0, err
	}
	q.Header.Set("Authorization", "Bearer "+adminToken)
	a, err := http.DefaultClient.Do(q)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, a.Body.Close()) }()
	if a.StatusCode != http.StatusOK {
		return 0, fmt.Errorf("the backup was answered %s", a.Status)
	}
	if n, err = io.CopyN(io.Discard, a.Body, 1); err != nil {
		return n, err
	}
	if started != nil {
		close(started)
	}
	more, err := io.Copy(io.Discard, a.Body)
	return n + more, err
}
