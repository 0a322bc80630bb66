package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"
)

// demoOutcomes are what a line can be about, in the order of the summary, with
// their colours (ANSI, ECMA-48 SGR).
var demoOutcomes = []struct{ name, colour string }{
	{"waiting", "36"}, {"parked", "33"}, {"resumed", "32"}, {"timed_out", "35"},
	{"late", "31"}, {"duplicate", "34"}, {"refused", "31"}, {"notice", "90"}, {"called", "36"},
	{"delivered", "90"}, {"failed", "31"}, {"breaker open", "31"}, {"breaker closed", "32"},
}

// demoScreen shows what happens, a line each. Many goroutines may use it.
type demoScreen struct {
	out     io.Writer
	unseen  func()            // called where a line cannot be written: nobody reads any more
	colours map[string]string // none where nobody looks

	mu    sync.Mutex
	start time.Time
	count map[string]int
}

func newDemoScreen(out io.Writer, unseen func()) *demoScreen {
	s := &demoScreen{out: out, unseen: unseen, start: time.Now(), count: make(map[string]int)}
	if isTerminal(out) && os.Getenv("NO_COLOR") == "" { // no-color.org
		s.colours = make(map[string]string)
		for _, o := range demoOutcomes {
			s.colours[o.name] = o.colour
		}
	}
	return s
}

// isTerminal tells whether a person reads what is written: a character device is
// near enough, as nobody minds colours in /dev/null.
func isTerminal(w io.Writer) bool {
	file, is := w.(*os.File)
	if !is {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// header says what will be seen, and where to look for oneself. The token is of
// this run, on loopback, over a folder that is about to go.
func (s *demoScreen) header(tenant, hook, token, link string) {
	s.printf("A made-up chat platform opens waits, publishes events and calls webhooks, a made-up payment\n")
	s.printf("provider sends signed callbacks to %s,\n", hook)
	s.printf("and a made-up CRM, out of order now and then, wants the events. Ctrl-C ends.\n\n")
	s.printf("With a browser (it signs in once, within the hour):\n    %s\n", link)
	s.printf("With curl (or /deliveries, /endpoints/crm):\n    curl -H 'Authorization: Bearer %s' \\\n      %s/waits\n\n", token, tenant)
}

// lineWidth is how many columns a line has at most.
const lineWidth = 100

// line shows what happened in a chat, or to an endpoint.
func (s *demoScreen) line(whom, outcome, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.count[outcome]++
	word := fmt.Sprintf("%-14s", outcome)
	if colour := s.colours[outcome]; colour != "" {
		word = "\x1b[" + colour + "m" + word + "\x1b[0m"
	}
	s.printf("%8.3fs  %-9s  %s  %s\n", time.Since(s.start).Seconds(), whom, word, text)
}

func (s *demoScreen) summary() {
	s.mu.Lock()
	defer s.mu.Unlock()
	var parts []string
	for _, o := range demoOutcomes {
		parts = append(parts, fmt.Sprintf("%d %s", s.count[o.name], o.name))
	}
	s.printf("\nIn %s:\n%s.\n", time.Since(s.start).Round(time.Second), onLines(parts, lineWidth-1))
}

func (s *demoScreen) printf(format string, args ...any) {
	if _, err := fmt.Fprintf(s.out, format, args...); err != nil {
		s.unseen()
	}
}
