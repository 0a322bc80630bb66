package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/tidwall/gjson"
	"github.com/valyala/fasthttp"

	"hookgate/auth"
	"hookgate/auth/token"
	"hookgate/gateway"
	"hookgate/gateway/edge"
)

// Elsewhere has what one node decides decided by it: in a cluster any node is asked anything.
type Elsewhere interface {
	// Decide calls here, or has the request answered by the node that owns the slot, which
	// is told who asks. Where it was passed on, the answer is ctx's. What that takes is the
	// tenant's; "": the client's.
	Decide(ctx *fasthttp.RequestCtx, slot gateway.Slot, tenant string, by []byte, here func() error) (passed bool, err error)
	// Configures is the slot of the node that writes the configuration.
	Configures() gateway.Slot
	// Counts is the slot of the node that keeps the figures of all.
	Counts() gateway.Slot
	// CatchUp returns when this node knows all that was configured before.
	CatchUp() error
	// Missing gives the nodes that were asked a moment ago for what they keep for themselves,
	// and have not answered.
	Missing() []string
	// Look returns when what happens from now on at any node will be in the stream of this
	// one, and what happened behind the id of an event as far as that is known.
	Look(after string)
}

// whose says which node decides what is asked. Most of what only reads is in the store, or in
// what every node knows, and any node answers it.
type whose uint8

const (
	ofAnyone        whose = iota
	ofTenant              // the owner of the path's tenant: its waits, calls and callbacks
	ofLane                // the owner of the lane of the path's endpoint
	ofDelivery            // of the lane of the path's delivery
	ofJob                 // of the lane of the path's job
	ofBody                // of the lane that the body names
	ofConfiguration       // the one that writes the configuration
	ofFigures             // the one that keeps the figures of all
	ofAccounts            // the owners of the tenants of the accounts in the body
)

// lookups find what decides where.
type lookups struct {
	deliveries Deliveries
	jobs       Jobs
}

// headerMissing says in an answer that is gathered from all nodes which of them have not
// answered in time: what they keep is not in it.
const headerMissing = "Hookgate-Missing"

// gathered says of an answer what is missing in it.
func (c deciding) gathered() {
	if c.elsewhere == nil {
		return
	}
	if missing := c.elsewhere.Missing(); len(missing) > 0 {
		c.ctx.Response.Header.Set(headerMissing, strings.Join(missing, ", "))
	}
}

// who is somebody who asks, as one node tells another: he has proved it to that one.
type whoAsks struct {
	By     auth.Principal `json:"by"`
	Digest token.Digest   `json:"digest"`
}

// ByNode answers a request that another node passes on: by is who asks, as that one has
// told Elsewhere.Decide.
func (a *API) ByNode(ctx *fasthttp.RequestCtx, by []byte) {
	var asks whoAsks
	if err := json.Unmarshal(by, &asks); err != nil {
		edge.WriteProblem(ctx, errUnauthenticated)
		return
	}
	a.handle(ctx, &Who{By: asks.By, Digest: asks.Digest})
}

// deciding is a call that may be another node's to decide.
type deciding struct{ *call }

// decide has the call decided where it has to be.
func (c deciding) decide(run *action) (answer, error) {
	if c.elsewhere == nil || run.at == ofAnyone {
		return c.do(run)
	}
	return c.decideAt(run)
}

// decideAt is decide where that may be another node.
func (c deciding) decideAt(run *action) (a answer, err error) {
	slot, err := c.slotOf(run.at)
	if err != nil {
		return answer{}, err
	}
	by, err := json.Marshal(whoAsks{c.by, c.digest})
	if err != nil {
		return answer{}, err
	}
	tenant := c.by.Tenant
	if c.tenant != nil {
		tenant = c.tenant.ID
	}
	passed, err := c.elsewhere.Decide(c.ctx, slot, tenant, by, func() (err error) {
		if run.at == ofConfiguration { // its owner may be new, and has the last word of the one before
			if err := c.refresh(run); err != nil {
				return err
			}
		}
		if a, err = c.do(run); errors.Is(err, gateway.ErrMoved) {
			c.restart()
		}
		return err
	})
	if err != nil || !passed {
		return a, err
	}
	return c.passed(run)
}

// refresh has the call use what is configured now.
func (c deciding) refresh(run *action) error {
	if err := c.elsewhere.CatchUp(); err != nil {
		return err
	}
	if c.snapshot = c.directory.Current(); c.tenant == nil {
		return nil
	}
	if c.tenant = c.snapshot.Tenant(c.params.tenant); c.tenant == nil && !run.makesTenant {
		return errNoTenant
	}
	return nil
}

// restart gives back what a call has that is made anew, or elsewhere.
func (c deciding) restart() {
	c.leave(false)
	c.seat, c.turn, c.gate, c.kept, c.account = seat{}, nil, nil, nil, nil
}

