package console

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// deliveryPage is one event, or a batch, for one endpoint.
type delivery struct {
	ID        string     `json:"id"`
	Tenant    string     `json:"tenant"`
	Endpoint  string     `json:"endpoint"`
	EventIDs  []string   `json:"event_ids"`
	EventType string     `json:"event_type"`
	Key       *string    `json:"conversation_key"`
	State     string     `json:"state"`
	Attempts  []attempt  `json:"attempts"`
	Next      *time.Time `json:"next_attempt_at"`
	CreatedAt *time.Time `json:"created_at"`
	EndedAt   *time.Time `json:"ended_at"`

	Due      *time.Time `json:"-"` // when it is tried next, as its endpoint stands
	WaitsFor string     `json:"-"` // without which it is not; "": nothing
}

// HasPage says whether it is for an endpoint: the platform's own, and those of routes, have no page.
func (d *delivery) HasPage() bool { return !strings.HasPrefix(d.Endpoint, "_") }

type attempt struct {
	Number          int               `json:"number"`
	At              *time.Time        `json:"at"`
	DurationMS      float64           `json:"duration_ms"`
	Status          *int              `json:"status"`
	Error           *string           `json:"error"`
	Detail          *string           `json:"detail"`
	Address         *string           `json:"address"`
	RequestHeaders  map[string]string `json:"request_headers"`
	ResponseHeaders map[string]string `json:"response_headers"`
	ResponseBody    string            `json:"response_body"`
}

// shownAttempt is an attempt with the page that shows it.
type shownAttempt struct {
	attempt
	v *view
}

// Answer is the answer's body, as far as it may be seen.
func (a shownAttempt) Answer() shownBody {
	return bodyShown(a.v, "answer-"+strconv.Itoa(a.Number), json.RawMessage(textOf(a.v, a.ResponseBody)), "", "", "")
}

// Word is how it went.
func (a *attempt) Word() string { return attemptWord(a.Error) }

// attemptWord is how an attempt went. Its error alone tells: what was pulled and
// acknowledged went well, and has no status.
func attemptWord(err *string) string {
	if err == nil {
		return "ok"
	}
	return "failed"
}

// Last is how the last attempt went: its status, or its class of error; "ok" where neither
// is there.
func (d *delivery) Last() string {
	if len(d.Attempts) == 0 {
		return "–"
	}
	a := &d.Attempts[len(d.Attempts)-1]
	if a.Status != nil && *a.Status > 0 {
		return strconv.Itoa(*a.Status)
	}
	return or(a.Error, a.Word())
}

// waitsFor says what a delivery whose time has come still waits for, as its endpoint stands;
// "": for nothing but its turn. A breaker is not named here: it has its moment, see due.
func (d *delivery) waitsFor(e *endpoint, now time.Time) string {
	if d.Ended() || d.Next != nil && d.Next.After(now) {
		return ""
	}
	if word := e.Word(); word == "paused" || word == "disabled" || word == "unverified" {
		return word
	}
	if e.Mode == "pull" {
		return "when pulled"
	}
	return ""
}

// behindBreaker says whether it is tried when the breaker of its endpoint lets, and not
// after a pause of its own. The two moments were told one after the other.
func (d *delivery) behindBreaker(e *endpoint) bool {
	b := e.Breaker
	return b != nil && b.State == "open" && b.OpenUntil != nil && d.Next.Before(b.OpenUntil.Add(time.Second))
}

// due is when it is tried next, as its endpoint stands.
func (d *delivery) due(e *endpoint, now time.Time) *time.Time {
	if d.Ended() || d.Next == nil {
		return nil
	}
	at := *d.Next
	if b := e.Breaker; b != nil && b.State == "open" && b.OpenUntil != nil && b.OpenUntil.After(at) {
		at = *b.OpenUntil
	}
	if at.Before(now) {
		at = now
	}
	return &at
}

// stand finds out when the deliveries of a list are tried next. Each endpoint is looked at
// once, and so many at most; the others' deliveries are due when their own pause ends.
func stand(v *view, rows []delivery) {
	const most = 20
	known := map[string]*endpoint{}
	for i := range rows {
		d := &rows[i]
		d.Due = d.due(&endpoint{}, v.now)
		if d.Ended() {
			continue
		}
		e, looked := known[d.Endpoint]
		if !looked && len(known) < most {
			if e = new(endpoint); v.get(v.of("endpoints", d.Endpoint), nil, e) != nil {
				e = nil // a lane that is no endpoint, or one that was deleted
			}
			known[d.Endpoint] = e
		}
		if e != nil {
			d.Due, d.WaitsFor = d.due(e, v.now), d.waitsFor(e, v.now)
		}
	}
}

