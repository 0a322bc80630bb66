package publishing

import (
	"strconv"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/directory"
	"hookgate/gateway/mapping"
)

// draft is one publish in the making. It is pooled: nothing of it is kept after
// the commit, which copies.
type draft struct {
	Request
	at          time.Time
	root, item  mapping.Values
	document    mapping.Document
	publication gateway.Publication
	mark        gateway.Mark // of the Idempotency-Key; Tenant "" for none
	tenants     []tenantShare
	named       []gateway.Naming // conversations that an event knows by more than one name
	owned       []uint64         // digests of publication.Own
	counts      []int            // deliveries by event
	ids         eventIDs
	known       bool      // by a key
	term        term      // in which that was looked up
	storing     bool      // in it
	filtered    *filtered // nil: no endpoint had a filter yet
	scratch     [64]byte  // for texts that are written with escapes
}

// tenantShare is how many of the events are one tenant's.
type tenantShare struct {
	of     *directory.Tenant
	events int
}

func (d *draft) begin(q Request, now time.Time) {
	d.Request, d.at = q, gateway.At(now).Time
	d.publication.Begun = time.Now()
}

func (d *draft) free() {
	d.root.Release()
	d.item.Release()
	clear(d.publication.Events)
	if cap(d.publication.Deliveries) > mostPooled {
		d.publication.Deliveries = nil // a large one comes seldom
	}
	clear(d.publication.Deliveries)
	clear(d.publication.Traces)
	clear(d.tenants)
	clear(d.named)
	clear(d.publication.Own)
	if d.filtered != nil {
		d.filtered.free()
	}
	clear(d.publication.Marks)
	d.ids.free()
	*d = draft{
		ids: d.ids, filtered: d.filtered,
		root: d.root, item: d.item, tenants: d.tenants[:0], named: d.named[:0], owned: d.owned[:0], counts: d.counts[:0],
		publication: gateway.Publication{
			Events: d.publication.Events[:0], Deliveries: d.publication.Deliveries[:0], Traces: d.publication.Traces[:0],
			Own: d.publication.Own[:0], Marks: d.publication.Marks[:0],
		},
	}
}

// paths are what is looked at in an event, in one walk; all else passes as it is.
type paths struct {
	set                                                                *mapping.Set
	kind, messageKind, accountKey, accountID, key, external, variables mapping.Slot
}

var (
	rootSet, rootEvents, rootDedupe = func() (*mapping.Set, mapping.Slot, mapping.Slot) {
		b := mapping.NewBuilder()
		events, dedupe := mustPath(b, "events"), mustPath(b, "dedupe")
		return b.Set(), events, dedupe
	}()
	eventPaths = func() (p paths) {
		b := mapping.NewBuilder()
		p.kind = mustPath(b, "event.type")
		p.messageKind = mustPath(b, "event.payload.message.type")
		p.accountKey = mustPath(b, "account.key")
		p.accountID = mustPath(b, "account.id")
		p.key = mustPath(b, "conversation.key")
		p.external = mustPath(b, "event.payload.external_key")
		p.variables = mustPath(b, "event.payload.variables")
		p.set = b.Set()
		return p
	}()
)

func mustPath(b *mapping.Builder, path string) mapping.Slot {
	slot, err := b.Path(path)
	if err != nil {
		panic(err) // a constant of this file is wrong
	}
	return slot
}

// acceptInTurn is accept for a tenant that publishes for itself: its large bodies are looked
// into one after the other, as they are wherever one comes from (SPEC 16).
func (d *draft) acceptInTurn(paths *idPaths) error {
	if d.Tenant != nil {
		if err := d.root.Hold(d.Tenant.Tree(), len(d.Body)); err != nil {
			return err
		}
		defer d.root.Let()
	}
	return d.accept(paths)
}

// accept checks every event. A fault names the event's index, and nothing is
// stored.
func (d *draft) accept(paths *idPaths) error {
	if !mapping.Valid(d.Body) {
		return gateway.Errorf(gateway.CodeInvalidBody, "the body is not JSON, or nested deeper than %d levels", mapping.MaxDepth)
	}
	d.document = mapping.Document{Body: mapping.JSON, Raw: d.Body}
	rootSet.Read(&d.document, &d.root)
	if err := d.ids.read(paths, d.root.At(rootDedupe)); err != nil {
		return err
	}
	events := d.root.At(rootEvents)
	if events.Kind != mapping.Array {
		return invalid("events", "must be a list of 1 to %d events", gateway.MaxEvents)
	}
	n := 0
	for item := range mapping.Items(events.Raw) {
		if n == gateway.MaxEvents {
			return invalid("events", "are over %d", gateway.MaxEvents)
		}
		if err := d.acceptEvent(n, item); err != nil {
			return err
		}
		n++
	}
	if n == 0 {
		return invalid("events", "is empty")
	}
	return nil
}

