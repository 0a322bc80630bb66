package api

import (
	"encoding/base64"
	"errors"
	"math"
	"net/http"
	"strconv"
	"sync"
	"time"
	"unicode/utf8"

	"hookgate/gateway"
	"hookgate/gateway/directory"
	"hookgate/gateway/edge"
	"hookgate/gateway/fields"
	"hookgate/gateway/outbound"
)

// Pulls is what the API needs of the lanes for those who come for their deliveries.
type Pulls interface {
	Pull(key gateway.LaneKey, most int, lease time.Duration, show func(*outbound.Given) (more bool)) (leases []string, err error)
	Await(key gateway.LaneKey, ready func(error)) (stop func() bool, err error)
	Say(key gateway.LaneKey, leases []string, said outbound.Said) (good, gone []string, err error)
	Extend(key gateway.LaneKey, leases []string, by time.Duration) (good, gone []string, err error)
	GiveBack(key gateway.LaneKey, leases []string) error
}

// pulls are the endpoints whose owners come for their deliveries (SPEC-operations O3).
type pulls struct {
	lanes    Pulls
	watcher  *edge.Watcher
	accounts accounts
	most     int // of one answer, in bytes
	far      *farHolds
}

// Bounds and defaults of a pull.
const (
	defaultPulled = 100
	mostPulled    = 1000
	mostPullHold  = time.Minute
	defaultLease  = 30 * time.Second
	minLease      = time.Second
	maxLease      = 15 * time.Minute
)

// pulling is one pull.
type pulling struct {
	key   gateway.LaneKey
	most  int
	lease time.Duration
	hold  time.Duration
}

func readPull(c *call, e *directory.Endpoint) (p pulling, err error) {
	body := struct {
		Max   int              `json:"max"`
		Hold  gateway.Duration `json:"hold"`
		Lease gateway.Duration `json:"lease"`
	}{defaultPulled, 0, gateway.Duration(defaultLease)}
	if err := c.optionalBody(&body); err != nil {
		return p, err
	}
	p = pulling{laneOf(e), body.Max, time.Duration(body.Lease), time.Duration(body.Hold)}
	var faults []gateway.Fault
	if p.most < 1 || p.most > mostPulled {
		faults = append(faults, gateway.Fault{Path: "max", Message: "must be 1 to " + strconv.Itoa(mostPulled)})
	}
	if p.hold > mostPullHold {
		faults = append(faults, gateway.Fault{Path: "hold", Message: "must be 0s to 1m: a number is in seconds"})
	}
	return p, gateway.Invalid(append(faults, leaseFaults(p.lease)...))
}

func leaseFaults(lease time.Duration) []gateway.Fault {
	if lease < minLease || lease > maxLease {
		return []gateway.Fault{{Path: "lease", Message: "must be 1s to 15m: a number is in seconds"}}
	}
	return nil
}

func laneOf(e *directory.Endpoint) gateway.LaneKey {
	return gateway.LaneKey{Tenant: e.Tenant.ID, Endpoint: e.ID}
}

// pull lends what is due, or holds the request until something is.
func (h *pulls) pull(c *call) (answer, error) {
	e, err := endpointOf(c)
	if err != nil {
		return answer{}, err
	}
	if !e.Pull {
		return answer{}, errNotPulled
	}
	p, err := readPull(c, e)
	if err != nil {
		return answer{}, err
	}
	if edge.FromNode(c.ctx) != nil {
		return h.pullFar(c, p)
	}
	if p.hold > 0 {
		if err := c.stay(); err != nil { // before anything is lent
			return answer{}, err
		}
	}
	s, leases, err := h.take(&p)
	if err != nil {
		return answer{}, err
	}
	if len(leases) > 0 || p.hold == 0 {
		return c.atOnce(s), nil
	}
	return h.hold(c, p)
}

var errNotPulled = gateway.Errorf(gateway.CodeNotPulled, "the deliveries of this endpoint are sent to its url: it has not mode pull")