// Ended says whether no attempt is to come.
func (d *delivery) Ended() bool { return d.State != "pending" && d.State != "retrying" }

var deliveryStates = []string{"pending", "retrying", "succeeded", "dead", "cancelled"}

func deliveryFilters() []filter {
	return []filter{
		{Name: "state", Label: "State", Words: deliveryStates}, {Name: "endpoint", Label: "Endpoint", among: "endpoints"}, {Name: "event_type", Label: "Event type"},
		{Name: "conversation_key", Label: "Conversation"}, {Name: "since", Label: "Since"}, {Name: "until", Label: "Until"},
	}
}

// deliveriesPage lists what goes to endpoints.
func deliveriesPage(v *view) error {
	return deliveriesOf(v, "deliveries", "Deliveries")
}

// deadLettersPage lists those deliveries whose attempts are spent, and no others: no filter
// there is of the state, for "any" would change nothing.
func deadLettersPage(v *view) error {
	v.query.Set("state", "dead")
	return deliveriesOf(v, "deliveries", "Dead letters")
}

func deliveriesOf(v *view, path, title string) error {
	filters, dead := deliveryFilters(), title == "Dead letters"
	filters[0].Hidden = dead
	rows, shown, err := listOf[delivery](v, asksFor{path: v.of(path), filters: filters})
	if err != nil {
		return err
	}
	stand(v, rows)
	shown.Kept = keptOf(v, keptDeliveries)
	if shown.Dead = dead; shown.Dead {
		shown.More, shown.Kept = groupsOf(v), keptOf(v, keptDead)
	}
	shown.Make = curl(v, http.MethodPost, v.of("events"), `{"events": [{"event": {"type": "message"}, "conversation": {"key": "chat-1"}}]}`)
	if shown.Sel != "" {
		shown.Detail = detailOf(v, shown.Sel, nil)
	}
	v.show("deliveries", title, shown)
	return nil
}

// deliveryShown is one delivery with why it waits and what is to come.
type deliveryShown struct {
	delivery
	Why       []string
	Ahead     []ahead
	CanRetry  bool
	CanCancel bool
	URL       string
	Curl      string
	Compared  *compared // nil: no two attempts are asked for
}

// lookAhead is one attempt that is to come.
type ahead struct {
	Number int
	At     time.Time
	About  bool // a part of its pause is random
}

func deliveryOf(v *view, id string) (*deliveryShown, error) {
	d := &deliveryShown{}
	if err := v.get(v.of("deliveries", id), nil, &d.delivery); err != nil {
		return nil, err
	}
	d.URL, d.Curl = v.at("deliveries", id), curl(v, http.MethodGet, v.of("deliveries", id), nil)
	d.CanRetry = d.State != "pending" && v.may(http.MethodPost, v.of("deliveries", id, "retry"))
	d.CanCancel = !d.Ended() && v.may(http.MethodPost, v.of("deliveries", id, "cancel"))
	if !d.Ended() {
		lookAhead(v, d)
	}
	return d, nil
}

// deliveryPage shows one delivery.
func deliveryPage(v *view) error {
	d, err := deliveryOf(v, v.id)
	if err != nil {
		return err
	}
	d.Compared = d.besides(v)
	v.show("delivery", v.id, d)
	return nil
}

