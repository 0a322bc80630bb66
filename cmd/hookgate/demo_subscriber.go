package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"hookgate/auth/signature"
)

// demoSubscriber is the made-up CRM that wants to know what happens in chats. Now
// and then it is out of order, until its circuit breaker has opened and a probe
// has failed; then it recovers, and what waited is delivered.
type demoSubscriber struct {
	screen   *demoScreen
	verifier *signature.Verifier
	changed  chan struct{} // holds one sign of a change; more would say no more

	mu        sync.Mutex
	published int
	delivered map[string]bool // by webhook-id: a delivery may come twice
	untilDown int             // deliveries that it takes before it fails
	opened    int             // times that its breaker opened in this outage
	open      bool            // its breaker is not closed
	fault     error           // what no delivery should be like
}

const (
	demoFirstOutage = 3  // deliveries: a short demo shows an outage too
	demoNextOutage  = 60 // deliveries between two outages
)

func newDemoSubscriber(secret string, screen *demoScreen) (*demoSubscriber, error) {
	v, faults := signature.Compile(signature.Config{Type: "standard", Secrets: []string{secret}})
	if len(faults) > 0 {
		return nil, fmt.Errorf("signature of events: %v", faults)
	}
	return &demoSubscriber{
		screen: screen, verifier: v, changed: make(chan struct{}, 1),
		delivered: make(map[string]bool), untilDown: demoFirstOutage,
	}, nil
}

// demoDelivery is what the subscriber reads of a delivery.
type demoDelivery struct {
	Events []struct {
		Event        struct{ Type string }
		Conversation struct{ Key string }
	}
}

// ServeHTTP takes a delivery, if it is signed by the gateway.
func (s *demoSubscriber) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, req.Body, 1<<20))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	signed := &signature.Request{Method: req.Method, Header: headerFields(req.Header), Body: body, Now: time.Now()}
	var d demoDelivery
	if err = s.verifier.Verify(signed); err == nil {
		err = json.Unmarshal(body, &d)
	}
	if err == nil && len(d.Events) != 1 {
		err = fmt.Errorf("a delivery has %d events, not 1", len(d.Events))
	}
	if err != nil {
		s.fail(fmt.Errorf("the subscriber refused a delivery: %w", err))
		http.Error(w, err.Error(), http.StatusUnauthorized)
		return
	}
	chat, kind, attempt := d.Events[0].Conversation.Key, d.Events[0].Event.Type, req.Header.Get("Hookgate-Attempt")
	if !s.take(strings.Clone(req.Header.Get("webhook-id"))) { // it is kept, and the server uses its memory again
		s.screen.line(chat, "failed", fmt.Sprintf("%s, attempt %s: the CRM answered 503", kind, attempt))
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	s.screen.line(chat, "delivered", fmt.Sprintf("%s, attempt %s: taken, its signature is good", kind, attempt))
	w.WriteHeader(http.StatusNoContent)
}

// take takes a delivery, unless the subscriber is out of order.
func (s *demoSubscriber) take(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.untilDown == 0 {
		return false
	}
	s.untilDown--
	s.delivered[id] = true
	s.sign()
	return true
}

// breaker is told each change of the endpoint's circuit breaker.
func (s *demoSubscriber) breaker(state string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open = state != "closed"
	s.sign()
	switch state {
	case "open":
		if s.opened++; s.opened == 1 {
			s.screen.line("crm", "breaker open", "it fails on and on: deliveries wait, and use up no attempts")
			return
		}
		s.screen.line("crm", "breaker open", "a probe failed too: the pause is longer")
		if s.untilDown == 0 {
			s.untilDown = demoNextOutage // somebody has restarted the CRM
		}
	case "closed":
		s.opened = 0
		s.screen.line("crm", "breaker closed", "a probe was answered well: what waited goes out")
	}
}

// expect counts events that are about to be delivered.
func (s *demoSubscriber) expect(events int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.published += events
}

func (s *demoSubscriber) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = err
	s.sign()
}

func (s *demoSubscriber) sign() {
	select {
	case s.changed <- struct{}{}:
	default:
	}
}

// settled waits until all that was published is delivered.
func (s *demoSubscriber) settled(ctx context.Context) error {
	late := time.After(30 * time.Second)
	for {
		s.mu.Lock()
		missing, open, fault := s.published-len(s.delivered), s.open, s.fault
		s.mu.Unlock()
		if fault != nil || missing == 0 && !open {
			return fault
		}
		select {
		case <-s.changed:
		case <-late:
			return fmt.Errorf("%d of the events have not reached the subscriber", missing)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
