package kills

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"syscall"

	"hookgate/gateway/gatewaytest"
	"hookgate/gateway/gatewaytest/program"
	"hookgate/gateway/gatewaytest/promises"
)

const killMetaSecret = "a-meta-secret-of-the-kill-test"

// asReloaded gives a configuration as a reload finds it: what callbacks need is the same, and
// every part of the tenant is compiled anew.
func asReloaded(config string) string {
	return strings.Replace(config, "      brief: #", "      another:\n        <<: *source\n        max_body: 1KiB\n      brief: #", 1)
}

// plotBetween has providers ask whether their URL is ours, and an operator load the file
// again, while callbacks come.
func (p *plot) plotBetween() {
	if p.rng.IntN(4) == 0 {
		challenge := fmt.Sprintf("challenge %s %d", p.talk.Name, p.rng.IntN(1000))
		target := "/hooks/" + p.tenant + "/batches?challenge=" + url.QueryEscape(challenge)
		if p.rng.IntN(2) == 0 {
			target = "/hooks/" + p.tenant + "/meta?hub.mode=subscribe&hub.verify_token=" + killMetaSecret + "&hub.challenge=" + url.QueryEscape(challenge)
		}
		p.at(func(ctx context.Context) { p.shake(ctx, target, challenge) })
	}
	if p.rng.IntN(30) == 0 {
		p.at(p.reload)
	}
}

// shake asks as a provider does; only the challenge itself is an answer.
func (p *plot) shake(ctx context.Context, target, challenge string) {
	p.ask(ctx, true, "handshake", func(ctx context.Context, g *program.Program) (program.Answer, error) {
		return g.Sender().Do(ctx, http.MethodGet, target, nil)
	}, func(span promises.Span, answer program.Answer) {
		if !span.Lost && (answer.Status != http.StatusOK || string(answer.Body) != challenge) {
			p.odd("handshake %s: %s", target, answer)
		}
	})
}

func (p *plot) reload(ctx context.Context) {
	p.ask(ctx, false, "reload", func(ctx context.Context, g *program.Program) (program.Answer, error) {
		return g.Admin().Do(ctx, http.MethodPost, "/v1/reload", nil)
	}, func(span promises.Span, answer program.Answer) {
		if !span.Lost && answer.Status != http.StatusOK {
			p.odd("reload: %s", answer)
		}
	})
}

// odd notes what should not have been answered, and is under no law of promises.
func (l *load) odd(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.oddities = append(l.oddities, fmt.Sprintf(format, args...))
}

// beside holds the callbacks that came beside one in its request to their own law: each is
// taken once over all lives, and every repeat is told the first one's callback_id.
func (l *load) beside(n string, all []gatewaytest.Taken) {
	for i, taken := range all {
		if i == place {
			continue
		}
		l.mu.Lock()
		name := fmt.Sprint(n, "/", i)
		first, known := l.others[name]
		l.others[name] = taken
		if known && (first.CallbackID != taken.CallbackID || taken.Outcome != "duplicate" && first.Outcome != "duplicate") {
			l.oddities = append(l.oddities, fmt.Sprintf("what came beside %s was taken twice: %+v, %+v", n, first, taken))
		}
		l.mu.Unlock()
	}
}

// reloadBetween loads another file in the middle of a life.
func (k *killer) reloadBetween() {
	k.pause(100, 500)
	for _, p := range k.running() {
		p.Configure(k.t, asReloaded(k.config()))
		p.Signal(k.t, syscall.SIGHUP)
	}
	k.pause(100, 500)
}

// checkOddities ends the test when something was answered that should not have been.
func (k *killer) checkOddities() {
	k.t.Helper()
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, what := range k.oddities[:min(len(k.oddities), 5)] {
		k.t.Error(what)
	}
	if len(k.oddities) > 0 {
		k.t.Fatalf("%d in all", len(k.oddities))
	}
}
