package console

import "encoding/json"

// toldShown is the page of one callback, or of one call: whole, as the API tells it.
type toldShown struct {
	Kind, ID string
	Outcome  string
	Key      string
	Raw      json.RawMessage // without its body
	Body     shownBody
	Mapped   []mapped // from the body, by today's rules
	Curl     string
}

// callbackPage shows one callback.
func callbackPage(v *view) error { return told(v, "Callback", "callbacks") }

// callPage shows one call.
func callPage(v *view) error { return told(v, "Call", "calls") }

func told(v *view, kind, path string) error {
	shown := toldShown{Kind: kind, ID: v.id, Curl: curl(v, "GET", v.of(path, v.id), nil)}
	if err := v.get(v.of(path, v.id), nil, &shown.Raw); err != nil {
		return err
	}
	var known struct {
		Outcome *string `json:"outcome"`
		Key     *string `json:"conversation_key"`
	}
	if err := json.Unmarshal(shown.Raw, &known); err != nil {
		return err
	}
	shown.Outcome, shown.Key = or(known.Outcome, ""), or(known.Key, "")
	shown.Raw, shown.Body, shown.Mapped = toldWhole(v, shown.Raw)
	v.show("told", v.id, shown)
	return nil
}

// toldWhole is what the API tells, and the body in it apart: of a callback, or of the answer
// of a call.
func toldWhole(v *view, raw json.RawMessage) (rest json.RawMessage, body shownBody, how []mapped) {
	plain, err := objectOf(raw)
	if err != nil {
		return nil, body, nil
	}
	o, err := objectOf(toldOf(v, raw))
	if err != nil {
		return nil, body, nil
	}
	var id string
	kind := "sources"
	if json.Unmarshal(o.at("source"), &id) != nil {
		kind = "webhooks"
		_ = json.Unmarshal(o.at("webhook"), &id) // of neither: nothing can be made of it
	}
	body = bodyShown(v, "body", o.at("body"), kind, id, "")
	o.drop("body")
	if rest, err = o.MarshalJSON(); err != nil {
		return nil, body, nil
	}
	var match string
	_ = json.Unmarshal(plain.at("match"), &match) // it has none
	return rest, body, howMapped(v, kind, id, match, plain.at("body"))
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