// lookAhead says why a delivery waits, and when it will be tried, as its endpoint stands now.
func lookAhead(v *view, d *deliveryShown) {
	var e endpoint
	d.Due = d.due(&e, v.now)
	if v.get(v.of("endpoints", d.Endpoint), nil, &e) != nil {
		return
	}
	d.Due, d.WaitsFor = d.due(&e, v.now), d.waitsFor(&e, v.now)
	d.Why = e.holds(v.now)
	if d.WaitsFor != "" && e.Mode == "pull" {
		again := ""
		if len(d.Attempts) > 0 {
			again = " again"
		}
		d.Why = append(d.Why, "nobody has pulled it"+again+": POST /v1"+v.of("endpoints", d.Endpoint, "pull")+" lends it")
	}
	if d.Next != nil && d.Next.After(v.now) && len(d.Attempts) > 0 && !d.behindBreaker(&e) {
		d.Why = append(d.Why, "the pause after attempt "+strconv.Itoa(d.Attempts[len(d.Attempts)-1].Number))
	}
	if e.Ordered && len(d.Attempts) == 0 && d.Key != nil {
		d.Why = append(d.Why, "order: it goes behind what came before it in conversation "+*d.Key)
	}
	if d.Due == nil || d.WaitsFor != "" {
		return // nobody knows when
	}
	n, at := len(d.Attempts)+1, *d.Due
	if last := len(d.Attempts); last > 0 {
		n = d.Attempts[last-1].Number + 1
	}
	d.Ahead = append(d.Ahead, ahead{n, at, false})
	for len(d.Ahead) < 10 {
		pause, more := e.Retry.pause(n)
		if !more {
			break
		}
		n, at = n+1, at.Add(pause)
		d.Ahead = append(d.Ahead, ahead{n, at, true})
	}
}

// retrySchedule is how often an endpoint is tried.
type retrySchedule struct {
	Schedule    []duration `json:"schedule"`
	Initial     duration   `json:"initial"`
	Max         duration   `json:"max"`
	Multiplier  *float64   `json:"multiplier"`
	MaxAttempts *int       `json:"max_attempts"`
}

// pause gives the rest after the n-th attempt; false where there is no further one.
func (r *retrySchedule) pause(n int) (time.Duration, bool) {
	if r == nil {
		return 0, false
	}
	if r.Initial == 0 {
		if n > len(r.Schedule) || r.MaxAttempts != nil && n >= *r.MaxAttempts {
			return 0, false
		}
		return time.Duration(r.Schedule[n-1]), true
	}
	if r.MaxAttempts != nil && n >= *r.MaxAttempts {
		return 0, false
	}
	pause, factor := float64(r.Initial), 2.0
	if r.Multiplier != nil {
		factor = *r.Multiplier
	}
	for range n - 1 {
		pause = min(pause*factor, float64(max(r.Max, r.Initial)))
	}
	return time.Duration(pause), true
}

var retryDelivery = deed{
	verb: "Retry",
	asks: func(v *view) (string, error) {
		d, err := deliveryOf(v, v.id)
		if err != nil {
			return "", err
		}
		return fmt.Sprintf("Send this 1 delivery to %s again, now? It is %s after %d attempts.", d.Endpoint, d.State, len(d.Attempts)), nil
	},
	do: func(v *view, _ url.Values) (said, error) {
		_, err := v.ask(request{method: http.MethodPost, path: v.of("deliveries", v.id, "retry")}, nil)
		return said{Text: "It is due again, now:", Name: v.id, URL: v.at("deliveries", v.id)}, err
	},
}

var cancelDelivery = deed{
	verb: "Cancel",
	asks: func(v *view) (string, error) {
		return "Cancel this 1 delivery? It is not tried again; its endpoint will not get it.", nil
	},
	do: func(v *view, _ url.Values) (said, error) {
		_, err := v.ask(request{method: http.MethodPost, path: v.of("deliveries", v.id, "cancel")}, nil)
		return said{Text: "It was cancelled:", Name: v.id, URL: v.at("deliveries", v.id)}, err
	},
}

// duration reads a time as the API writes it: "30s", "14h", "7d", or seconds.
type duration time.Duration

// UnmarshalJSON reads it.
func (d *duration) UnmarshalJSON(raw []byte) error {
	var text string
	if json.Unmarshal(raw, &text) != nil {
		var seconds float64
		err := json.Unmarshal(raw, &seconds)
		*d = duration(seconds * float64(time.Second))
		return err
	}
	if days, is := cutSuffixNumber(text, "d"); is {
		*d = duration(days * float64(24*time.Hour))
		return nil
	}
	if text == "" {
		return nil
	}
	parsed, err := time.ParseDuration(text)
	*d = duration(parsed)
	return err
}

func cutSuffixNumber(text, suffix string) (n float64, is bool) {
	if len(text) <= len(suffix) || text[len(text)-len(suffix):] != suffix {
		return 0, false
	}
	n, err := strconv.ParseFloat(text[:len(text)-len(suffix)], 64)
	return n, err == nil
}

func (d duration) String() string { return span(time.Duration(d)) }
