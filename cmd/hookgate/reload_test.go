package main

import (
	"bytes"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"hookgate/gateway/gatewaytest/program"
)

const twoSources = oneSource + `      calendar: { verify: { type: none } }
`

// SIGHUP and POST /v1/reload load the file again, all or nothing.
func TestReload(t *testing.T) {
	t.Parallel()
	for name, reload := range map[string]func(*testing.T, *program.Program) program.Answer{
		"SIGHUP": func(t *testing.T, p *program.Program) program.Answer {
			before := len(p.Log.Lines())
			p.Signal(t, syscall.SIGHUP)
			n := 0
			if _, err := p.Log.Await(t.Context(), func(l program.Line) bool {
				n++
				return n > before && strings.Contains(l.Message(), "configuration was")
			}); err != nil {
				t.Fatal(err)
			}
			return program.Answer{}
		},
		"API": func(t *testing.T, p *program.Program) program.Answer {
			return p.Admin().Must(t, nil, "POST", "/v1/reload", nil)
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := program.Start(t, program.Options{Config: oneSource})
			post := func(status int, path string, fields ...string) {
				t.Helper()
				p.Sender().Must(t, []int{status}, "POST", path, `{"conversation_key":"`+path+`"}`, fields...)
			}
			post(404, "/hooks/acme/calendar")

			p.Configure(t, twoSources)
			if a := reload(t, p); name == "API" && a.Status != 200 {
				t.Errorf("a good file: %s", a)
			}
			post(202, "/hooks/acme/calendar")
			reloads(t, p, "ok", 1)

			// One part is good, one is bad: neither is taken.
			p.Configure(t, strings.Replace(twoSources, "calendar", "diary", 1)+"      bad: { verify: { type: nonesuch } }\n")
			a := reload(t, p)
			if name == "API" && (a.Status/100 != 4 || a.Field("code") != "reload_failed" || !strings.Contains(string(a.Body), "nonesuch")) {
				t.Errorf("a bad file: %s", a)
			}
			post(404, "/hooks/acme/diary")
			post(200, "/hooks/acme/calendar")
			reloads(t, p, "error", 1)
			reloads(t, p, "ok", 1)
			program.Eventually(t, time.Minute, func() error { // what it writes comes by a pipe
				if !strings.Contains(p.Log.Text(), "hookgate.yaml:7:") || !strings.Contains(p.Log.Text(), "nonesuch") {
					return fmt.Errorf("the log does not say where the file is wrong:\n%s", p.Log.Text())
				}
				return nil
			})

			p.Configure(t, oneSource)
			reload(t, p)
			post(404, "/hooks/acme/calendar")
			post(202, "/hooks/acme/payments", sourceToken)
			reloads(t, p, "ok", 2)
		})
	}
}

// reloads looks up how many reloads ended in this way.
func reloads(t *testing.T, p *program.Program, result string, want int) {
	t.Helper()
	metrics := p.Admin().Must(t, []int{200}, "GET", "/metrics", nil)
	line := []byte("hookgate_config_reloads_total{result=\"" + result + "\"} " + string(rune('0'+want)) + "\n")
	if !bytes.Contains(metrics.Body, line) {
		t.Errorf("/metrics has no %s", line)
	}
}

// Who may not reload may not, and what the file owns is the file's.
func TestReloadAndFileAreProtected(t *testing.T) {
	p := program.Start(t, program.Options{Config: oneSource + "tokens:\n  - { scope: platform, secret: a-platform-token-of-the-file }\n"})
	platform := p.Admin().As("a-platform-token-of-the-file")
	platform.Must(t, []int{403}, "POST", "/v1/reload", nil)
	platform.Must(t, []int{200}, "GET", "/v1/tenants/acme", nil)
	a := p.Admin().Must(t, []int{409}, "PUT", "/v1/tenants/acme/sources/payments", `{"verify":{"type":"none"}}`)
	if a.Field("code") != "managed_by_file" {
		t.Errorf("%s", a)
	}
}

// What a reload leaves for the next start it names.
func TestReloadNamesWhatTakesARestart(t *testing.T) {
	p := program.Start(t, program.Options{Config: oneSource})
	p.Configure(t, "bounds: { waits: 100 }\ndrain: 1s\n"+oneSource)
	a := p.Admin().Must(t, []int{200}, "POST", "/v1/reload", nil)
	if want := `{"result":"ok","needs_restart":["bounds.waits","drain.timeout"]}`; string(a.Body) != want {
		t.Errorf("the answer is %s, want %s", a.Body, want)
	}
}
