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

// An address of IPv6 is advertised with brackets however it was written, and nothing else changes.
func TestAdvertiseOfIPv6(t *testing.T) {
	for written, want := range map[string]string{
		"fd00:10:244::5:8081":       "[fd00:10:244::5]:8081",
		"2001:db8:1:2:3:4:5:6:8081": "[2001:db8:1:2:3:4:5:6]:8081",
		"fd00:::0":                  "[fd00::]:0",
		"[fd00::1]:8081":            "[fd00::1]:8081",
		"::1:8081":                  "[::1]:8081",
		"10.0.0.7:8081":             "10.0.0.7:8081",
		"node-1.internal:8081":      "node-1.internal:8081",
		"node-1":                    "node-1",
		"":                          "",
	} {
		c := Default()
		c.Store.Driver, c.Store.URL, c.Cluster.Advertise, c.Cluster.Secret = DriverPostgres, "postgres://h/d", written, "0123456789abcdef"
		if got := c.Cluster.Reached(); got != want {
			t.Errorf("%q is reached at %q, want %q", written, got, want)
		}
		if fault := c.advertiseFault(); (fault == "") != (want != "" && want != "node-1") {
			t.Errorf("%q: %s", written, fault)
		}
	}
	for _, wildcard := range []string{":::8081", "[::]:8081"} {
		c := Default()
		if c.Cluster.Advertise = wildcard; c.advertiseFault() == "" {
			t.Errorf("%q is taken: nobody can connect to it", wildcard)
		}
	}
}
