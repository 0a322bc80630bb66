package publishing

import (
	"errors"
	"strconv"
	"strings"
	"sync"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/fields"
	"hookgate/gateway/mapping"
)

// A publisher whose answer was lost does not know whether its events were taken, and
// maybe puts them together anew. With {"dedupe":{"event_id":PATH},"events":[…]} each is
// known by an id of its own, whatever it comes with: one that was taken before is not
// taken again, and is answered as then. One without an id is taken as ever.

// eventIDs is how the events of one publish are known, and which of them were taken.
type eventIDs struct {
	path   string
	at     *idPath       // nil: they are not
	window time.Duration // for which they are
	keys   []gateway.MarkKey
	has    []bool // by event: keys has one
	told   []told // by event as it was published; nil where none was taken before
	again  int    // how many were
}

// told is what is answered of one event: a place in the publication, or what was
// answered when it was taken.
type told struct {
	event      int // -1: it was taken by another publish
	id         string
	deliveries string
	duplicate  bool
}

// idPath is a compiled path to an event's id.
type idPath struct {
	set  *mapping.Set
	slot mapping.Slot
}

// idPaths are those that publishers have named. They name few.
type idPaths struct {
	mu sync.RWMutex
	of map[string]*idPath
}

const maxIDPaths = 64

func (p *idPaths) find(path string) (*idPath, string) {
	p.mu.RLock()
	found := p.of[path]
	p.mu.RUnlock()
	if found != nil {
		return found, ""
	}
	b := mapping.NewBuilder()
	slot, err := b.Path(path)
	if err != nil {
		return nil, err.Error()
	}
	found = &idPath{b.Set(), slot}
	if !found.set.Plain() {
		return nil, "must lead to one place within an event, without filters"
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.of) >= maxIDPaths || p.of == nil {
		p.of = map[string]*idPath{}
	}
	p.of[strings.Clone(path)] = found
	return found, ""
}

// dedupeBody is the member dedupe of a publish.
type dedupeBody struct {
	EventID string            `json:"event_id"`
	Window  *gateway.Duration `json:"window"`
}

// read reads the member dedupe; what is missing or null leaves it off.
func (e *eventIDs) read(paths *idPaths, v mapping.Value) error {
	if v.Kind == mapping.Missing || v.Kind == mapping.Null {
		return nil
	}
	tree, err := fields.Parse(v.Raw)
	if twice, is := errors.AsType[*gateway.Error](err); is {
		return gateway.Invalid(gateway.Under("dedupe", twice.Faults))
	}
	body := dedupeBody{Window: new(gateway.Duration(idempotencyKept))}
	faults := fields.Decode(tree, &body)
	fault := func(path, rule string) { faults = append(faults, gateway.Fault{Path: path, Message: rule}) }
	e.path, e.window = body.EventID, time.Duration(*body.Window)
	if e.window < time.Second || e.window > gateway.MaxMarkAge {
		fault("window", "is "+body.Window.String()+": must be 1s to "+gateway.Duration(gateway.MaxMarkAge).String())
	}
	rule := ""
	if e.at, rule = paths.find(body.EventID); rule != "" && len(faults) == 0 {
		fault("event_id", rule)
	}
	return gateway.Invalid(gateway.Under("dedupe", faults))
}

// identify finds the ids of the events. Ids of one path and of another are not
// compared: they need not be of one kind.
func (d *draft) identify() {
	e := &d.ids
	if e.at == nil {
		return
	}
	var id []byte
	for i := range d.publication.Events {
		event := &d.publication.Events[i]
		d.document.Raw = event.Body
		e.at.set.Read(&d.document, &d.item)
		v := d.item.At(e.at.slot)
		text, is := v.Text(d.scratch[:0])
		if is = is && v.Kind != mapping.Bool && len(text) > 0; is {
			id = append(append(append(id[:0], e.path...), 0), text...)
			e.keys = append(e.keys, gateway.NewMarkKey(gateway.MarkEvent, []byte(event.Tenant), id))
		} else {
			e.keys = append(e.keys, gateway.MarkKey{})
		}
		e.has = append(e.has, is)
	}
}

