package directory

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"hookgate/auth/signature"
	"hookgate/gateway"
	"hookgate/gateway/fields"
	"hookgate/gateway/mapping"
	"hookgate/gateway/secure"
	"hookgate/metrics"
	"hookgate/retry"
	"hookgate/retry/breaker"
)

// Webhook is one webhook, compiled.
type Webhook struct {
	ID      string
	Tenant  *Tenant
	Meta    gateway.Meta
	Spec    gateway.Webhook
	Enabled bool // its tenant is; if not, nothing below need be set
	Refused bool // it was stored, but does not compile any more

	Profile string
	Method  string
	// Templates is what url, query, headers and body look up in the body of the
	// request for a call, as it was written.
	Templates *mapping.Set
	URL       *mapping.Template
	Query     []TemplateField // as they were written
	Fields    []TemplateField // its own headers, as they were written
	Headers   []Header        // its auth, and the tenant's where nothing of its own has the name
	Own       []Header        // Headers without the tenant's; exported for fmt to mask, as only exported members are
	Body      *mapping.Body   // builder: nil for none
	Extra     gateway.Raw     // campaign: the further members of the body, a JSON object; nil: none
	Token     gateway.Secret  // chatbot: goes along as the query's token

	TLS      *secure.Settings  // nil: what holds for all
	Signer   *signature.Signer // never nil
	Timeout  time.Duration     // for all of a sync call
	Async    bool
	Continue bool // a sync call goes on as an async one at its deadline
	Retry    retry.Policy
	Breaker  *breaker.Settings // nil: none
	Response *mapping.Program  // of the answer; its rules have no match
	// ReadsHeader says that variables of the answer stand in its header.
	ReadsHeader bool
	Variables   int // bytes that the variables of the answer may have, as JSON
	Metrics     *metrics.Webhook
}

// TemplateField is a header or query parameter whose value is rendered.
type TemplateField struct {
	Name  string
	Value *mapping.Template
}

// CompileWebhook checks a webhook and makes it ready to run; Tenant.WithWebhook
// gives it its tenant.
func CompileWebhook(meta gateway.Meta, spec gateway.Webhook, o Options) (*Webhook, []gateway.Fault) {
	var f faults
	if !gateway.IsName(meta.ID) {
		f.add("id", "%s", badName)
	}
	if utf8.RuneCountInString(spec.Name) > maxName || strings.ContainsFunc(spec.Name, unicode.IsControl) {
		f.add("name", "must have at most %d characters, and no control characters", maxName)
	}
	w := &Webhook{
		ID: meta.ID, Meta: meta, Spec: spec, Token: spec.Token,
		Profile: f.word("profile", spec.Profile, gateway.ProfileBuilder, gateway.ProfileChatbot, gateway.ProfileCampaign),
		Timeout: f.span("timeout", spec.Timeout, DefaultCallTimeout, MinTimeout, MaxTimeout),
		Async:   f.word("mode", spec.Mode, gateway.CallSync, gateway.CallAsync) == gateway.CallAsync,
		Retry:   compileCallRetry(spec.Retry, &f),
		Signer:  compileOwnSign(spec.Sign, nil, o, &f),
		TLS:     compileTLS(spec.TLS, spec.URL, &f),
	}
	w.Method = compileMethod(spec, w.Profile, &f)
	w.checkMembers(&f)
	if w.Continue = spec.OnTimeout == gateway.OnContinue; w.Async && w.Continue {
		f.add("on_timeout", "is for mode sync: an async call goes on anyway")
	} else if spec.OnTimeout != "" && !w.Continue {
		f.add("on_timeout", "must be %s, or empty to end the call", gateway.OnContinue)
	}
	w.Breaker = compileBreaker(spec.Breaker, &f)
	w.compileRequest(o, &f)
	bounds := o.variables("response.variables_max", spec.Response.VariablesMax, &f)
	response, more := mapping.Compile(nil, spec.Response.Variables, bounds)
	f.under("response", more)
	w.Response, w.Variables = response, bounds.Variables
	w.ReadsHeader = readsHeader(spec.Response.Variables, o, &f)
	if len(f) > 0 {
		return nil, f
	}
	return w, nil
}

// readsHeader says whether variables of an answer stand in its header. An answer has no
// query.
func readsHeader(variables []gateway.Variable, o Options, f *faults) (reads bool) {
	for i, v := range variables {
		reads = reads || strings.HasPrefix(v.Path, "header:")
		if strings.HasPrefix(v.Path, "query:") && !o.Stored {
			f.add(fields.Index("response.variables", i)+".path", "reads a query, and an answer has none: write a path into its body, or header:Name")
		}
	}
	return reads
}

// word gives one of the words, the first of which is the default.
func (f *faults) word(path, value string, words ...string) string {
	value = cmp.Or(value, words[0])
	if !slices.Contains(words, value) {
		f.add(path, "is %q: must be one of %s%s", value, strings.Join(words, ", "), fields.Meant(value, words))
		return words[0] // nothing more follows from it
	}
	return value
}

// compileMethod gives the method: of a request that is built, what was written;
// the other profiles are POST by what they are.
func compileMethod(spec gateway.Webhook, profile string, f *faults) string {
	switch {
	case profile != gateway.ProfileBuilder:
		if spec.Method != "" && spec.Method != http.MethodPost {
			f.add("method", "is %q: profile %s is always POST", spec.Method, profile)
		}
		return http.MethodPost
	case spec.Method == "" && spec.Body != nil:
		return http.MethodPost
	}
	return f.word("method", spec.Method, methods...) // the first, GET, is the default
}

// checkMembers checks what belongs to one profile alone.
func (w *Webhook) checkMembers(f *faults) {
	chatbot := w.Profile == gateway.ProfileChatbot
	switch {
	case w.Spec.StoryID == "":
	case !chatbot:
		f.add("story_id", "is for profile chatbot only")
	case utf8.RuneCountInString(w.Spec.StoryID) != storyID || strings.ContainsFunc(w.Spec.StoryID, unicode.IsControl):
		f.add("story_id", "must have exactly %d characters, none of them a control character", storyID)
	}
	switch token := w.Spec.Token.Reveal(); {
	case token == "":
	case !chatbot:
		f.add("token", "is for profile chatbot only: use auth")
	case utf8.RuneCountInString(token) > maxCallToken || !utf8.ValidString(token):
		f.add("token", "must have at most %d characters", maxCallToken)
	}
	if _, twice := w.Spec.Query.Get(tokenParam); twice && w.Spec.Token != "" {
		f.add("query."+tokenParam, "is set by token too: leave one of them out")
	}
}

// of gives the webhook as part of a tenant: with the tenant's headers, as far as
// none of its own has the name.
func (w *Webhook) of(t *Tenant) *Webhook {
	own := *w
	own.Tenant = t
	own.Enabled = !t.Disabled && !w.Refused
	own.Headers = slices.DeleteFunc(over(t.Headers, w.Own), func(h Header) bool { return hasField(w.Fields, h.Name) })
	return &own
}

func hasField(list []TemplateField, name string) bool {
	return slices.ContainsFunc(list, func(field TemplateField) bool { return strings.EqualFold(field.Name, name) })
}
