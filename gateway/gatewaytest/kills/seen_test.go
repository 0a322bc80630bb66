package kills

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
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
	kinds    map[string]int // of what was not done, since it was asked for last
}

func newSeen() *seen { return &seen{kinds: map[string]int{}} }

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
		s.kinds[kindOf(method, path)+": no answer"]++
		s.last, s.lastWhat = time.Now(), fmt.Sprintf("%s %s: %v", method, path, err)
	case a.Status == http.StatusServiceUnavailable:
		s.again++
		s.kinds[kindOf(method, path)+": "+a.Field("detail")]++
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

// kindOf is what was asked for, without whose it was.
func kindOf(method, path string) string {
	path, _, _ = strings.Cut(path, "?")
	parts := strings.Split(strings.Trim(path, "/"), "/")
	for i, part := range parts {
		if i > 0 && (parts[i-1] == "tenants" || parts[i-1] == "hooks" || strings.ContainsAny(part, "_0123456789") && part != "v1") {
			parts[i] = "*"
		}
	}
	return method + " /" + strings.Join(parts, "/")
}

// told gives how often what was not done, and forgets it.
func (s *seen) told() (lines []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, kind := range slices.Sorted(maps.Keys(s.kinds)) {
		lines = append(lines, fmt.Sprintf("%d times %s", s.kinds[kind], kind))
	}
	clear(s.kinds)
	return lines
}