// turns gives what the publish must have the turn on: its Idempotency-Key, and the ids of
// its events, so that of two that carry one event the second finds what the first stored.
func (d *draft) turns() (keys []gateway.MarkKey) {
	if d.IdempotencyKey != "" {
		keys = append(keys, d.markIn())
	}
	for i, key := range d.ids.keys {
		if d.ids.has[i] {
			keys = append(keys, key)
		}
	}
	return keys
}

// recognise leaves the events out that were taken before, by another publish or by this
// one: of two with one id the first counts.
func (p *Publisher) recognise(d *draft) error {
	e := &d.ids
	if e.at == nil {
		return nil
	}
	here := map[gateway.MarkKey]int{}
	fresh := d.publication.Events[:0]
	for i, event := range d.publication.Events {
		of := told{event: len(fresh)}
		if e.has[i] {
			if err := p.seen(d, &of, here, event.Tenant, e.keys[i]); err != nil {
				return err
			}
		}
		if e.told = append(e.told, of); of.duplicate {
			e.again++
			continue
		}
		if e.has[i] {
			d.publication.Marks = append(d.publication.Marks, gateway.Mark{
				Tenant: event.Tenant, Key: e.keys[i], CallbackID: event.ID, Expires: d.at.Add(e.window),
			})
		}
		fresh = append(fresh, event)
	}
	if e.again > 0 {
		if err := p.finish(d, e.before()); err != nil {
			return err
		}
	}
	clear(d.publication.Events[len(fresh):])
	if d.publication.Events = fresh; len(fresh) == 0 {
		d.named = d.named[:0] // it was learned then
	}
	return nil
}

// before gives the ids of the events that were taken by another publish.
func (e *eventIDs) before() (all []string) {
	for _, of := range e.told {
		if of.duplicate && of.event < 0 {
			all = append(all, of.id)
		}
	}
	return all
}

// seen says whether an event was taken before, and how that was answered.
func (p *Publisher) seen(d *draft, of *told, here map[gateway.MarkKey]int, tenant string, key gateway.MarkKey) error {
	if first, twice := here[key]; twice {
		of.event, of.duplicate = first, true
		return nil
	}
	m, found, err := p.store.Mark(tenant, key, d.ids.window)
	if err != nil {
		return err
	}
	if found {
		*of = told{event: -1, id: m.CallbackID, deliveries: string(m.Answer), duplicate: true}
		return nil
	}
	here[key] = of.event
	return nil
}

// markEvents has remembered with each event that has an id what is answered of it.
func (d *draft) markEvents() {
	marks := d.publication.Marks
	for i := range d.publication.Events {
		if len(marks) > 0 && marks[0].CallbackID == d.publication.Events[i].ID {
			marks[0].Answer = strconv.AppendInt(nil, int64(d.counts[i]), 10)
			marks = marks[1:]
		}
	}
}

// appendTold appends what is answered of each event as it was published.
func (d *draft) appendTold(body []byte) []byte {
	for i, of := range d.ids.told {
		if i > 0 {
			body = append(body, ',')
		}
		if of.event >= 0 {
			of.id, of.deliveries = d.publication.Events[of.event].ID, strconv.Itoa(d.counts[of.event])
		}
		body = append(append(body, `{"id":"`...), of.id...)
		body = append(append(body, `","deliveries":`...), of.deliveries...)
		if of.duplicate {
			body = append(body, `,"duplicate":true`...)
		}
		body = append(body, '}')
	}
	return body
}

// free forgets the events, but for memory of a usual size.
func (e *eventIDs) free() {
	clear(e.told)
	*e = eventIDs{keys: e.keys[:0], has: e.has[:0], told: e.told[:0]}
}
