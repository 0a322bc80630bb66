package kills

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"hookgate/gateway/gatewaytest/program"
	"hookgate/gateway/gatewaytest/promises"
)

// plotNames publishes events that tell names of the conversation: one or several in
// one request, under an Idempotency-Key or not, once or at once by several.
func (p *plot) plotNames(number int) {
	rng := p.rng
	var events, told []string
	for i := range 1 + rng.IntN(3) {
		name := p.names[1+rng.IntN(len(p.names)-1)]
		payload := fmt.Sprintf(`"type":"note","payload":{"external_key":%q}`, name)
		if rng.IntN(2) == 0 {
			payload = variablesOf("conversation_create", "https://app.example/conversations/"+name)
		}
		events = append(events, fmt.Sprintf(`{"n":"%s/%d.%d","event":{%s},"conversation":{"key":%q}}`, p.talk.Name, number, i, payload, p.names[0]))
		told = append(told, name)
	}
	body := []byte(`{"events":[` + strings.Join(events, ",") + `]}`)
	var fields []string
	if rng.IntN(2) == 0 {
		fields = []string{fmt.Sprintf("Idempotency-Key: names of %s/%d", p.talk.Name, number)}
	}
	times, stubborn := p.again(3)
	for range times {
		p.at(func(ctx context.Context) { p.tell(ctx, body, told, fields, stubborn) })
	}
}

func (p *plot) tell(ctx context.Context, body []byte, told, fields []string, stubborn bool) {
	p.ask(ctx, stubborn, "name", func(ctx context.Context, g *program.Program) (program.Answer, error) {
		return g.Admin().Do(ctx, http.MethodPost, "/v1/tenants/"+p.tenant+"/events", body, fields...)
	}, func(span promises.Span, answer program.Answer) {
		span.Lost = span.Lost || answer.Status != http.StatusAccepted
		p.history.Learned(p.talk, &promises.Named{Span: span, Names: told})
	})
}

// mostNamed is how many conversations a look at names asks for.
const mostNamed = 100

// readNames asks, for some of these conversations, for what happened under each name
// that was learned: it must be what happened under their keys.
func (k *killer) readNames(talks []string) {
	k.t.Helper()
	asked := 0
	for _, name := range talks {
		talk := k.history.Of(name)
		names := k.history.Acknowledged(talk)
		if len(names) == 0 {
			continue
		}
		if asked++; asked > mostNamed {
			return
		}
		want := k.timeline(name)
		for _, alias := range names {
			if got := k.timeline(alias); !slices.Equal(got, want) {
				k.history.Unnamed(talk, alias)
			}
		}
	}
}

// timeline gives the ids of what happened in the conversation that has a name.
func (k *killer) timeline(name string) (ids []string) {
	k.t.Helper()
	var page struct {
		Data []struct {
			ID   string `json:"id"`
			Kind string `json:"kind"`
		} `json:"data"`
	}
	k.get("conversations/"+name, &page)
	for _, line := range page.Data {
		if slices.Contains([]string{"callback", "event", "wait"}, line.Kind) { // none of which comes while the load is held back
			ids = append(ids, line.ID)
		}
	}
	return ids
}
