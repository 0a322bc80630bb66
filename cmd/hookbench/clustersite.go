//go:build linux

package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"hookgate/gateway/gatewaytest/postgres"
)

// kind is what a site keeps things in.
type kind struct {
	name              string
	database, standby bool
	two               bool // nodes on the database
}

// site is a gateway with what it keeps things in.
type site struct {
	kind
	g         *gateway // that is asked
	other     *gateway // on the same database, or nil
	databases []*postgres.Server
	delivered int // events since the start
	batches   int
	rounds    []*clusterRound
}

// durable are settings of a database whose machine may lose its power: those of a small one.
var durable = []string{"fsync = on", "shared_buffers = 256MB", "max_wal_size = 2GB"}

// startSite starts the databases of a site, and its gateway.
func (c *cluster) startSite(ctx context.Context, k kind) (*site, error) {
	s := &site{kind: k}
	if err := s.start(ctx, c); err != nil {
		return nil, errors.Join(err, s.stop())
	}
	return s, nil
}

func (s *site) start(ctx context.Context, c *cluster) (err error) {
	own := common{hookgate: c.hookgate, dir: c.dir, patience: c.patience}
	if s.database {
		db, err := postgres.Make(durable...)
		if err != nil {
			return err
		}
		s.databases = append(s.databases, db)
		if s.standby {
			other, err := db.MakeStandby()
			if err != nil {
				return err
			}
			s.databases = append(s.databases, other)
			if err := db.Synchronous(); err != nil {
				return err
			}
		}
		key := make([]byte, 32)
		_, _ = rand.Read(key) // it never fails
		own.config = fmt.Sprintf("store: { driver: postgres, url: %q }\ncluster: { advertise: %q }\n", db.URL(), ownInternal)
		own.env = []string{"HOOKGATE_MASTER_KEY=" + base64.StdEncoding.EncodeToString(key)}
	}
	if s.g, err = startGateway(ctx, &own); err != nil {
		return err
	}
	if err := s.g.prepare(); err != nil || !s.two {
		return err
	}
	own.hookgate = s.g.program
	if s.other, err = startGateway(ctx, &own); err != nil {
		return err
	}
	return s.shared(ctx)
}

// nodes are the gateways of a site.
func (s *site) nodes() []*gateway {
	if s.other == nil {
		return []*gateway{s.g}
	}
	return []*gateway{s.g, s.other}
}

// settledAll waits until the nodes together have written down that so many arrived.
func (s *site) settledAll(ctx context.Context) error {
	for end := time.Now().Add(patience); ; {
		is := 0
		for _, g := range s.nodes() {
			m, err := g.metrics()
			if err != nil {
				return err
			}
			is += int(m[`hookgate_deliveries_total{endpoint="crm",state="succeeded",tenant="`+clusterTenant+`"}`])
		}
		if is == s.delivered {
			return nil
		}
		if time.Now().After(end) {
			return fmt.Errorf("%d of %d are settled after %s", is, s.delivered, patience)
		}
		if err := rest(ctx, 50*time.Millisecond); err != nil {
			return err
		}
	}
}

func (s *site) stop() (err error) {
	for _, g := range s.nodes() {
		if g != nil {
			err = errors.Join(err, g.stop())
		}
	}
	for i := len(s.databases) - 1; i >= 0; i-- {
		s.databases[i].Remove()
	}
	return err
}

// cpu is what the processes of the databases have used. What one had used that has ended since
// is the postmaster's, in hundredths of a second.
func (s *site) cpu() (sum time.Duration) {
	for _, db := range s.databases {
		for _, pid := range db.Pids() {
			if one, err := cpuTime(pid); err == nil { // else it has ended
				sum += one
			}
		}
		sum += endedChildren(db.Pid())
	}
	return sum
}

// endedChildren is the CPU time of those that a process started and waited for.
func endedChildren(pid int) (sum time.Duration) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	for _, at := range []int{13, 14} { // proc(5): cutime, cstime
		var ticks int64
		if _, err := fmt.Sscan(fields[at], &ticks); err == nil {
			sum += time.Duration(ticks) * 10 * time.Millisecond
		}
	}
	return sum
}

// middle is the middle of what the rounds say.
func (s *site) middle(of func(*clusterRound) float64) float64 { return middle(s.rounds, of) }
