package console

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// endpointPage is where a tenant wants events delivered, and how that stands.
type endpoint struct {
	ID                string         `json:"id"`
	ManagedBy         string         `json:"managed_by"`
	URL               string         `json:"url"`
	Mode              string         `json:"mode"`
	Enabled           *bool          `json:"enabled"`
	EventTypes        []string       `json:"event_types"`
	Ordered           bool           `json:"ordered"`
	Verified          bool           `json:"verified"`
	VerificationError *string        `json:"verification_error"`
	Paused            bool           `json:"paused"`
	DisabledReason    *string        `json:"disabled_reason"`
	QueueDepth        int            `json:"queue_depth"`
	OldSecretsUntil   *time.Time     `json:"old_secrets_until"`
	SecretSetAt       *time.Time     `json:"secret_set_at"`
	CreatedAt         *time.Time     `json:"created_at"`
	UpdatedAt         *time.Time     `json:"updated_at"`
	Secret            string         `json:"secret"`
	Breaker           *breakerShown  `json:"breaker"`
	Retry             *retrySchedule `json:"retry"`
	Sign              *struct {
		Type string `json:"type"`
	} `json:"sign"`

	Figures *figures `json:"-"`
}

// breakerShown is the circuit breaker of an endpoint, or of a webhook.
type breakerShown struct {
	State     string     `json:"state"`
	OpenUntil *time.Time `json:"open_until"`
	Failures  *int       `json:"failures"`
	LastProbe *probe     `json:"last_probe"`
}

// Word is how it stands, the worst first.
func (e *endpoint) Word() string {
	switch {
	case e.DisabledReason != nil || e.Enabled != nil && !*e.Enabled:
		return "disabled"
	case !e.Verified:
		return "unverified"
	case e.Paused:
		return "paused"
	case e.Breaker != nil && e.Breaker.State != "closed":
		return e.Breaker.State
	}
	return "enabled"
}

// Broken says whether it is its breaker that holds back what waits for it: that goes out by
// itself when the breaker closes.
func (e *endpoint) Broken() bool { return e.Word() == "open" || e.Word() == "half_open" }

// OwnSecret says whether the configuration file has the secret by which it signs.
func (e *endpoint) OwnSecret() bool {
	return e.ManagedBy == "file" && e.Sign != nil && e.Sign.Type != "none"
}

// Rotates says whether its secret can be rotated: it has one, and the API may write it.
func (e *endpoint) Rotates() bool {
	return e.ManagedBy != "file" && e.Sign != nil && e.Sign.Type != "none"
}

// Types says what it listens to.
func (e *endpoint) Types() string {
	if len(e.EventTypes) == 0 || slices.Contains(e.EventTypes, "*") {
		return "all"
	}
	return strings.Join(e.EventTypes, ", ")
}

// holds says why it is sent nothing now; empty: it is.
func (e *endpoint) holds(now time.Time) (why []string) {
	if e.DisabledReason != nil {
		why = append(why, "the endpoint is disabled: "+*e.DisabledReason)
	} else if e.Enabled != nil && !*e.Enabled {
		why = append(why, "the endpoint is switched off")
	}
	if !e.Verified {
		why = append(why, "the endpoint has not proved that it knows its token: "+or(e.VerificationError, "no handshake yet"))
	}
	if e.Paused {
		why = append(why, "the endpoint is paused")
	}
	if b := e.Breaker; b != nil && b.State == "open" {
		text := "the breaker is open"
		if b.OpenUntil != nil {
			text += " until " + b.OpenUntil.UTC().Format("15:04:05") + " UTC (" + relative(now.Sub(*b.OpenUntil)) + ")"
		}
		why = append(why, text)
	} else if b != nil && b.State == "half_open" {
		why = append(why, "the breaker is half open: a few deliveries are let through, to see whether the endpoint is back")
	}
	return why
}

// endpointsPage lists them.
func endpointsPage(v *view) error {
	rows, shown, err := listOf[endpoint](v, asksFor{path: v.of("endpoints")})
	if err != nil {
		return err
	}
	for i := range rows {
		rows[i].Figures = lately(v, "endpoint", rows[i].ID, i)
	}
	shown.Kept = keptOf(v, keptUntilDeleted)
	shown.Make = curl(v, http.MethodPut, v.of("endpoints", "crm"), `{"url": "https://crm.example.com/hook", "event_types": ["*"]}`)
	shown.New = newIf(v, "endpoints")
	v.show("endpoints", "Endpoints", shown)
	return nil
}

// endpointShown is the page of one endpoint.
type endpointShown struct {
	*endpoint
	Why     []string
	Newest  []delivery
	Error   *lastError // nil: of what was looked at, nothing failed
	MayAct  bool
	MayEdit bool
	Curl    string
}

