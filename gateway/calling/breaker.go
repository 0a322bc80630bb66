package calling

import (
	"sync"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/directory"
	"hookgate/retry/breaker"
)

// standing is what is known of one webhook's backend. It outlives every snapshot:
// a PUT resets it only where its settings changed.
type standing struct {
	changed func(breaker.State, time.Time) // nil: nobody is told
	mu      sync.Mutex
	breaker *breaker.Breaker

	text    string // the last error, "" for none
	told    string // what was told last
	known   bool   // anything was
	telling bool
}

type webhookKey struct{ tenant, webhook string }

// standings are those of all webhooks that were called. Their zero value is ready.
type standings struct {
	// changed gives who is told of the changes of a webhook's breaker; nil: nobody.
	changed func(webhookKey) func(breaker.State, time.Time)
	mu      sync.RWMutex
	of      map[webhookKey]*standing
}

// find gives what is kept of a webhook; nil where nothing need be.
func (s *standings) find(w *directory.Webhook) *standing {
	if w.Breaker == nil && w.Profile != gateway.ProfileChatbot {
		return nil
	}
	key := webhookKey{w.Tenant.ID, w.ID}
	s.mu.RLock()
	found := s.of[key]
	s.mu.RUnlock()
	if found != nil {
		return found
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.of == nil {
		s.of = map[webhookKey]*standing{}
	}
	if found = s.of[key]; found == nil {
		found = &standing{}
		if s.changed != nil {
			found.changed = s.changed(key)
		}
		s.of[key] = found
	}
	return found
}

func (s *standings) drop(key webhookKey) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.of, key)
}

func (s *standings) forget(tenant string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for key := range s.of {
		if key.tenant == tenant {
			delete(s.of, key)
		}
	}
}

// Breaker tells how the circuit breaker of a webhook stands, as it was last seen,
// and until when it is open at least.
func (c *Calls) Breaker(tenant, webhook string) (state string, until time.Time) {
	c.standings.mu.RLock()
	s := c.standings.of[webhookKey{tenant, webhook}]
	c.standings.mu.RUnlock()
	if s == nil {
		return breaker.Closed.String(), until
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.breaker == nil {
		return breaker.Closed.String(), until
	}
	stands, until := s.breaker.State()
	return stands.String(), until
}

// tellBreaker writes the line of a change of a webhook's breaker.
func (c *Calls) tellBreaker(key webhookKey) func(breaker.State, time.Time) {
	return func(state breaker.State, until time.Time) {
		args := []any{"tenant", key.tenant, "webhook", key.webhook, "state", state.String()}
		if state == breaker.Open {
			args = append(args, "until", gateway.At(until).Format(gateway.TimeFormat))
		}
		c.Log.Info("circuit breaker changed", args...)
	}
}

// rampTo is how many calls at once a breaker that has closed lets through before it
// stops counting them.
const rampTo = 16

// permit asks for leave to make an attempt.
func (s *standing) permit(w *directory.Webhook) (breaker.Permit, bool) {
	if w.Breaker == nil {
		return breaker.Permit{}, true
	}
	s.mu.Lock()
	if s.breaker == nil || s.breaker.Settings() != *w.Breaker {
		s.breaker = breaker.New(*w.Breaker, s.changed)
	}
	b := s.breaker
	s.mu.Unlock()
	p, _, ok := b.Allow(rampTo)
	return p, ok
}

// tell tells the last error of a chatbot webhook when it has changed. Of two calls
// that end at once one tells for both, so that the last one told is the last one.
func (s *standing) tell(text string, failed func(text string)) {
	s.mu.Lock()
	s.text = text
	mine := !s.telling
	s.telling = true
	s.mu.Unlock()
	for mine {
		if text, mine = s.untold(); mine {
			failed(text)
		}
	}
}

// untold gives what is to be told; nothing more ends the telling.
func (s *standing) untold() (text string, is bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known && s.told == s.text {
		s.telling = false
		return "", false
	}
	s.known, s.told = true, s.text
	return s.text, true
}
