//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"
	"github.com/valyala/fasthttp"
)

// What DESIGN asks of events.
const (
	goalOne       = 0.30                   // accepted, one a request / echo
	goalTen       = 0.60                   // accepted, ten a request, in events / echo
	goalDelivered = 0.12                   // delivered / echo; then 0.15
	goalCPU       = 0.7                    // seconds for 10,000 delivered, all processes
	goalP50       = 2 * time.Millisecond   // published to delivered at 200/s
	goalP99       = 6 * time.Millisecond   // the same
	goalBeside    = 1.5                    // p99 beside a hanging endpoint / without it
	goalQueued    = 400 << 20              // bytes resident with a million queued
	goalReady     = 3 * time.Second        // from start to ready with a million pending
	goalSteady    = 150 << 20              // bytes resident at 2,000 events a second
	steadyRate    = 2000                   // events a second
	sample        = 100 * time.Millisecond // between two looks at the memory
)

// What issue 12 asks of them beside the bare relay, with 64 connections.
const (
	goalBareAccepted  = 0.80 // accepted, one a request
	goalBareDelivered = 0.70 // delivered, signed, settled
)

// events measures the way of an event. Each part has a gateway of its own.
type events struct {
	common
	accept, deliver, latency, hang, steady bool
	tls                                    bool
	million                                int

	conns, n, rounds, size, concurrency int
	rate                                float64
	seconds                             int
	endpoints                           int
	delay                               string
}

func newEventsCommand() *cobra.Command {
	e := &events{}
	cmd := &cobra.Command{
		Use:   "events",
		Short: "Events accepted, delivered and queued, against a bare echo and a bare relay",
		Long: `Publishes events to a gateway that delivers them, signed, to a bare fasthttp
server in another process, which counts them and says how long each was on its
way. What is compared takes turns, so that a slow moment of the machine falls on
both. All share the machine: ratios carry over to other machines, absolute figures
do not.

Without a part, all but --tls and --million are measured, each with a gateway of its own.`,
		Example: `  hookbench events
  hookbench events --deliver --concurrency 16
  hookbench events --tls --endpoints 1000 --rate 150 --delay 50ms-150ms --seconds 10
  hookbench events --million=100000`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if e.conns < 1 || e.n < e.conns || e.n%10 != 0 || e.n > 1_000_000 || e.rounds < 1 || e.rounds > 100 {
				return fmt.Errorf("--connections 1 or more, --count a multiple of 10 from that to 1000000, --rounds 1 to 100")
			}
			if e.rate < 1 || e.seconds < 1 || e.concurrency < 1 || e.million < 0 || e.million%100 != 0 {
				return fmt.Errorf("--rate, --seconds and --concurrency are 1 or more, --million a multiple of 100")
			}
			if _, _, err := parseDelay(e.delay); err != nil || e.endpoints < 1 || e.endpoints > 10_000 {
				return errors.Join(fmt.Errorf("--endpoints is 1 to 10000, --delay a duration or two"), err)
			}
			return e.parts(cmd)
		},
	}
	e.add(cmd)
	flags := cmd.Flags()
	flags.BoolVar(&e.accept, "accept", false, "part: accepted durably, the endpoint paused")
	flags.BoolVar(&e.deliver, "deliver", false, "part: published to delivered, and what it costs")
	flags.BoolVar(&e.latency, "latency", false, "part: how long events are on their way at --rate")
	flags.BoolVar(&e.hang, "hang", false, "part: the same beside an endpoint that hangs and takes half the events")
	flags.BoolVar(&e.steady, "steady", false, "part: memory at 2000 events a second")
	flags.BoolVar(&e.tls, "tls", false, "part: delivered over TLS to many endpoints that take a while, at --rate for twice --seconds")
	flags.IntVar(&e.endpoints, "endpoints", 1000, "endpoints, for --tls")
	flags.StringVar(&e.delay, "delay", "50ms-150ms", "until an endpoint answers, for --tls")
	flags.IntVar(&e.million, "million", 0, "part: memory with so many events queued for a dead endpoint, and the start with them")
	flags.Lookup("million").NoOptDefVal = "1000000"
	flags.IntVar(&e.conns, "connections", 64, "kept connections of the publisher")
	flags.IntVar(&e.n, "count", 20_000, "events a round, where the load is closed")
	flags.IntVar(&e.rounds, "rounds", 5, "rounds")
	flags.IntVar(&e.size, "body", 512, "bytes of an event, at least")
	flags.IntVar(&e.concurrency, "concurrency", 16, "of the endpoint")
	flags.Float64Var(&e.rate, "rate", 200, "events a second, for --latency, --hang and --tls")
	flags.IntVar(&e.seconds, "seconds", 10, "of a round, where there is a rate")
	return cmd
}

// parts measures what was asked for.
func (e *events) parts(cmd *cobra.Command) error {
	all := !e.accept && !e.deliver && !e.latency && !e.hang && !e.steady && !e.tls && e.million == 0
	for _, part := range []struct {
		asked bool
		run   func(context.Context, *gateway, *report) error
	}{
		{all || e.accept, e.runAccept},
		{all || e.deliver, e.runDeliver},
		{all || e.latency, e.runLatency},
		{all || e.hang, e.runHang},
		{all || e.steady, e.runSteady},
		{e.million > 0, e.runMillion},
	} {
		if !part.asked {
			continue
		}
		if err := e.measure(cmd, part.run); err != nil {
			return err
		}
	}
	if e.tls {
		return e.runTLS(cmd)
	}
	return nil
}

// endpoint makes a tenant with one endpoint, which has no token and so needs no
// handshake.
func (e *events) endpoint(g *gateway, tenant, url string) error {
	if _, err := g.call("PUT", "/v1/tenants/"+tenant, `{}`, fasthttp.StatusCreated, fasthttp.StatusOK); err != nil {
		return err
	}
	_, err := g.call("PUT", endpointPath(tenant), `{"url":"`+url+`","concurrency":`+strconv.Itoa(e.concurrency)+
		`,"sign":{"type":"standard","secrets":["whsec_`+sinkSecret+`"]}}`, fasthttp.StatusCreated)
	return err
}

func endpointPath(tenant string) string { return "/v1/tenants/" + tenant + "/endpoints/crm" }

func (g *gateway) steer(tenant, what string) error {
	_, err := g.call("POST", endpointPath(tenant)+"/"+what, "", fasthttp.StatusOK)
	return err
}

// settledAll waits until the gateway has written down that n deliveries of a tenant
// succeeded.
func (g *gateway) settledAll(ctx context.Context, tenant string, n int) error {
	return g.await(ctx, `hookgate_deliveries_total{endpoint="crm",state="succeeded",tenant="`+tenant+`"}`, n, patience)
}

// into is the URL of a tally of the sink.
func into(sink *child, name string) string { return "http://" + sink.addr + "/in/" + name }