// take lends what is due, and writes the answer with it.
func (h *pulls) take(p *pulling) (s said, leases []string, err error) {
	const end = `]}`
	t := &text{most: h.most, tail: len(end), growth: 4, memory: h.accounts.of(p.key.Tenant)}
	t.raw(`{"deliveries":[`)
	shown, full := 0, error(nil)
	leases, err = h.lanes.Pull(p.key, p.most, p.lease, func(g *outbound.Given) bool {
		mark := len(t.b)
		if t.most = h.most; shown == 0 {
			t.most = math.MaxInt // one has room however large it is
		} else {
			t.raw(",")
		}
		t.given(g)
		if t.err != nil { // the next pull has it
			t.b, full, t.err = t.b[:mark], t.err, nil
			return false
		}
		shown++
		return true
	})
	if err == nil && shown == 0 {
		err = full
	}
	if err != nil {
		t.memory.free()
		return said{}, nil, err
	}
	t.most, t.tail = math.MaxInt, 0
	t.raw(end)
	a, err := t.answer(http.StatusOK)
	return said{nil, a.status, jsonFields, a.body, a.sent}, leases, err
}

// given appends a delivery as it is pulled.
func (t *text) given(g *outbound.Given) {
	t.append(128+len(g.ID)+len(g.Lease), func(dst []byte) []byte {
		dst = gateway.AppendString(append(dst, `{"id":`...), g.ID)
		dst = gateway.AppendMember(dst, "lease", g.Lease)
		dst = strconv.AppendInt(append(dst, `,"attempt":`...), int64(g.Attempt), 10)
		return append(dst, `,"headers":`...)
	})
	t.append(gateway.FieldsSize(g.Header), func(dst []byte) []byte { return gateway.AppendFields(dst, g.Header) })
	if utf8.Valid(g.Body) {
		t.raw(`,"body":`)
		t.string(g.Body)
	} else {
		t.raw(`,"body_base64":"`)
		t.append(base64.StdEncoding.EncodedLen(len(g.Body)), func(dst []byte) []byte { return base64.StdEncoding.AppendEncode(dst, g.Body) })
		t.raw(`"`)
	}
	t.raw("}")
}

// heldPull is a pull that is held until something is due, its time is over, or its client
// has left. It has no goroutine.
type heldPull struct {
	pulling
	of   *pulls
	held *edge.Held
	seat seat
	gone func() bool // asks whether its client has left
	// may tells why who asked may not any more: what is lent to him then would be given to
	// whom nobody knows.
	may func() error

	mu    sync.Mutex
	stop  func() bool // ends its waiting; nil: it takes, or is over
	timer *time.Timer
	late  bool // its time was over while it took
	left  bool // and so had its client left
}

// hold answers when something is due, or with nothing when its time is over.
func (h *pulls) hold(c *call, p pulling) (answer, error) {
	held := h.watcher.Hold(c.ctx)
	w := &heldPull{pulling: p, of: h, held: held, gone: held.Gone, seat: c.seat, may: stillMay(c)}
	w.mu.Lock()
	err := w.await()
	if err == nil {
		w.timer = time.AfterFunc(p.hold, w.end)
	}
	w.mu.Unlock()
	if err != nil {
		return answer{}, err
	}
	h.watcher.Detach(c.ctx, w.held, w.leave)
	return answer{later: true}, nil
}

// await stands in line. It is called with the lock, without which ready does nothing.
func (w *heldPull) await() (err error) {
	w.stop, err = w.of.lanes.Await(w.key, w.ready)
	return err
}

// ready is called when something may be due, or never will be.
func (w *heldPull) ready(err error) {
	// What is lent to one who is no more comes to nobody until its lease is over.
	gone := w.gone()
	w.mu.Lock()
	w.stop = nil
	w.left = w.left || gone
	left := w.left
	w.mu.Unlock()
	var s said
	var leases []string
	if err == nil && !left {
		err = w.may()
	}
	if err == nil && !left {
		s, leases, err = w.of.take(&w.pulling)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.left {
		w.drop(s, leases)
		if gone { // the watch finds it at its next look alone, and a process that stops waits for it
			w.held.Answer(http.StatusServiceUnavailable, nil, nil, nil)
		}
		return
	}
	if err == nil && len(leases) == 0 && !w.late { // another was quicker
		if err = w.await(); err == nil {
			return
		}
	}
	switch {
	case errors.Is(err, gateway.ErrNotFound):
		s = problem(errNoEndpoint)
	case errors.Is(err, gateway.ErrMoved): // its slot is given away: the next pull finds the next owner
		s = nothingDue()
	case err != nil:
		s = problem(err)
	}
	w.answer(s)
}

// drop undoes what was lent to a client that has left.
func (w *heldPull) drop(s said, leases []string) {
	w.over()
	if s.sent != nil {
		s.sent()
	}
	if len(leases) > 0 {
		_ = w.of.lanes.GiveBack(w.key, leases) // else they run out
	}
}

// end is called when the time is over.
func (w *heldPull) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.stop == nil || !w.stop() {
		w.late = true
		return
	}
	w.stop = nil
	w.answer(nothingDue())
}

