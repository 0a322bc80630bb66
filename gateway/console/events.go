package console

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"time"
)

// eventPage is what the platform published.
type event struct {
	ID         string          `json:"id"`
	Type       string          `json:"type"`
	Key        *string         `json:"conversation_key"`
	AcceptedAt *time.Time      `json:"accepted_at"`
	Body       json.RawMessage `json:"body"`
	Deliveries []sentTo        `json:"deliveries"`

	Shown  shownBody `json:"-"` // its body
	Others []notSent `json:"-"`
	URL    string    `json:"-"`
	Curl   string    `json:"-"`
}

// sentTo is an endpoint that gets an event.
type sentTo struct {
	ID       string `json:"id"`
	Endpoint string `json:"endpoint"`
	State    string `json:"state"`
}

// notSent is an endpoint that did not get an event, and why.
type notSent struct{ Endpoint, Why string }

func eventOf(v *view, id string) (*event, error) {
	e := &event{}
	if err := v.get(v.of("events", id), nil, e); err != nil {
		return nil, err
	}
	e.Body = bodyOf(v, e.Body)
	e.Shown = bodyShown(v, "body", e.Body, "", "", "")
	e.URL, e.Curl = v.at("events", id), curl(v, http.MethodGet, v.of("events", id), nil)
	return e, nil
}

// eventsPage lists them.
func eventsPage(v *view) error {
	_, shown, err := listOf[event](v, asksFor{path: v.of("events"), filters: []filter{
		{Name: "type", Label: "Type"}, {Name: "conversation_key", Label: "Conversation"}, {Name: "since", Label: "Since"}, {Name: "until", Label: "Until"},
	}})
	if err != nil {
		return err
	}
	shown.Kept = keptOf(v, keptEvents)
	shown.Make = curl(v, http.MethodPost, v.of("events"), `{"events": [{"event": {"type": "message"}, "conversation": {"key": "chat-1"}}]}`)
	if shown.Sel != "" {
		shown.Detail = detailOf(v, shown.Sel, nil)
	}
	v.show("events", "Events", shown)
	return nil
}

// eventPage shows one, with each endpoint that got it and each that did not.
func eventPage(v *view) error {
	e, err := eventOf(v, v.id)
	if err != nil {
		return err
	}
	var list struct {
		Data []endpoint `json:"data"`
	}
	if v.get(v.of("endpoints"), nil, &list) == nil {
		e.others(list.Data)
	}
	v.show("event", v.id, e)
	return nil
}

// others tells of the endpoints that did not get it, as they stand now.
func (e *event) others(all []endpoint) {
	for i := range all {
		one := &all[i]
		if slices.ContainsFunc(e.Deliveries, func(d sentTo) bool { return d.Endpoint == one.ID }) {
			continue
		}
		why := "its filter does not take it"
		switch {
		case one.CreatedAt != nil && e.AcceptedAt != nil && one.CreatedAt.After(*e.AcceptedAt):
			why = "it was made after the event"
		case one.DisabledReason != nil || one.Enabled != nil && !*one.Enabled:
			why = "it is disabled: " + or(one.DisabledReason, "switched off")
		case len(one.EventTypes) > 0 && !slices.Contains(one.EventTypes, "*") && !slices.Contains(one.EventTypes, e.Type):
			why = "its types do not have " + e.Type
		}
		e.Others = append(e.Others, notSent{one.ID, why})
	}
}

var testEndpoint = deed{
	verb: "Test",
	asks: func(v *view) (string, error) {
		return "Send a sample event to " + v.id + "? It goes to this 1 endpoint alone, signed like every other.", nil
	},
	do: func(v *view, form url.Values) (said, error) {
		var made struct {
			Delivery string `json:"delivery_id"`
		}
		body := map[string]string{}
		if word := form.Get("event_type"); word != "" {
			body["event_type"] = word
		}
		_, err := v.ask(request{method: http.MethodPost, path: v.of("endpoints", v.id, "test"), body: body}, &made)
		return said{Text: "A sample event is on its way:", Name: made.Delivery, URL: v.at("deliveries", made.Delivery)}, err
	},
}