// slotOf gives the slot whose owner decides.
func (c deciding) slotOf(at whose) (gateway.Slot, error) {
	lane := gateway.LaneKey{Tenant: c.params.tenant, Endpoint: c.params.id}
	switch at {
	case ofConfiguration:
		return c.elsewhere.Configures(), nil
	case ofFigures:
		return c.elsewhere.Counts(), nil
	case ofDelivery:
		if !gateway.IsID(gateway.PrefixDelivery, c.params.id) {
			return 0, errNoSuch
		}
		d, _, err := c.lookups.deliveries.ReadDelivery(c.params.tenant, c.params.id, gateway.AttemptBounds{})
		if err != nil {
			return 0, err
		}
		lane.Endpoint = d.Endpoint
	case ofJob:
		j, err := (&bulk{c.lookups.jobs}).find(c.call)
		if err != nil {
			return 0, err
		}
		return j.Slot(), nil
	case ofBody:
		body, err := edge.ReadBody(c.ctx, maxBody)
		if err != nil {
			return 0, err
		}
		lane.Endpoint = gjson.GetBytes(body, "endpoint").Str
	case ofAccounts:
		return c.slotOfAccounts()
	case ofLane:
	default:
		return gateway.SlotOf(c.params.tenant), nil
	}
	return lane.Slot(), nil
}

// slotOfAccounts gives the slot that decides a publish of several tenants: that of the one
// whose events are the first. What the others' owners have to hear of it they are told.
func (c deciding) slotOfAccounts() (gateway.Slot, error) {
	body, err := edge.ReadBody(c.ctx, maxBody)
	if err != nil {
		return 0, err
	}
	account := gjson.GetBytes(body, "events.0.account")
	for _, key := range []string{account.Get("key").String(), account.Get("id").String()} {
		if t := c.snapshot.AccountKey(key); key != "" && t != nil {
			return gateway.SlotOf(t.ID), nil
		}
	}
	return gateway.SlotOf(""), nil // it is refused, wherever
}

// passed goes on with an answer of another node.
func (c deciding) passed(run *action) (answer, error) {
	if run.at == ofConfiguration && c.ctx.Response.StatusCode() < http.StatusMultipleChoices {
		if err := c.elsewhere.CatchUp(); err != nil { // it is written; this node follows within a second
			c.log.Warn("what another node has configured is not known here yet", "request_id", string(edge.RequestID(c.ctx)), "error", err)
		}
	}
	if hold := c.ctx.Response.Header.Peek(headerHold); len(hold) > 0 {
		return c.holdPassed(string(hold))
	}
	response := &c.ctx.Response
	a := answer{status: response.StatusCode()}
	if body := response.Body(); len(body) > 0 { // the node that gave it has counted it until here
		a.contentType, a.body = string(response.Header.ContentType()), body
	}
	return a, nil
}

// stands says of somebody for whom another node asks whether the token by which he asks is still
// one: that node may not know yet that it is none, or the request has waited there.
func (c deciding) stands() bool {
	if c.who.By.TokenID == "" || c.who.Digest == (token.Digest{}) || edge.FromNode(c.ctx) == nil {
		return true // from the file, which is each node's own, or of a session
	}
	by, known := c.snapshot.Token(c.who.Digest)
	if !known && c.elsewhere != nil && c.elsewhere.CatchUp() == nil {
		c.snapshot = c.directory.Current()
		by, known = c.snapshot.Token(c.who.Digest)
	}
	return known && !by.Expired(c.now())
}

// headerHold says to another node, which has the client, that the answer is to be held until
// a wait has ended: its id, for how many milliseconds at most, and where the wait stands in
// the body.
const headerHold = "Hookgate-Hold"

// letHold answers another node, which holds the request.
func letHold(c *call, w *gateway.Wait, most time.Duration, say ending, at string) answer {
	c.ctx.Response.Header.Set(headerHold, w.ID+" "+strconv.FormatInt(most.Milliseconds(), 10)+" "+at)
	return c.atOnce(say(w, nil))
}

// holdPassed holds a request that another node has decided, as holder.hold does.
func (c deciding) holdPassed(hold string) (answer, error) {
	parts := strings.SplitN(hold, " ", 3)
	most, err := strconv.ParseInt(parts[min(1, len(parts)-1)], 10, 64)
	if len(parts) != 3 || err != nil {
		return answer{}, errors.New("another node says to hold a request, and not how")
	}
	c.ctx.Response.Header.Del(headerHold)
	if err := c.stay(); err != nil {
		return answer{}, err
	}
	w := &gateway.Wait{ID: parts[0], Tenant: c.params.tenant, State: gateway.StateWaiting}
	say := c.endPassed(parts[2])
	c.ctx.Response.ResetBody()
	return c.holder.hold(c.call, w, time.Duration(most)*time.Millisecond, say, parts[2])
}

// endPassed answers as the other node has, with the wait as it ends where it stood.
func (c deciding) endPassed(at string) ending {
	response := &c.ctx.Response
	status, body := response.StatusCode(), bytes.Clone(response.Body())
	fields := []edge.Field{{Name: fasthttp.HeaderContentType, Value: jsonType}}
	if replayed := response.Header.Peek("Idempotency-Replayed"); len(replayed) > 0 {
		fields = append(fields, edge.Field{Name: "Idempotency-Replayed", Value: string(replayed)})
	}
	if at == atRoot {
		return c.holder.endWith(fields)
	}
	place := gjson.GetBytes(body, at)
	return func(w *gateway.Wait, err error) said {
		if err != nil || w == nil || place.Index == 0 {
			return said{status: status, fields: goingFields, body: body}
		}
		whole := make([]byte, 0, len(body)-len(place.Raw)+w.SizeJSON())
		whole = w.AppendJSON(append(whole, body[:place.Index]...))
		whole = append(whole, body[place.Index+len(place.Raw):]...)
		return said{status: status, fields: fields, body: whole}
	}
}

// Where a wait stands in an answer that is held for it.
const (
	atRoot = "@this"
	atWait = "wait"
)
