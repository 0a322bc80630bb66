package configs

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hookgate/gateway"
)

func loadText(t *testing.T, text string, environ ...string) (*Config, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "hookgate.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return Load(Options{Flags: Flags{Config: path}, Environ: environ})
}

// The base of URLs is the same however it is written, in the file and in the environment
// (case c04).
func TestPublicURLIsNormal(t *testing.T) {
	for written, want := range map[string]string{
		"https://h.example":            "https://h.example",
		"https://h.example/":           "https://h.example",
		"https://h.example//":          "https://h.example",
		"HTTPS://H.Example":            "https://h.example",
		"https://h.example:443/":       "https://h.example",
		"http://h.example:80":          "http://h.example",
		"https://h.example:80":         "https://h.example:80",
		"https://h.example:":           "https://h.example",
		"https://h.example:8443/GW/":   "https://h.example:8443/GW",
		"https://h.example/gw/a%2Fb/":  "https://h.example/gw/a%2Fb",
		"https://[2001:DB8::1]:443/gw": "https://[2001:db8::1]/gw",
	} {
		c, err := loadText(t, `public: { url: "`+written+`" }`)
		if err != nil || c.Public.URL != want {
			t.Errorf("the file's %s is %s, %v; want %s", written, c.Public.URL, err, want)
		}
		c, err = Load(Options{Environ: []string{"HOOKGATE_PUBLIC_URL=" + written}})
		if err != nil || c.Public.URL != want {
			t.Errorf("the environment's %s is %s, %v; want %s", written, c.Public.URL, err, want)
		}
	}
	if c := Default(); c.Public.URL != "" {
		t.Errorf("it is %q by default", c.Public.URL)
	}
}

func TestConnectionTimeouts(t *testing.T) {
	c, err := loadText(t, "public: { idle_timeout: 2m, read_timeout: 300ms }\ninternal: { idle_timeout: 90 }")
	if err != nil || c.Public.IdleTimeout != gateway.Duration(2*time.Minute) ||
		c.Public.ReadTimeout != gateway.Duration(300*time.Millisecond) || c.Internal.IdleTimeout != gateway.Duration(90*time.Second) {
		t.Errorf("%+v, %+v, %v", c.Public, c.Internal, err)
	}
	if c := Default(); c.Public.IdleTimeout != gateway.Duration(75*time.Second) || c.Internal.IdleTimeout != c.Public.IdleTimeout ||
		c.Public.ReadTimeout != gateway.Duration(10*time.Second) {
		t.Errorf("the defaults are %+v, %+v", c.Public, c.Internal)
	}
	for place, text := range map[string]string{
		"public.idle_timeout":   "public: { idle_timeout: 0 }",
		"public.read_timeout":   "public: { read_timeout: 2h }",
		"internal.idle_timeout": "internal: { idle_timeout: 99ms }",
	} {
		if _, err := loadText(t, text); err == nil || !strings.Contains(err.Error(), place+": must be 100ms to 1h") {
			t.Errorf("%s: %v", text, err)
		}
	}
}
