package calling

import (
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/directory"
	"hookgate/retry/breaker"
)

// standing is what is known of one webhook's backend. It outlives every snapshot:
// a PUT resets it only where its settings changed.
type standing struct {
	changed func(breaker.State, time.Time)
	mu      sync.Mutex
	breaker *breaker.Breaker

	text    string // the last error, "" for none
	told    string // what was told last
	known   bool   // anything was
	telling bool
}

type webhookKey struct{ tenant, webhook string }

// standings are those of all webhooks that were called.
type standings struct {
	log      *slog.Logger
	happened func(gateway.Happening)
	mu       sync.RWMutex
	of       map[webhookKey]*standing
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
		found = &standing{changed: s.line(key)}
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

// open visits the webhooks whose breakers are open.
func (s *standings) open(visit func(tenant, webhook string)) {
	s.mu.RLock()
	keys := slices.Collect(maps.Keys(s.of))
	s.mu.RUnlock()
	for _, key := range keys {
		if s.breaker(key).State == breaker.Open {
			visit(key.tenant, key.webhook)
		}
	}
}

// breaker tells how the circuit breaker of a webhook stands, as it was last seen.
func (s *standings) breaker(key webhookKey) (is BreakerStatus) {
	s.mu.RLock()
	found := s.of[key]
	s.mu.RUnlock()
	if found == nil {
		return is
	}
	found.mu.Lock()
	defer found.mu.Unlock()
	if found.breaker != nil {
		is.State, is.Until = found.breaker.State()
		is.Probe = found.breaker.Probe()
	}
	return is
}

// BreakerStatus is how a webhook's circuit breaker stands.
type BreakerStatus struct {
	State breaker.State
	Until time.Time // that it is open at least
	Probe breaker.Probe
}

// line gives what writes the line of a change of a webhook's breaker.
func (s *standings) line(key webhookKey) func(breaker.State, time.Time) {
	return func(state breaker.State, until time.Time) {
		s.happened(gateway.Happening{
			Kind: gateway.HappenedBreaker, Tenant: key.tenant, At: time.Now(), Of: "webhook", Target: key.webhook, Outcome: state.String(), Until: openUntil(state, until),
		})
		args := []any{"tenant", key.tenant, "webhook", key.webhook, "state", state.String()}
		if state == breaker.Open {
			args = append(args, "until", gateway.At(until).Format(gateway.TimeFormat))
		}
		s.log.Info("circuit breaker changed", args...)
	}
}

// openUntil is until when a breaker is open: only one that is.
func openUntil(s breaker.State, until time.Time) time.Time {
	if s != breaker.Open {
		return time.Time{}
	}
	return gateway.At(until).Time
}

// rampTo is how many calls at once a breaker that has closed lets through before it
// stops counting them.
const rampTo = 16

// permit asks for leave to make an attempt.
func (s *standing) permit(w *directory.Webhook) (breaker.Permit, bool) {
	if s == nil || w.Breaker == nil { // nil: of a trial
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
