package node

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/cluster/peers"
	"hookgate/gateway/outbound"
	"hookgate/gateway/proxy"
	"hookgate/gateway/waiting"
)

// What one node asks or tells another besides whole requests.
const (
	verbLane    = "lane"    // how a lane stands
	verbChanged = "changed" // an endpoint was written
	verbRelay   = "relay"   // requests of a relay route
	verbLearn   = "learn"   // names of conversations that events have told
	verbEnd     = "end"     // the wait of a call that has failed
	verbTold    = "told"    // what the one that writes the configuration has to write down
)

// wake tells a lane of a delivery that is durable, wherever the lane is.
func (b between) wake(lane gateway.LaneKey, due gateway.Due) {
	if b.others == nil {
		b.lanes.Wake(lane, due)
		return
	}
	b.others.wakes.wake(lane, []gateway.Due{due})
}

// wakeMany is wake for several of one lane, in the order of their ids. They are not kept.
func (b between) wakeMany(lane gateway.LaneKey, dues []gateway.Due) {
	if b.others == nil {
		b.lanes.WakeMany(lane, dues)
		return
	}
	b.others.wakes.wake(lane, dues)
}

// lanesAll are the lanes of all nodes, as far as the API asks how they stand. What steers one
// is decided at its owner.
type lanesAll struct {
	*outbound.Lanes
	others *others
}

// stand is how a lane stands.
type stand struct {
	Status outbound.Status `json:"status"`
	Rests  time.Time       `json:"rests"`
}

// Status tells how an endpoint stands: its owner, or else what is stored of it.
func (l lanesAll) Status(tenant, endpoint string) (outbound.Status, error) {
	if s, is := l.far(tenant, endpoint); is {
		return s.Status, nil
	}
	return l.Lanes.Status(tenant, endpoint)
}

// Rests tells until when nothing of an endpoint is sent.
func (l lanesAll) Rests(tenant, endpoint string) time.Time {
	if s, is := l.far(tenant, endpoint); is {
		return s.Rests
	}
	return l.Lanes.Rests(tenant, endpoint)
}

// notHere says of what was not decided here that it is another node's.
func notHere(err error) error {
	if errors.Is(err, gateway.ErrMoved) {
		return errNotHere
	}
	return err
}

var errNotHere = peers.ErrNotHere

// unclear gives an error as whoever asked is told of it.
func unclear(err error) error {
	if err == nil || errors.As(err, new(*gateway.Error)) || errors.Is(err, gateway.ErrNotFound) {
		return err
	}
	return &gateway.Error{Code: gateway.CodeUnavailable, Message: "the node that decides this has not answered", RetryAfter: time.Second, Err: err}
}

// farTime is how long another node has to say how a lane stands.
const farTime = time.Second

// far asks the owner of a lane, if that is another node.
func (l lanesAll) far(tenant, endpoint string) (s stand, is bool) {
	lane := gateway.LaneKey{Tenant: tenant, Endpoint: endpoint}
	owner, here := owners{l.others.among}.Owner(lane.Slot())
	if here || owner.ID == "" {
		return s, false
	}
	ctx, stop := context.WithTimeout(l.others.of(context.Background(), tenant), farTime)
	defer stop()
	answer, err := l.others.peers.Ask(ctx, owner, verbLane, messageOf(lane))
	return s, err == nil && json.Unmarshal(answer, &s) == nil
}

func (o *others) serveLane(_ context.Context, message []byte) ([]byte, error) {
	var lane gateway.LaneKey
	if err := json.Unmarshal(message, &lane); err != nil {
		return nil, err
	}
	status, err := o.lanes.Status(lane.Tenant, lane.Endpoint)
	if err != nil {
		return nil, err
	}
	return json.Marshal(stand{status, o.lanes.Rests(lane.Tenant, lane.Endpoint)})
}

// messageOf gives what one node tells another.
func messageOf(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		panic("node: a message does not encode: " + err.Error()) // texts, moments and numbers always do
	}
	return text
}

// proofs has the owner of a lane hear that its endpoint was written.
type proofs struct {
	*outbound.Lanes
	others *others
}

// changedEndpoint says which, and what revision has it so.
type changedEndpoint struct {
	Lane     gateway.LaneKey `json:"lane"`
	Revision int64           `json:"revision"`
}

