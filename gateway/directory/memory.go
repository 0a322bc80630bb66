package directory

import (
	"iter"

	"hookgate/gateway"
)

// What was compiled may take a thousand times the memory of its text: a pattern that repeats, a
// template of names. Memory is about how many bytes.

// Memory is what a source takes beside its text.
func (s *Source) Memory() int {
	n := s.Answers.Memory()
	if s.Plan != nil { // else it does not compile any more
		n += s.Plan.Set.Memory()
	}
	return n
}

// Memory is what an endpoint takes beside its text.
func (e *Endpoint) Memory() int { return e.filter.compiled.Memory() }

// Memory is what a webhook takes beside its text.
func (w *Webhook) Memory() int {
	n := w.Templates.Memory()
	if w.Response != nil {
		n += w.Response.Size()
	}
	return n
}

// Memories gives what each source, endpoint and webhook takes that the API gave a tenant; nil
// has none.
func (t *Tenant) Memories() iter.Seq[int] {
	return func(yield func(int) bool) {
		if t == nil {
			return
		}
		for id := range t.sources {
			if !yield(t.MemoryOf(gateway.KindSource, id)) {
				return
			}
		}
		for id := range t.endpoints {
			if !yield(t.MemoryOf(gateway.KindEndpoint, id)) {
				return
			}
		}
		for id := range t.webhooks {
			if !yield(t.MemoryOf(gateway.KindWebhook, id)) {
				return
			}
		}
	}
}

// MemoryOf is what one of them takes; 0 for what is not there, or the file's.
func (t *Tenant) MemoryOf(kind, id string) int {
	if t == nil {
		return 0
	}
	switch kind {
	case gateway.KindSource:
		if s := t.sources[id]; s != nil && !ofFile(s.Meta) {
			return s.Memory()
		}
	case gateway.KindEndpoint:
		if e := t.endpoints[id]; e != nil && !ofFile(e.Meta) {
			return e.Memory()
		}
	case gateway.KindWebhook:
		if w := t.webhooks[id]; w != nil && !ofFile(w.Meta) {
			return w.Memory()
		}
	}
	return 0
}

func ofFile(m gateway.Meta) bool { return m.ManagedBy == gateway.ManagedByFile }