func invalid(path, format string, args ...any) error {
	e := gateway.Errorf(gateway.CodeInvalidField, format, args...)
	return gateway.Invalid([]gateway.Fault{{Path: path, Message: e.Message}})
}

func invalidEvent(i int, path, format string, args ...any) error {
	return invalid("events["+strconv.Itoa(i)+"]"+path, format, args...)
}

func (d *draft) acceptEvent(i int, item []byte) error {
	if len(item) > gateway.MaxEventBytes {
		return &gateway.Error{
			Code: gateway.CodeTooLarge, Message: "an event is over 1 MiB",
			Faults: []gateway.Fault{{Path: "events[" + strconv.Itoa(i) + "]", Message: "is over 1 MiB"}},
		}
	}
	d.document.Raw = item
	eventPaths.set.Read(&d.document, &d.item)
	kind, ok := d.string(eventPaths.kind)
	if !ok || !gateway.IsEventType(kind) {
		return invalidEvent(i, ".event.type", "must be a string of 1 to 64 characters of a-z, 0-9, . _ and -, the first a letter or digit")
	}
	e := gateway.Event{Type: word(kind), AcceptedAt: d.at, Body: item, Span: d.Span}
	if e.Type == messageType {
		if kind, ok := d.string(eventPaths.messageKind); ok {
			e.Kind = word(kind)
		}
	}
	tenant, err := d.tenantOf(i)
	if err != nil {
		return err
	}
	e.Tenant = tenant.ID
	e.ID = gateway.NewEventID(d.at)
	e.ConversationKey, _ = mapping.KeyOf(d.item.At(eventPaths.key))
	d.name(&e)
	d.count(tenant)
	d.publication.Events = append(d.publication.Events, e)
	return nil
}

const messageType = "message"

// string gives the text of a string in the event.
func (d *draft) string(slot mapping.Slot) ([]byte, bool) {
	if d.item.At(slot).Kind != mapping.String {
		return nil, false
	}
	return d.text(slot)
}

// text gives the text of a string or number in the event: the platform writes the
// ids of accounts as either.
func (d *draft) text(slot mapping.Slot) ([]byte, bool) {
	v := d.item.At(slot)
	if v.Kind != mapping.String && v.Kind != mapping.Number {
		return nil, false
	}
	text, ok := v.Text(d.scratch[:0])
	return text, ok
}

// tenantOf finds whose event it is: the path says so, or the account's key, or its
// id.
func (d *draft) tenantOf(i int) (*directory.Tenant, error) {
	if d.Tenant != nil {
		return d.Tenant, nil
	}
	for _, slot := range [...]mapping.Slot{eventPaths.accountKey, eventPaths.accountID} {
		if key, ok := d.text(slot); ok {
			if t := d.Snapshot.AccountKey(string(key)); t != nil {
				return t, nil
			}
		}
	}
	e := gateway.Errorf(gateway.CodeUnknownAccount, "no tenant has the account of an event")
	e.Faults = []gateway.Fault{{
		Path: "events[" + strconv.Itoa(i) + "].account", Message: "neither its key nor its id is an account key of a tenant",
	}}
	return nil, e
}

func (d *draft) count(t *directory.Tenant) {
	for i := range d.tenants {
		if d.tenants[i].of == t {
			d.tenants[i].events++
			return
		}
	}
	d.tenants = append(d.tenants, tenantShare{t, 1})
}

// word spares the platform's own words their memory.
func word(b []byte) string {
	switch string(b) {
	case "message":
		return "message"
	case "text":
		return "text"
	case "status":
		return "status"
	case "variables":
		return "variables"
	case "note":
		return "note"
	case "assignee_change":
		return "assignee_change"
	case "conversation_create":
		return "conversation_create"
	case "conversation_labels":
		return "conversation_labels"
	case "button":
		return "button"
	case "button.response":
		return "button.response"
	}
	return string(b)
}

// markIn prepares the mark of the Idempotency-Key.
func (d *draft) markIn() gateway.MarkKey {
	d.mark.Tenant = AnyTenant
	if d.Tenant != nil {
		d.mark.Tenant = d.Tenant.ID
	}
	d.mark.Key = gateway.NewMarkKey(gateway.MarkPublish, []byte(d.IdempotencyKey))
	d.mark.Sum = gateway.NewMarkKey(gateway.MarkPublish, d.Body)
	return gateway.NewMarkKey(gateway.MarkPublish, []byte(d.mark.Tenant), []byte(d.IdempotencyKey))
}
