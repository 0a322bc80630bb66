package main

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/tidwall/gjson"

	"hookgate/gateway"
	"hookgate/gateway/client"
)

func newConversationCommand() *cobra.Command {
	r := &running{}
	var most int
	var follow bool
	cmd := &cobra.Command{
		Use:   "conversation KEY",
		Short: "Show what happened in a conversation",
		Long: `Show the timeline of a conversation, found by any of its keys, the newest last. With
--follow it goes on with what happens, until Ctrl-C.`,
		Example: "  hookgate conversation chat-42 --tenant acme",
		Args:    cobra.ExactArgs(1),
		RunE: r.askTenant(func(a *question) error {
			lines, err := a.Of(a.tenant).Conversation(a.ctx, a.args[0], most)
			if err != nil {
				return err
			}
			for _, line := range lines {
				a.happened(line)
			}
			if len(lines) == 0 && !a.json { // said beside the output, which stays empty for programs
				a.cmd.PrintErrf("Nothing is known of %s in %s: no wait, callback or event has named it, or it is too old to be kept.\n", oneLine(a.args[0]), oneLine(a.tenant))
			}
			if !follow {
				return nil
			}
			defer a.untilStopped()()
			return a.tail(client.StreamFilter{Tenant: a.tenant}, func(line client.Line) bool { return line.Kind == client.KindGap || a.among(line, lines) })
		}),
	}
	r.reads(cmd)
	r.ofTenant(cmd)
	cmd.Flags().IntVar(&most, "limit", 100, "how many lines of the past, the newest")
	cmd.Flags().BoolVar(&follow, "follow", false, "go on with what happens")
	return cmd
}

// among says whether a line of the stream is of the conversation that is followed: by the
// key, or by the id of something that is in the timeline already.
func (a *question) among(line client.Line, lines []client.Line) bool {
	if line.Key == a.args[0] {
		return true
	}
	for _, known := range lines {
		if known.ID != "" && (known.ID == line.ID || strings.Contains(string(line.Text), `"`+known.ID+`"`)) {
			return true
		}
	}
	return false
}

func newTailCommand() *cobra.Command {
	r := &running{}
	var f client.StreamFilter
	cmd := &cobra.Command{
		Use:   "tail",
		Short: "Show what happens, while it happens",
		Long: `Show each wait, callback, event, delivery, attempt, call, change of a circuit breaker
and of the configuration that the token may see, while it happens, until Ctrl-C. A
connection that breaks is made anew, and goes on where it was; where that is not possible
a line says so. --json prints one JSON a line.`,
		Example: "  hookgate tail --tenant acme --kinds wait,callback",
		Args:    cobra.NoArgs,
		RunE: r.ask(func(a *question) error {
			defer a.untilStopped()()
			f.Tenant = a.tenant
			return a.tail(f, func(client.Line) bool { return true })
		}),
	}
	r.reads(cmd)
	r.ofTenant(cmd)
	kinds := []string{"wait", "callback", "event", "delivery", "attempt", "call", "breaker", "config"}
	cmd.Flags().StringSliceVar(&f.Kinds, "kinds", nil, "some of "+strings.Join(kinds, ", "))
	completes(cmd, "kinds", words(kinds...))
	return cmd
}

// tail prints what of the stream fits, until somebody ends it.
func (a *question) tail(f client.StreamFilter, fits func(client.Line) bool) error {
	for line, err := range a.Stream(a.ctx, f) {
		if err != nil {
			return err
		}
		if fits(line) {
			a.happened(line)
		}
		if a.screen.err != nil { // who read it has gone
			return nil
		}
	}
	return nil
}

// happened prints one line of a timeline, or of the stream.
func (a *question) happened(line client.Line) {
	if a.json {
		a.line(line.Text)
		return
	}
	if line.Kind == client.KindGap {
		a.printf("%s\n", a.painted("31", "gap: what happened here is not told any more"))
		return
	}
	at := line.At.Local().Format("15:04:05.000")
	if a.utc {
		at = line.At.UTC().Format("2006-01-02T15:04:05.000Z")
	}
	var parts []string
	gjson.ParseBytes(line.Text).ForEach(func(name, value gjson.Result) bool {
		switch name.String() {
		case "at", "kind", "id", "tenant", "conversation_key", "expires_at", "ended_at":
			return true
		}
		if value.Type != gjson.Null && value.Raw != "[]" && value.Raw != "{}" {
			parts = append(parts, name.String()+"="+a.state(valueText(a.screen, value)))
		}
		return true
	})
	whose := line.Key
	switch {
	case line.Tenant != "" && line.Key != "":
		whose = line.Tenant + "/" + line.Key
	case line.Tenant != "":
		whose = line.Tenant
	}
	cells := []string{at, padded(line.Kind, 8), padded(firstOf(line.ID, "-"), idWidth)}
	if whose != "" {
		cells = append(cells, oneLine(whose))
	}
	text := strings.Join(append(cells, strings.Join(parts, " ")), gap)
	if a.width > 0 && !a.colour {
		text = cut(text, a.width)
	}
	a.printf("%s\n", text)
}

// idWidth is that of the longest id, in bytes: wait_ and a ULID.
const idWidth = len(gateway.PrefixWait) + 26

func padded(text string, width int) string {
	return text + strings.Repeat(" ", max(width-len(text), 0))
}
