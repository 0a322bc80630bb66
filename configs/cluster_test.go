package configs

import (
	"testing"
	"time"
)

// A node on a database is served on for a while after SIGTERM, if the file does not say
// otherwise; the only node there is ends at once.
func TestDelayOfDrain(t *testing.T) {
	const cluster = "store: { driver: postgres, url: \"postgres://h/d\" }\ncluster: { advertise: \"10.0.0.1:8081\", secret: \"0123456789abcdef\" }\n"
	for text, want := range map[string]time.Duration{
		"log: { level: info }\n":             0,
		cluster:                              3 * time.Second,
		cluster + "drain: 7s\n":              3 * time.Second,
		cluster + "drain: { delay: 0s }\n":   0,
		cluster + "drain: { timeout: 7s }\n": 3 * time.Second,
		cluster + "drain: { delay: 9s }\n":   9 * time.Second,
	} {
		l := newLoads(t)
		l.Environ = append(l.Environ, "HOOKGATE_MASTER_KEY=MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=")
		l.file("hookgate.yaml", text)
		for range 2 { // as it is read, and as it is read again
			c, _ := l.load()
			if got := time.Duration(c.Drain.Delay); got != want {
				t.Errorf("%q: it is %s, want %s", text, got, want)
			}
			l.file("hookgate.yaml", text+"tenants: { a: {} }\n")
		}
	}
}
