//go:build linux

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/valyala/fasthttp"
)

// What SPEC-cluster K4 asks of two nodes on one database.
const (
	goalAcrossP50 = 3 * time.Millisecond   // callback at one node to holder at another
	goalAcrossP99 = 12 * time.Millisecond  // the same
	goalTakeOver  = 8 * time.Second        // an owner is killed: to served again
	goalHandOver  = 300 * time.Millisecond // of a slot: the longest that a request waits for it
	acrossCalls   = 500                    // each way
	apart         = 15 * time.Second       // until a new node has its share
	probeEvery    = 5 * time.Millisecond
)

// nodeSeen is what a node says of one.
type nodeSeen struct {
	ID      string `json:"id"`
	Address string `json:"address"`
	Slots   int    `json:"slots"`
	State   string `json:"state"`
}

// seen asks a node for others, or with a query for the owner of something.
func (g *gateway) seen(query string) (list []nodeSeen, err error) {
	text, err := g.call("GET", "/v1/nodes"+query, "", fasthttp.StatusOK)
	if err != nil {
		return nil, err
	}
	var all struct{ Data []nodeSeen }
	err = json.Unmarshal(text, &all)
	return all.Data, err
}

// shared waits until each node of a site has its share of the slots.
func (s *site) shared(ctx context.Context) error {
	for end := time.Now().Add(apart + patience); ; {
		all, err := s.g.seen("")
		if err != nil {
			return err
		}
		have := 0
		for _, one := range all {
			if one.State == "ready" && one.Slots >= 100 {
				have++
			}
		}
		if have == len(s.nodes()) {
			return nil
		}
		if time.Now().After(end) {
			return fmt.Errorf("the slots are not shared: %+v", all)
		}
		if err := rest(ctx, 50*time.Millisecond); err != nil {
			return err
		}
	}
}

// owner gives the node that decides for the tenant, and the other.
func (s *site) owner() (owner, other *gateway, id string, err error) {
	list, err := s.g.seen("?tenant=" + clusterTenant)
	if err != nil {
		return nil, nil, "", err
	}
	for i, g := range s.nodes() {
		if len(list) == 1 && list[0].Address == g.internal {
			return g, s.nodes()[1-i], list[0].ID, nil
		}
	}
	return nil, nil, "", fmt.Errorf("no node owns the tenant: %+v", list)
}

// runMoves measures what two nodes cost each other, and what it costs when slots move.
func (c *cluster) runMoves(ctx context.Context, s *site, r *report) error {
	if err := s.g.putSource(`{"verify":{"type":"none"}}`); err != nil {
		return err
	}
	if err := rest(ctx, time.Second); err != nil { // by then each node uses it (K2)
		return err
	}
	var h histogram
	for _, ends := range [][2]*gateway{{s.g, s.other}, {s.other, s.g}} {
		if err := across(&h, ends[0], ends[1]); err != nil {
			return fmt.Errorf("callback at one node, holder at the other: %w", err)
		}
	}
	p50, p99 := h.quantile(0.5), h.quantile(0.99)
	r.less("callback to holder at another node p50", "us", micros(p50))
	r.printf("callback at one node to holder at another  p50 %s, p99 %s, most %s, %d each way; goal at most %s and %s: %s\n",
		short(p50), short(p99), short(h.most), acrossCalls, goalAcrossP50, goalAcrossP99, verdict(p50 <= goalAcrossP50 && p99 <= goalAcrossP99))
	var moved []time.Duration
	for range c.rounds {
		took, err := s.handOver(ctx)
		if err != nil {
			return fmt.Errorf("hand-over: %w", err)
		}
		moved = append(moved, took)
	}
	most := longest(moved)
	r.less("planned hand-over", "ms", micros(most)/1000)
	r.printf("planned hand-over of all slots of a node   the longest that a publish took meanwhile %s, of %d; goal at most %s: %s\n", shorts(moved), len(moved), goalHandOver, verdict(most <= goalHandOver))
	took, err := s.takeOver(ctx)
	if err != nil {
		return fmt.Errorf("take-over: %w", err)
	}
	r.less("owner killed to served again", "s", took.Seconds())
	r.printf("owner killed to served again               %s; goal at most %s: %s\n", short(took), goalTakeOver, verdict(took <= goalTakeOver))
	return nil
}

func longest(all []time.Duration) (most time.Duration) {
	for _, one := range all {
		most = max(most, one)
	}
	return most
}

func shorts(all []time.Duration) string {
	var words []string
	for _, one := range all {
		words = append(words, short(one).String())
	}
	return strings.Join(words, ", ")
}