// Changed is api.Proofs'.
func (p proofs) Changed(ctx context.Context, tenant, endpoint string) error {
	lane := gateway.LaneKey{Tenant: tenant, Endpoint: endpoint}
	if err := p.others.CatchUp(); err != nil { // the revision of what was written
		return err
	}
	_, err := p.others.tellFor(context.Background(), tenant, lane.Slot(), verbChanged, messageOf(changedEndpoint{lane, p.others.follows.known()}), func() ([]byte, error) {
		return nil, p.Lanes.Changed(ctx, tenant, endpoint)
	})
	return err
}

func (o *others) serveChanged(ctx context.Context, message []byte) ([]byte, error) {
	var c changedEndpoint
	if err := json.Unmarshal(message, &c); err != nil {
		return nil, err
	}
	if err := o.follows.await(c.Revision); err != nil {
		return nil, err
	}
	ctx, stop := context.WithTimeout(ctx, tellTime)
	defer stop()
	return nil, notHere(o.lanes.Changed(ctx, c.Lane.Tenant, c.Lane.Endpoint))
}

// relayAll stores the messages of a request of a relay route at the owner of its tenant: all
// or none.
func (b between) relayAll(all []proxy.RelayRequest) ([]proxy.Relayed, error) {
	if b.others == nil || len(all) == 0 {
		return b.relayHere(all)
	}
	slot := gateway.SlotOf(all[0].Route.Tenant.ID)
	if _, here := b.others.among.Owner(slot); here {
		if became, err := b.relayHere(all); !errors.Is(err, gateway.ErrMoved) {
			return became, err
		}
	}
	answer, err := b.others.tellFor(context.Background(), all[0].Route.Tenant.ID, slot, verbRelay, packRelay(all), func() ([]byte, error) {
		became, err := b.relayHere(all)
		if err != nil {
			return nil, err
		}
		return json.Marshal(became)
	})
	var became []proxy.Relayed
	if err == nil {
		err = json.Unmarshal(answer, &became)
	}
	return became, unclear(err)
}

func (o *others) serveRelay(ctx context.Context, message []byte) ([]byte, error) {
	id, requests, err := unpackRelay(message)
	if err != nil {
		return nil, err
	}
	route := o.directory.Current().Route(id)
	if route == nil || route.Tenant == nil {
		return nil, gateway.Unavailable("the route is not known at the node that decides", time.Second)
	}
	if err := o.ours(route.Tenant.ID); err != nil {
		return nil, err
	}
	if err := peers.Rebill(ctx, o.directory.Current().Holder(route.Tenant)); err != nil {
		return nil, err
	}
	for i := range requests {
		requests[i].Tenant = route.Tenant
	}
	became, err := (between{o.parts}).relayed(requests)
	if err != nil {
		return nil, notHere(err)
	}
	return json.Marshal(became)
}

// ours refuses what is not this node's to decide.
func (o *others) ours(tenant string) error {
	if _, here := o.among.Owner(gateway.SlotOf(tenant)); !here {
		return errNotHere
	}
	return nil
}

// learner learns names at the owners of their tenants. Those of another node are learned there
// at once, before the events are stored that tell them: what the platform says of its
// conversations is true, whatever becomes of the publish.
type learner struct{ *parts }

// Learn is publishing.Learner's.
func (l learner) Learn(ctx context.Context, heard []gateway.Naming) (changes []*gateway.Change, done func(error), err error) {
	if l.others == nil {
		return l.sessions.Learn(ctx, heard)
	}
	var here []gateway.Naming
	far := map[string][]gateway.Naming{}
	for _, h := range heard {
		if _, is := l.others.among.Owner(gateway.SlotOf(h.Tenant)); is {
			here = append(here, h)
		} else {
			far[h.Tenant] = append(far[h.Tenant], h)
		}
	}
	for tenant, names := range far {
		_, err := l.others.tellFor(context.Background(), tenant, gateway.SlotOf(tenant), verbLearn, messageOf(names), func() ([]byte, error) { return nil, l.learnHere(ctx, names) })
		if err != nil {
			return nil, nil, unclear(err)
		}
	}
	return l.sessions.Learn(ctx, here)
}

