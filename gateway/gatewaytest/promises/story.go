package promises

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"hookgate/gateway/gatewaytest"
)

// story tells the conversation's history, in order of time.
func (c *Conversation) story() string {
	type line struct {
		at   time.Time
		text string
	}
	var lines []line
	said := func(s Span, what, format string, args ...any) {
		answer := "lost"
		if !s.Lost {
			answer = fmt.Sprintf(format, args...)
		}
		lines = append(lines, line{s.Begin, fmt.Sprintf("%s +%-6s %-46s -> %s", s.Begin.UTC().Format(clock), s.End.Sub(s.Begin).Round(ms), what, answer)})
	}
	for _, o := range c.Opens {
		a := o.Ask
		said(o.Span, fmt.Sprintf("open %s %s %s key=%q %v", a.ID, a.Mode, a.Timeout, a.IdempotencyKey, a.Takes), "%d %s %s%s", o.Status, o.Code, o.ID, short(o.Wait))
	}
	for _, s := range c.Sends {
		m := s.Message
		said(s.Span, fmt.Sprintf("send %s %s id=%q %s", m.N, m.Type, m.ID, m.Key), "%d %s %s %s", s.Status, s.Outcome, s.CallbackID, s.WaitID)
	}
	for _, n := range c.Named {
		said(n.Span, fmt.Sprintf("name %v", n.Names), "learned")
	}
	for _, x := range c.Cancels {
		said(x.Span, "cancel "+x.ID, "%d", x.Status)
	}
	for _, v := range c.Views {
		if v.From != "POST" {
			said(v.Span, v.From+" "+v.ID, "%s", short(v.Wait))
		}
	}
	for _, n := range c.Notices {
		said(Span{Begin: n.At, End: n.At}, "notice "+n.WebhookID, "%s%s", n.Type, short(n.Wait))
	}
	slices.SortStableFunc(lines, func(a, b line) int { return a.at.Compare(b.at) })
	var text strings.Builder
	for _, l := range lines {
		fmt.Fprintln(&text, "   ", l.text)
	}
	return text.String()
}

const clock = "15:04:05.000"

func short(w *gatewaytest.Wait) string {
	if w == nil {
		return " -"
	}
	text := fmt.Sprintf(" %s %s..%s", w.State, w.CreatedAt.UTC().Format(clock), w.ExpiresAt.UTC().Format(clock))
	if !w.EndedAt.IsZero() {
		text += " ended " + w.EndedAt.UTC().Format(clock)
	}
	if w.Callback != nil {
		text += " by " + w.Callback.ID
	}
	return text
}