// nothingDue is the answer to a pull whose time is over.
func nothingDue() said {
	return said{nil, http.StatusOK, jsonFields, []byte(`{"deliveries":[]}`), nil}
}

// leave is called when the client has left.
func (w *heldPull) leave() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.left = true
	if w.stop != nil && w.stop() {
		w.over()
	}
}

func (w *heldPull) answer(s said) {
	w.over()
	s = s.of(w.held.RequestID())
	w.held.Answer(s.status, s.fields, s.body, s.sent)
}

func (w *heldPull) over() {
	w.timer.Stop()
	w.seat.leave()
}

// leased is a body that names leases.
type leased struct {
	Leases []string `json:"leases"`
}

func (l *leased) faults() []gateway.Fault {
	if len(l.Leases) < 1 || len(l.Leases) > mostPulled {
		return []gateway.Fault{{Path: "leases", Message: "must be 1 to " + strconv.Itoa(mostPulled) + " leases, as a pull gave them"}}
	}
	return nil
}

// maxSaid is the most that may be said of leases, in bytes.
const maxSaid = 1 << 20

// readLeases reads a body that names leases.
func readLeases(c *call, dst any, faults func() []gateway.Fault) error {
	tree, _, err := c.bodyUpTo(maxSaid)
	if err != nil {
		return err
	}
	if wrong := fields.Decode(tree, dst); len(wrong) > 0 {
		return gateway.Invalid(wrong)
	}
	return gateway.Invalid(faults())
}

func (h *pulls) ack(c *call) (answer, error) {
	var body leased
	return h.say(c, &body, body.faults, func(key gateway.LaneKey) (good, gone []string, err error) {
		return h.lanes.Say(key, body.Leases, outbound.Said{Good: true})
	})
}

func (h *pulls) nack(c *call) (answer, error) {
	var body struct {
		leased
		Error        string           `json:"error"`
		RetryAfter   gateway.Duration `json:"retry_after"`
		Status       int              `json:"status"`
		ResponseBody string           `json:"response_body"`
	}
	faults := func() []gateway.Fault {
		wrong := body.faults()
		if body.Status != 0 && (body.Status < 200 || body.Status > 599) {
			wrong = append(wrong, gateway.Fault{Path: "status", Message: "must be a status of HTTP, 200 to 599"})
		}
		return wrong
	}
	return h.say(c, &body, faults, func(key gateway.LaneKey) (good, gone []string, err error) {
		return h.lanes.Say(key, body.Leases, outbound.Said{
			Error: body.Error, Status: body.Status, Body: []byte(body.ResponseBody), RetryAfter: time.Duration(body.RetryAfter),
		})
	})
}

func (h *pulls) extend(c *call) (answer, error) {
	body := struct {
		leased
		Lease gateway.Duration `json:"lease"`
	}{Lease: gateway.Duration(defaultLease)}
	faults := func() []gateway.Fault { return append(body.faults(), leaseFaults(time.Duration(body.Lease))...) }
	return h.say(c, &body, faults, func(key gateway.LaneKey) (good, gone []string, err error) {
		return h.lanes.Extend(key, body.Leases, time.Duration(body.Lease))
	})
}

// say does something to leases of the path's endpoint, whatever its mode now is, and tells
// which were still good.
func (h *pulls) say(c *call, body any, faults func() []gateway.Fault, do func(gateway.LaneKey) (good, gone []string, err error)) (answer, error) {
	e, err := endpointOf(c)
	if err != nil {
		return answer{}, err
	}
	if err := readLeases(c, body, faults); err != nil {
		return answer{}, err
	}
	good, gone, err := do(laneOf(e))
	if err != nil {
		return answer{}, err
	}
	return show(http.StatusOK, struct {
		Good []string `json:"good"`
		Gone []string `json:"gone"`
	}{append([]string{}, good...), append([]string{}, gone...)})
}