// learnHere learns names, and makes them durable.
func (l learner) learnHere(ctx context.Context, names []gateway.Naming) error {
	changes, done, err := l.sessions.Learn(ctx, names)
	if err != nil || done == nil {
		return err
	}
	if len(changes) > 0 {
		err = l.store.ledger.Commit(changes...)
	}
	done(err)
	return err
}

func (o *others) serveLearn(ctx context.Context, message []byte) ([]byte, error) {
	var names []gateway.Naming
	if err := json.Unmarshal(message, &names); err != nil {
		return nil, err
	}
	for _, n := range names {
		if err := o.ours(n.Tenant); err != nil {
			return nil, err
		}
	}
	ctx, stop := context.WithTimeout(ctx, tellTime)
	defer stop()
	return nil, notHere(learner{o.parts}.learnHere(ctx, names))
}

// waitsOfCalls are the waits of calls, which another node may decide by the time a call has ended.
type waitsOfCalls struct {
	*waiting.Sessions
	of *parts
}

// ending is a wait that is to be cancelled.
type ending struct{ Tenant, ID, Reason string }

// Cancel is calling.Waits'.
func (w waitsOfCalls) Cancel(ctx context.Context, tenant, id, reason string) (ended *gateway.Wait, err error) {
	ended, err = w.Sessions.Cancel(ctx, tenant, id, reason)
	if w.of.others == nil || !errors.Is(err, gateway.ErrMoved) {
		return ended, err
	}
	_, err = w.of.others.tellFor(ctx, tenant, gateway.SlotOf(tenant), verbEnd, messageOf(ending{tenant, id, reason}), func() (_ []byte, err error) {
		ended, err = w.Sessions.Cancel(ctx, tenant, id, reason)
		return nil, err
	})
	return ended, err
}

func (o *others) serveEnd(ctx context.Context, message []byte) ([]byte, error) {
	var e ending
	if err := json.Unmarshal(message, &e); err != nil {
		return nil, err
	}
	if err := o.ours(e.Tenant); err != nil {
		return nil, err
	}
	ctx, stop := context.WithTimeout(ctx, tellTime)
	defer stop()
	_, err := o.sessions.Cancel(ctx, e.Tenant, e.ID, e.Reason)
	return nil, notHere(err)
}

// told is what the one that writes the configuration has to write down.
type told struct {
	Tenant, Webhook string           // whose last call
	Error           string           // failed so; "": it did not
	Used            map[string]int64 // when tokens were used, by id, in milliseconds of Unix time
}

// callFailed keeps how the last call of a chatbot's webhook failed, "" for one that went well.
func (b between) callFailed(tenant, webhook, text string) {
	keep := func() ([]byte, error) { return nil, b.resources.Webhooks.SetError(tenant, webhook, text) }
	var err error
	switch {
	case b.others == nil || b.others.configures():
		_, err = keep()
	case b.resources.Webhooks.Error(tenant, webhook) != text:
		_, err = b.others.tell(b.others.Configures(), verbTold, messageOf(told{Tenant: tenant, Webhook: webhook, Error: text}), keep)
	}
	if err != nil {
		b.Log.Error("the error of a webhook was not kept", "tenant", tenant, "webhook", webhook, "error", err)
	}
}

// configures says whether this node writes the configuration.
func (b between) configures() bool { return b.others == nil || b.others.configures() }

// used tells who writes it when tokens were used here. What is not heard is told again.
func (b between) used(at map[string]int64) {
	o := b.others
	_, err := o.tell(o.Configures(), verbTold, messageOf(told{Used: at}), func() ([]byte, error) { return nil, nil })
	if err != nil {
		b.Log.Debug("the last uses of tokens were not told", "error", err)
	}
}

func (o *others) serveTold(_ context.Context, message []byte) ([]byte, error) {
	var t told
	if err := json.Unmarshal(message, &t); err != nil {
		return nil, err
	}
	if !o.configures() {
		return nil, errNotHere
	}
	if err := o.CatchUp(); err != nil {
		return nil, err
	}
	for id, at := range t.Used {
		o.resources.Tokens.Used(id, time.UnixMilli(at))
	}
	if t.Webhook == "" {
		return nil, nil
	}
	return nil, o.resources.Webhooks.SetError(t.Tenant, t.Webhook, t.Error)
}
