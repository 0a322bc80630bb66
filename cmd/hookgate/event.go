package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/tidwall/gjson"

	"hookgate/gateway"
	"hookgate/gateway/client"
)

func newEventCommand() *cobra.Command {
	r := &running{}
	cmd := &cobra.Command{
		Use:     "event",
		Short:   "Publish and see events",
		Long:    "Publish and see events: what happened in conversations, for the endpoints of a tenant.",
		Example: "  hookgate event list --tenant acme --since 1h",
		Args:    cobra.NoArgs,
		RunE:    help,
	}
	r.reads(cmd)
	r.ofTenant(cmd)
	cmd.AddCommand(newListAndGet(r, "event")...)
	cmd.AddCommand(newEventPublish(r))
	return cmd
}

func newEventPublish(r *running) *cobra.Command {
	var file, sample, key, keyOfSample string
	cmd := &cobra.Command{
		Use:   "publish",
		Short: "Publish events",
		Long: `Publish the events of a file, or of standard input: one event, a list of them, or the
body of the API's own call. They carry an Idempotency-Key, and are published once however
often the connection breaks; --idempotency-key sets it, for a script that may come again.

--sample TYPE publishes a made-up event of a type, as message.created or message/text.
Without --tenant the tenant of each event is found by its account.`,
		Example: `  hookgate event publish --tenant acme --sample message/text
  hookgate event publish --tenant acme -f events.json`,
		Args: cobra.NoArgs,
		RunE: r.ask(func(a *question) error {
			if (file == "") == (sample == "") {
				return usagef("set one of --file and --sample")
			}
			body := sampleEvents(sample, keyOfSample)
			if file != "" {
				text, err := readJSON(a.cmd, file)
				if err != nil {
					return err
				}
				if body, err = publishBody(text); err != nil {
					return fmt.Errorf("%s: %w", file, err)
				}
			}
			request := client.Publish{Key: key}.Request(a.tenant)
			request.Body = body
			text, err := client.Ask[json.RawMessage](a.ctx, a.Client, request)
			if err != nil {
				return err
			}
			return a.published(text)
		}),
	}
	flags := cmd.Flags()
	flags.StringVarP(&file, "file", "f", "", "a file of JSON; - is standard input")
	flags.StringVar(&sample, "sample", "", "a made-up event of this type")
	flags.StringVar(&keyOfSample, "conversation", "chat-42", "the conversation key of the made-up event")
	flags.StringVar(&key, "idempotency-key", "", "the Idempotency-Key (default made up)")
	return cmd
}

// publishBody makes the body of the API's call of what somebody wrote.
func publishBody(text json.RawMessage) (json.RawMessage, error) {
	v := gjson.ParseBytes(text)
	switch {
	case v.IsArray():
		return bytes.Join([][]byte{[]byte(`{"events":`), text, []byte("}")}, nil), nil
	case v.Get("events").IsArray():
		return text, nil
	case v.Get("event").IsObject():
		return bytes.Join([][]byte{[]byte(`{"events":[`), text, []byte("]}")}, nil), nil
	}
	return nil, errors.New("an event is an object with a member event; several are a list")
}

// sampleEvents is a made-up event, as the test of an endpoint sends it.
func sampleEvents(typ, key string) json.RawMessage {
	kind, is := cutMessage(typ)
	if is {
		typ = "message"
	}
	one := gateway.SampleEvent(typ, kind, key, time.Now())
	return bytes.Join([][]byte{[]byte(`{"events":[`), one, []byte("]}")}, nil)
}

// cutMessage gives the kind of message/text.
func cutMessage(typ string) (kind string, is bool) {
	if kind, is = strings.CutPrefix(typ, "message/"); !is || !gateway.IsEventType(kind) {
		return "", false
	}
	return kind, true
}

// published says what became of events.
func (a *question) published(text json.RawMessage) error {
	if a.json {
		a.document(text)
		return nil
	}
	var rows [][]string
	columns := []column{{"EVENT", "id", nil}, {"DELIVERIES", "deliveries", nil}, {"REPEATED", "duplicate", func(_ *screen, v gjson.Result) string {
		if v.Bool() {
			return "yes"
		}
		return "-"
	}}}
	gjson.GetBytes(text, "events").ForEach(func(_, one gjson.Result) bool {
		rows = append(rows, a.row(columns, json.RawMessage(one.Raw)))
		return true
	})
	a.table(columns, rows)
	return nil
}