// endpointPage shows one, with what it gets.
func endpointPage(v *view) error {
	var e endpoint
	if err := v.get(v.of("endpoints", v.id), nil, &e); err != nil {
		return err
	}
	e.Figures, _ = statsOf(v, v.of("stats"), 24*time.Hour, url.Values{"endpoint": {v.id}})
	shown := endpointShown{endpoint: &e, Why: e.holds(v.now), Curl: curl(v, http.MethodGet, v.of("endpoints", v.id), nil), MayAct: v.may(http.MethodPost, v.of("endpoints", v.id, "pause")), MayEdit: v.session.Portal == nil && v.may(http.MethodPut, v.of("endpoints", v.id))}
	shown.Newest = deliveriesTo(v, v.id, "")
	shown.Error = lastErrorOf(shown.Newest, deliveriesTo(v, v.id, "retrying"), deliveriesTo(v, v.id, "dead"))
	v.show("endpoint", v.id, shown)
	return nil
}

// deliveriesTo gives the newest deliveries to an endpoint, of any state where none is given; none
// where they may not be seen.
func deliveriesTo(v *view, endpoint, state string) []delivery {
	query := url.Values{"endpoint": {endpoint}, "limit": {"20"}}
	if state != "" {
		query.Set("state", state)
	}
	var list struct {
		Data []delivery `json:"data"`
	}
	if v.get(v.of("deliveries"), query, &list) != nil {
		return nil
	}
	return list.Data
}

// lastError is the newest attempt that failed, among those of some deliveries.
type lastError struct {
	attempt
	Delivery string
	Well     *time.Time // when one that came later went well; nil: none did
}

// Answer is its status, and what class of error it is.
func (e *lastError) Answer() string {
	text := or(e.Error, e.Word())
	if e.Status != nil && *e.Status > 0 {
		text = strconv.Itoa(*e.Status) + ", " + text
	}
	return text
}

// lastErrorOf finds it. The newest deliveries alone do not tell: they may be without an attempt,
// behind those that fail.
func lastErrorOf(lists ...[]delivery) *lastError {
	var last *lastError
	var well *time.Time
	for _, list := range lists {
		for i := range list {
			for _, a := range list[i].Attempts {
				switch {
				case a.At == nil:
				case a.Error == nil:
					if well == nil || a.At.After(*well) {
						well = a.At
					}
				case last == nil || a.At.After(*last.At):
					last = &lastError{attempt: a, Delivery: list[i].ID}
				}
			}
		}
	}
	if last != nil && well != nil && well.After(*last.At) {
		last.Well = well
	}
	return last
}

// steer is a deed to an endpoint that needs nothing but to be asked for.
func steer(verb, path, question, done string) deed {
	return deed{
		verb: verb,
		asks: func(v *view) (string, error) { return fmt.Sprintf(question, v.id), nil },
		do: func(v *view, _ url.Values) (said, error) {
			_, err := v.ask(request{method: http.MethodPost, path: v.of("endpoints", v.id, path)}, nil)
			return said{Text: done, Name: v.id, URL: v.at("endpoints", v.id)}, err
		},
	}
}

var (
	pauseEndpoint  = steer("Pause", "pause", "Pause %s? Nothing is sent to this 1 endpoint until it is resumed; what comes for it is kept.", "The endpoint is paused:")
	resumeEndpoint = steer("Resume", "resume", "Resume %s? What was kept for this 1 endpoint is sent now.", "The endpoint is sent to again:")
	closeBreaker   = steer("Close breaker", "close-breaker", "Close the breaker of %s? Its deliveries go on, one at first, to this 1 endpoint.", "The breaker is closed:")
	verifyEndpoint = steer("Verify", "verify", "Verify %s? The handshake is made at once, with this 1 endpoint.", "The handshake was made:")
)

// rotated is the page that shows a new secret, this once.
type rotated struct {
	Endpoint, Secret, URL string
}

// rotate gives an endpoint a new signing secret, and shows it. It asks as other deeds do;
// but what happened cannot be told by the next page: nothing keeps the secret until then.
func rotate(v *view) error {
	d := steer("Rotate", "", "Rotate the signing secret of %s? This 1 endpoint has 24 hours to take the new one; both sign until then.", "")
	var made endpoint
	d.do = func(v *view, _ url.Values) (said, error) {
		_, err := v.ask(request{method: http.MethodPost, path: v.of("endpoints", v.id, "rotate-secret")}, &made)
		return said{Text: "It signs with a new secret:", Name: v.id, URL: v.at("endpoints", v.id)}, err
	}
	if err := act(d)(v); err != nil || made.Secret == "" {
		return err
	}
	v.ctx.Response.Header.Del("Location")
	v.ctx.Response.Header.DelAllCookies()
	v.show("secret", "The new secret", rotated{v.id, made.Secret, v.at("endpoints", v.id)})
	return nil
}
