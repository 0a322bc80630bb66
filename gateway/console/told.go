package console

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// toldShown is the page of one callback, or of one call: whole, as the API tells it.
type toldShown struct {
	Kind, ID string
	Whole    toldWhole
	Curl     string
}

// callbackPage shows one callback.
func callbackPage(v *view) error { return told(v, "Callback", "callbacks") }

// callPage shows one call.
func callPage(v *view) error { return told(v, "Call", "calls") }

func told(v *view, kind, path string) error {
	shown := toldShown{Kind: kind, ID: v.id, Curl: curl(v, "GET", v.of(path, v.id), nil)}
	var raw json.RawMessage
	if err := v.get(v.of(path, v.id), nil, &raw); err != nil {
		return err
	}
	shown.Whole = wholeOf(v, raw)
	v.show("told", v.id, shown)
	return nil
}

// toldWhole is what the API tells of a callback, or of a call.
type toldWhole struct {
	Facts  []toldFact
	Raw    json.RawMessage // what is no fact, nor its body
	Body   shownBody       // of a callback, or of the answer of a call
	Mapped []mapped        // from the body, by today's rules
}

// toldFact is one fact of it.
type toldFact struct {
	Label, Text, URL string
	Badge            bool       // it is a state
	At               *time.Time // it is a moment
}

// wholeOf takes apart what the API tells.
func wholeOf(v *view, raw json.RawMessage) (whole toldWhole) {
	plain, err := objectOf(raw)
	if err != nil {
		return whole
	}
	o, err := objectOf(toldOf(v, raw))
	if err != nil {
		return whole
	}
	var id string
	kind := "sources"
	if json.Unmarshal(o.at("source"), &id) != nil {
		kind = "webhooks"
		_ = json.Unmarshal(o.at("webhook"), &id) // of neither: nothing can be made of it
	}
	whole.Body = bodyShown(v, "body", o.at("body"), kind, id, "")
	o.drop("body")
	whole.Facts = factsOf(v, o)
	*o = slices.DeleteFunc(*o, func(p pair) bool { return p.inner == nil && string(p.value) == "null" })
	if len(*o) > 0 {
		whole.Raw, _ = o.MarshalJSON() // it was JSON when it was read
	}
	var match string
	_ = json.Unmarshal(plain.at("match"), &match) // it has none
	whole.Mapped = howMapped(v, kind, id, match, plain.at("body"))
	return whole
}

// factsOf takes the facts out of what the API tells.
func factsOf(v *view, o *object) (facts []toldFact) {
	add := func(name, label string, to func(text string) toldFact) {
		var text string
		raw := o.at(name)
		if json.Unmarshal(raw, &text) != nil {
			text = string(raw) // a number
		}
		if o.drop(name); len(raw) == 0 || string(raw) == "null" || text == "" {
			return
		}
		f := toldFact{Text: text}
		if to != nil {
			f = to(text)
		}
		f.Label = label
		facts = append(facts, f)
	}
	of := func(parts ...string) func(text string) toldFact {
		return func(text string) toldFact {
			f := toldFact{Text: text}
			if v.may(http.MethodGet, v.of(append(parts, text)...)) {
				f.URL = v.at(append(parts, text)...)
			}
			return f
		}
	}
	moment := func(text string) toldFact {
		at, err := time.Parse(time.RFC3339, text)
		if err != nil {
			return toldFact{Text: text}
		}
		return toldFact{At: &at}
	}
	add("outcome", "Outcome", func(text string) toldFact { return toldFact{Text: text, Badge: true} })
	add("reason", "Why", func(text string) toldFact { return toldFact{Text: stateOf(text).Word} })
	add("detail", "In words", nil)
	add("status", "Status", nil)
	add("branch", "Branch", func(text string) toldFact { return toldFact{Text: text, Badge: true} })
	add("match", "Fits", nil)
	add("source", "Source", of("sources"))
	add("webhook", "Webhook", of("webhooks"))
	add("conversation_key", "Conversation", of("conversations"))
	add("wait_id", "Wait", of("waits"))
	add("request_id", "Request, with its checks", of("requests"))
	add("received_at", "Came", moment)
	add("parked_until", "Parking ends", moment)
	add("created_at", "Made", moment)
	add("ended_at", "Ended", moment)
	add("attempts", "Attempts", nil)
	add("duration_ms", "Took", func(text string) toldFact {
		ms, _ := strconv.ParseFloat(text, 64)
		return toldFact{Text: took(ms)}
	})
	for _, known := range []string{"id", "tenant"} {
		o.drop(known)
	}
	return facts
}

// toldOf hides in what the API tells what is to be hidden: places are those of the body, and
// of the variables.
func toldOf(v *view, raw json.RawMessage) json.RawMessage {
	var members map[string]json.RawMessage
	if json.Unmarshal(raw, &members) != nil {
		return bodyOf(v, raw)
	}
	if part, is := members["variables"]; is {
		kind, id := "sources", ""
		if json.Unmarshal(members["source"], &id) != nil {
			kind, id = "webhooks", ""
			_ = json.Unmarshal(members["webhook"], &id) // of neither: nobody knows where they came from
		}
		members["variables"] = mappedOf(v, kind, id, part)
	}
	for _, name := range []string{"wait", "callback"} {
		if part, is := members[name]; is && string(part) != "null" {
			members[name] = toldOf(v, part)
		}
	}
	for _, name := range []string{"body", "context", "responses", "attributes", "answer", "request"} {
		if part, is := members[name]; is && string(part) != "null" {
			members[name] = bodyOf(v, part)
		}
	}
	text, err := json.Marshal(members)
	if err != nil {
		return bodyOf(v, raw)
	}
	return v.c.redact.JSON(text)
}
