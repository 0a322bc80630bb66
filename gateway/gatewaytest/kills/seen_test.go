package kills

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"hookgate/gateway/gatewaytest/program"
)

// seen is what all clients of nodes saw: how often no answer came, or one that says to come
// again, and what should never have been answered.
type seen struct {
	mu       sync.Mutex
	answers  int
	failed   int // no answer, though the client waited
	again    int // 503
	last     time.Time
	lastWhat string
	odd      []string
}

func newSeen() *seen { return &seen{} }

func (s *seen) watch(method, path string, a program.Answer, err error) {
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return // the client had enough
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answers++
	switch {
	case a.Status == http.StatusServiceUnavailable && strings.Contains(string(a.Body), `"code":"draining"`) && strings.Contains(string(a.Body), "the wait stays open"):
		// a hold at a node that stops cannot outlive its connection (SPEC 14)
	case err != nil:
		s.failed++
		s.last, s.lastWhat = time.Now(), fmt.Sprintf("%s %s: %v", method, path, err)
	case a.Status == http.StatusServiceUnavailable:
		s.again++
		s.last, s.lastWhat = time.Now(), fmt.Sprintf("%s %s: %s", method, path, a)
		if a.Header.Get("Retry-After") == "" {
			s.odd = append(s.odd, fmt.Sprintf("%s %s: no Retry-After: %s", method, path, a))
		}
	case a.Status >= 500:
		s.odd = append(s.odd, fmt.Sprintf("%s %s: %s", method, path, a))
	}
}

// counts gives what was not done so far, and when and what that was last.
func (s *seen) counts() (answers, failed, again int, last time.Time, what string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.answers, s.failed, s.again, s.last, s.lastWhat
}

// oddities gives what should never have been answered, and forgets it.
func (s *seen) oddities() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	odd := s.odd
	s.odd = nil
	return odd
}
