//go:build linux

package main

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"github.com/valyala/fasthttp"
)

// sinkSecret is what the gateway signs with (Standard Webhooks).
const sinkSecret = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

// checkedSignatures is how rarely a signature is checked: a check of each would be
// most of what the sink does.
const checkedSignatures = 32

// newSinkCommand is where deliveries arrive:
//
//	POST /in/NAME     counts a delivery
//	POST /bare/NAME   counts one that is not signed
//	POST /hang        never answers
//	PUT  /tally/NAME  begins to count, for as many events as the body says
//	GET  /tally/NAME  says what was counted
func newSinkCommand() *cobra.Command {
	return &cobra.Command{
		Use:    "sink",
		Short:  "Serve as the endpoints",
		Hidden: true,
		Args:   cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return serveChild(cmd, (&receiver{tallies: map[string]*tally{}}).handle)
		},
	}
}

// receiver keeps a tally for each name.
type receiver struct {
	mu      sync.Mutex
	tallies map[string]*tally
}

// counted is what a tally says.
type counted struct {
	Arrived  int    `json:"arrived"`  // deliveries
	Distinct int    `json:"distinct"` // events, of those that were expected
	Last     int64  `json:"last"`     // when the last new one came, Unix nanoseconds
	P50      int64  `json:"p50"`      // from published to here, nanoseconds
	P99      int64  `json:"p99"`
	Most     int64  `json:"most"`
	Fault    string `json:"fault"` // of the first delivery that was not right
}

// tally counts one batch of events, which are numbered from 0.
type tally struct {
	mu      sync.Mutex
	seen    []bool
	said    counted
	latency histogram
}

func (r *receiver) handle(ctx *fasthttp.RequestCtx) {
	at := time.Now()
	path := string(ctx.Path())
	if path == "/hang" {
		select {} // until the process ends
	}
	name := path[strings.LastIndexByte(path, '/')+1:]
	r.mu.Lock()
	t := r.tallies[name]
	if ctx.IsPut() {
		n, _ := strconv.Atoi(string(ctx.PostBody())) // ours; 0 finds fault with what comes
		t = &tally{seen: make([]bool, n)}
		r.tallies[name] = t
	}
	r.mu.Unlock()
	switch {
	case t == nil:
		ctx.SetStatusCode(fasthttp.StatusNotFound)
	case ctx.IsPost():
		t.take(ctx, at, strings.HasPrefix(path, "/in/"))
		ctx.SetStatusCode(fasthttp.StatusNoContent)
	case ctx.IsGet():
		text, _ := json.Marshal(t.say()) // of numbers and a text
		ctx.SetBody(text)
	}
}

func (t *tally) say() counted {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.said
	c.P50, c.P99, c.Most = int64(t.latency.quantile(0.5)), int64(t.latency.quantile(0.99)), int64(t.latency.most)
	return c
}

// take counts the events of a delivery.
func (t *tally) take(ctx *fasthttp.RequestCtx, at time.Time, sign bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.said.Arrived++; sign && t.said.Arrived%checkedSignatures == 1 && !signed(ctx) {
		t.fault("the signature is wrong")
	}
	events := 0
	for rest := ctx.PostBody(); ; events++ {
		seq, after, found := number(rest, seqMember)
		if !found {
			break
		}
		sent, after, found := number(after, sentMember)
		if !found || seq < 0 || seq >= int64(len(t.seen)) {
			t.fault("an event is not one that was published: " + string(rest))
			return
		}
		rest = after
		if t.seen[seq] {
			continue
		}
		t.seen[seq] = true
		t.said.Distinct++
		t.said.Last = at.UnixNano()
		t.latency.add(time.Duration(at.UnixNano() - sent))
	}
	if events == 0 {
		t.fault("no event in " + string(ctx.PostBody()))
	}
}

func (t *tally) fault(text string) {
	if t.said.Fault == "" {
		t.said.Fault = text
	}
}

// number gives the number after a member's name, and what follows.
func number(b []byte, member string) (n int64, rest []byte, found bool) {
	_, b, found = bytes.Cut(b, []byte(member))
	i := 0
	for ; i < len(b) && b[i] >= '0' && b[i] <= '9'; i++ {
		n = n*10 + int64(b[i]-'0')
	}
	return n, b[i:], found && i > 0
}

// signed checks a signature as Standard Webhooks says, by nothing of the gateway's.
func signed(ctx *fasthttp.RequestCtx) bool {
	key, err := base64.StdEncoding.DecodeString(sinkSecret)
	if err != nil {
		return false
	}
	h := &ctx.Request.Header
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%s.%s.%s", h.Peek("Webhook-Id"), h.Peek("Webhook-Timestamp"), ctx.PostBody())
	want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
	return len(h.Peek("Webhook-Id")) > 0 && string(h.Peek("Webhook-Signature")) == want
}

// expect begins a tally at the sink, for n events.
func (c *child) expect(name string, n int) error {
	req, res := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
	defer fasthttp.ReleaseRequest(req)
	defer fasthttp.ReleaseResponse(res)
	req.Header.SetMethod(fasthttp.MethodPut)
	req.SetRequestURI("http://" + c.addr + "/tally/" + name)
	req.SetBodyString(strconv.Itoa(n))
	return fasthttp.DoTimeout(req, res, patience)
}

// counted gives a tally of the sink's.
func (c *child) counted(name string) (said counted, err error) {
	status, text, err := fasthttp.GetTimeout(nil, "http://"+c.addr+"/tally/"+name, patience)
	if err != nil {
		return said, err
	}
	if status != fasthttp.StatusOK {
		return said, fmt.Errorf("the sink answered %d %s", status, text)
	}
	if err := json.Unmarshal(text, &said); err != nil {
		return said, err
	}
	if said.Fault != "" {
		return said, fmt.Errorf("the sink got what is not right: %s", said.Fault)
	}
	return said, nil
}

// arrive waits until all n events of a tally have arrived.
func (c *child) arrive(ctx context.Context, name string, n int) (counted, error) {
	for end := time.Now().Add(patience); ; {
		said, err := c.counted(name)
		if err != nil || said.Distinct == n {
			return said, err
		}
		if time.Now().After(end) {
			return said, fmt.Errorf("%d of %d events were delivered within %s of the last", said.Distinct, n, patience)
		}
		if err := rest(ctx, 20*time.Millisecond); err != nil {
			return said, err
		}
	}
}