// across opens waits that are held at one node, one after the other, and has the callback of
// each come at another.
func across(h *histogram, holder, taker *gateway) error {
	conn, err := net.DialTimeout("tcp", holder.internal, patience)
	if err != nil {
		return err
	}
	defer conn.Close() // nothing more is read
	answers := bufio.NewReader(conn)
	head := internalHead("POST", holder.internal, waitsPath)
	for i := range acrossCalls {
		key := "across-" + holder.internal + "-" + strconv.Itoa(i)
		m := &message{head: head, body: []byte(`{"source":"payments","mode":"hold","timeout_seconds":60,"conversation_key":"` + key + `"}`)}
		if _, err := conn.Write(m.appendTo(nil)); err != nil {
			return err
		}
		if err := holder.awaitWait(key); err != nil {
			return err
		}
		start := time.Now()
		status, body, err := post("http://"+taker.public+hookPath, `{"id":"`+key+`","conversation_key":"`+key+`"}`, "")
		if err != nil || status != fasthttp.StatusOK || !strings.Contains(body, `"outcome":"resumed"`) {
			return errors.Join(fmt.Errorf("the callback was answered %d %s", status, body), err)
		}
		res := &fasthttp.Response{}
		if err := errors.Join(conn.SetReadDeadline(time.Now().Add(patience)), res.Read(answers)); err != nil {
			return err
		}
		if !strings.Contains(string(res.Body()), `"state":"resumed"`) {
			return fmt.Errorf("the holder was answered %d %s", res.StatusCode(), res.Body())
		}
		h.add(time.Since(start))
	}
	return nil
}

// awaitWait waits until a wait is open.
func (g *gateway) awaitWait(key string) error {
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(time.Millisecond) {
		text, err := g.call("GET", waitsPath+"?conversation_key="+key, "", fasthttp.StatusOK)
		if err != nil || strings.Contains(string(text), `"state":"waiting"`) {
			return err
		}
	}
	return fmt.Errorf("the wait of %s is not open after %s", key, patience)
}

// post sends a body; token "": as a stranger.
func post(url, body, token string) (status int, answer string, err error) {
	req, res := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
	defer fasthttp.ReleaseRequest(req)
	defer fasthttp.ReleaseResponse(res)
	req.Header.SetMethod("POST")
	req.Header.SetContentType("application/json")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	req.SetRequestURI(url)
	req.SetBodyString(body)
	err = fasthttp.DoTimeout(req, res, patience)
	return res.StatusCode(), string(res.Body()), err
}

// published publishes an event at a node, and says how long that was; a refusal is no error.
func (g *gateway) published() (took time.Duration, status int, err error) {
	var m message
	newStream(g.internal, clusterTenant, 1, 0).filler()(0, &m)
	start := time.Now()
	status, _, err = post("http://"+g.internal+tenantPath+"/events", string(m.body), adminToken)
	return time.Since(start), status, err
}

// takeOver kills the owner of the tenant, and asks the other node until it takes an event.
func (s *site) takeOver(ctx context.Context) (time.Duration, error) {
	owner, other, _, err := s.owner()
	if err != nil {
		return 0, err
	}
	if _, status, err := other.published(); err != nil || status != fasthttp.StatusAccepted {
		return 0, errors.Join(fmt.Errorf("a publish before it was answered %d", status), err)
	}
	start := time.Now()
	if err := owner.crash(); err != nil {
		return 0, err
	}
	owner.exited <- nil // it is stopped once more at the end
	for time.Since(start) < patience {
		if _, status, err := other.published(); err != nil || status == fasthttp.StatusAccepted {
			return time.Since(start), err
		}
		if err := rest(ctx, probeEvery); err != nil {
			return 0, err
		}
	}
	return 0, fmt.Errorf("nobody serves after %s", patience)
}

// handOver drains the owner of the tenant, asks the other node all the while until all slots
// are there, and gives the longest answer. Then the drained node is started anew.
func (s *site) handOver(ctx context.Context) (most time.Duration, err error) {
	owner, other, id, err := s.owner()
	if err != nil {
		return 0, err
	}
	if _, err := other.call("POST", "/v1/nodes/"+id+"/drain", "", fasthttp.StatusAccepted); err != nil {
		return 0, err
	}
	for end := time.Now().Add(patience); ; {
		took, status, err := other.published()
		if err != nil || status != fasthttp.StatusAccepted {
			return 0, errors.Join(fmt.Errorf("a publish meanwhile was answered %d", status), err)
		}
		most = max(most, took)
		list, err := other.seen("?tenant=" + clusterTenant)
		if err != nil {
			return 0, err
		}
		if len(list) == 1 && list[0].Address == other.internal {
			break
		}
		if time.Now().After(end) {
			return 0, fmt.Errorf("the slots are not handed over after %s", patience)
		}
		if err := rest(ctx, probeEvery); err != nil {
			return 0, err
		}
	}
	if err := owner.halt(); err != nil {
		return 0, err
	}
	if err := errors.Join(owner.start(ctx), owner.waitReady(ctx)); err != nil {
		return 0, err
	}
	return most, s.shared(ctx)
}
