package configs

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// A variable that is misspelt has no effect, and nobody would know: it is told, with the
// nearest. What the file takes, and what Kubernetes sets for a service called hookgate,
// is nobody's slip.
func TestUnknownVariables(t *testing.T) {
	file := filepath.Join(t.TempDir(), "hookgate.yaml")
	if err := os.WriteFile(file, []byte(`log: { level: "${HOOKGATE_LEVEL_OF_OURS}" }`), 0o600); err != nil {
		t.Fatal(err)
	}
	environ := []string{
		"HOOKGATE_CONFIG=" + file, "HOOKGATE_LEVEL_OF_OURS=warn", "HOOKGATE_SECRET=s", "HOOKGATE_PUBLIC_ADDR=:80", "PATH=/bin", "HOOKGATE_LOGLEVEL=", "hookgate_x=1",
		"HOOKGATE_PUBLIC_ADR=:81", "HOOKGATE_MASTERKEY=canary", "HOOKGATE_PORT=8080", "HOOKGATE_NOTHING_LIKE_IT=1",
		"HOOKGATE_SERVICE_HOST=10.0.0.1", "HOOKGATE_SERVICE_PORT=80", "HOOKGATE_SERVICE_PORT_HTTP=80", "HOOKGATE_INTERNAL_PORT=tcp://10.0.0.1:80",
		"HOOKGATE_PORT_8080_TCP=tcp://10.0.0.1:8080", "HOOKGATE_PORT_8080_TCP_ADDR=10.0.0.1",
	}
	want := []string{
		"HOOKGATE_MASTERKEY: is no variable of hookgate, and has no effect: did you mean HOOKGATE_MASTER_KEY?",
		"HOOKGATE_NOTHING_LIKE_IT: is no variable of hookgate, and has no effect",
		"HOOKGATE_PORT: is no variable of hookgate, and has no effect",
		"HOOKGATE_PUBLIC_ADR: is no variable of hookgate, and has no effect: did you mean HOOKGATE_PUBLIC_ADDR?",
	}
	c, err := Load(Options{Environ: environ})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, fault := range c.UnknownVariables() {
		got = append(got, fault.String())
	}
	if !slices.Equal(got, want) {
		t.Errorf("told are\n%q, want\n%q", got, want)
	}
	if c, err := Load(Options{Environ: environ[1:2]}); err != nil || len(c.UnknownVariables()) != 1 {
		t.Errorf("without a file that takes it: %v, %v", c.UnknownVariables(), err)
	}
}
