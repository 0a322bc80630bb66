package directory

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"time"

	"hookgate/auth/signature"
	"hookgate/gateway"
	"hookgate/gateway/fields"
	"hookgate/gateway/mapping"
	"hookgate/gateway/respond"
	"hookgate/metrics"
)

// Source is one source, compiled.
type Source struct {
	ID       string
	Tenant   *Tenant
	Meta     gateway.Meta
	Spec     gateway.Source
	Enabled  bool     // and its tenant is too; if not, nothing below need be set
	Refused  bool     // it was stored, but does not compile any more
	Allowed  Networks // who may call, before anything is verified
	Verifier *signature.Verifier
	Shakes   *signature.Handshake // answers its own handshake; nil for none
	Each     string               // where the callbacks of one request are; "": it is one
	CORS     *CORS                // which web pages may call; nil: none
	Plan     *mapping.SourcePlan  // where the key, the delivery id and the values are
	Allow    string               // the methods, as the header Allow lists them
	MaxBody  int                  // bytes
	Mapping  mapping.Bounds       // of its rules, and of those that a wait brings
	EarlyTTL time.Duration        // how long a callback is parked; 0: not at all
	EarlyMax int                  // parked at once
	Again    bool                 // park after an ended wait too
	Window   time.Duration        // for which a taken callback is known again
	Form     mapping.Form         // how a body is read
	Unwrap   *mapping.Unwrap      // what is taken out of it; nil: nothing
	KeyHeads []string             // the header fields that may carry the key
	Keyless  bool                 // a callback without a key is ignored
	Pin      int                  // the status for every answer that may have it; 0: its own
	Answers  *respond.Answers     // in the words of its senders; nil: none
	Rate     *gateway.Rate        // nil: no limit
	Metrics  *metrics.Source
	methods  []string
}

// methods that a source can take, for the edge lets them pass, and that a webhook
// can have.
var methods = []string{
	http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions,
}

// sourceMethods are those of a source that lists none: what senders of callbacks use.
var sourceMethods = []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch}

// Takes says whether the source takes a method.
func (s *Source) Takes(method []byte) bool {
	for _, m := range s.methods {
		if m == string(method) {
			return true
		}
	}
	return false
}

// CompileSource checks a source and makes it ready to run; Tenant.With gives it
// its tenant.
func CompileSource(meta gateway.Meta, spec gateway.Source, o Options) (*Source, []gateway.Fault) {
	var f faults
	if !gateway.IsName(meta.ID) {
		f.add("id", "%s", badName)
	}
	s := &Source{
		ID: meta.ID, Meta: meta, Spec: spec, Again: spec.Early.Again, Pin: spec.Respond.Status, Rate: spec.RateLimit,
		MaxBody: maxBody(spec.MaxBody, o.MaxBody, &f), EarlyMax: f.count("early.max", spec.Early.Max, DefaultEarlyMax, MaxEarlyMax, "; to park nothing set early.ttl to 0"),
		EarlyTTL: f.span("early.ttl", spec.Early.TTL, DefaultEarlyTTL, 0, MaxEarlyTTL),
		Window:   f.span("dedupe.window", spec.Dedupe.Window, DefaultDedupeWindow, MinDedupeWindow, gateway.MaxMarkAge),
		methods:  compileMethods(spec.Methods, sourceMethods, &f), CORS: compileCORS(spec.CORS, &f),
	}
	s.Mapping = o.variables("variables_max", spec.VariablesMax, &f)
	s.Mapping.Variables = min(s.Mapping.Variables, s.MaxBody)
	s.Allow = strings.Join(s.methods, ", ")
	s.Answers = compileRespond(&spec.Respond, respond.Pinnable(), o, &f)
	checkRate("rate_limit", spec.RateLimit, &f)
	id := spec.Dedupe.ID
	if s.Verifier = compileVerify(spec.Verify, s.MaxBody, o, &f); s.Verifier != nil {
		own := s.Verifier.DeliveryID()
		if id != "" && id != own && s.Verifier.OnlyDeliveryID() {
			f.add("dedupe.id", "must be %s, or left out: it is all that this provider signs", own)
		}
	}
	s.compileNoKey(&f)
	s.Form = compileForm(spec.Body, &f)
	s.Unwrap = compileUnwrap(spec.Unwrap, spec.Verify.Type, ownID(id, s.Verifier), s.Mapping, &f)
	s.Allowed, s.Shakes = compileNetworks(spec.AllowIPs, &f), compileHandshake(spec.Handshake, &f)
	s.Each = eachOf(spec.Each, s.Verifier, pathsOf(&spec))
	whom := mapping.Whom{Key: spec.ConversationKey, Aliases: spec.AliasesFrom}
	plan, more := compilePlan(whom, id, s.Verifier, s.Each, spec.Match, spec.Variables, s.Mapping)
	if s.Plan = plan; len(more) > 0 {
		f = append(f, more...)
	}
	if len(f) > 0 {
		return nil, f
	}
	return s, nil
}

// compileVerify compiles how who calls is proved, of bodies of up to maxBody bytes.
func compileVerify(v gateway.Verify, maxBody int, o Options, f *faults) *signature.Verifier {
	if v.Type == "" {
		f.add("verify.type", "is missing: say who may call; write {type: none} if everybody may")
		return nil
	}
	if v.Tolerance != nil && *v.Tolerance <= 0 {
		f.add("verify.tolerance", "must be above 0")
	}
	if v.Signed.List != nil && v.Type != signature.ListsSigned {
		f.add("verify.signed", "is a list, which only type %s reads: write one text", signature.ListsSigned)
	}
	c := verifyConfig(v)
	c.Certificates, c.KeySets, c.MaxBody = o.Certificates, o.KeySets, maxBody
	if v.JWKSURL != "" && o.CheckURL != nil {
		if err := o.CheckURL(v.JWKSURL, false); err != nil {
			f.add("verify.jwks_url", "%v", err)
		}
	}
	verifier, more := signature.Compile(c)
	f.signature("verify", more)
	return verifier
}

// verifyConfig is what an operator wrote, for the package that knows the types.
func verifyConfig(v gateway.Verify) signature.Config {
	c := signature.Config{
		Type: v.Type, In: v.In, Name: v.Name, Secrets: reveal(v.Secrets), Username: v.Username, Password: v.Password.Reveal(),
		Header: v.Header, Algorithm: v.Algorithm, Encoding: v.Encoding, Prefix: v.Prefix, Signed: cmp.Or(v.Signed.Text, strings.Join(v.Signed.List, " ")),
		TimestampHeader: v.TimestampHeader, TimestampUnit: v.TimestampUnit, HeaderFormat: v.Format, VerifyToken: v.VerifyToken.Reveal(),
		CA: v.CA, Names: v.Names, Fingerprints: v.Fingerprints,
		TopicARN: v.TopicARN, PublicKey: v.PublicKey, ApplicationKey: v.ApplicationKey, AllowedOrigins: v.AllowedOrigins,
		Key: v.Key, CheckSource: v.CheckSource, APIKey: v.APIKey, VerificationToken: v.VerificationToken.Reveal(),
		TokenConfig: tokenConfig(v.TokenVerify),
	}
	for _, t := range v.Tokens {
		c.Tokens = append(c.Tokens, signature.Token{Key: t.Key, Secret: t.Secret.Reveal()})
	}
	if v.Tolerance != nil {
		c.Tolerance = time.Duration(*v.Tolerance)
	}
	return c
}

// signature takes over faults of the package of that name, which knows no
// others of ours.
func (f *faults) signature(place string, more []signature.Fault) {
	for _, fault := range more {
		f.add(place+"."+fault.Field, "%s%s", fault.Message, fields.Meant(fault.Word, fault.Words))
	}
}

// Trial gives what the sender of the source would add to a message: see signature.Trial.
func (s *Source) Trial(m signature.Message) (header, query [][2]string, ok bool) {
	return signature.Trial(verifyConfig(s.Spec.Verify), m)
}

func reveal(secrets []gateway.Secret) []string {
	plain := make([]string, len(secrets))
	for i, s := range secrets {
		plain[i] = s.Reveal()
	}
	return plain
}

func compileMethods(list, unlisted []string, f *faults) []string {
	if len(list) == 0 {
		return unlisted
	}
	if len(list) > len(methods) {
		f.add("methods", "has %d: at most %d", len(list), len(methods))
		return nil
	}
	for i, m := range list {
		switch {
		case !slices.Contains(methods, m):
			f.add(fields.Index("methods", i), "is %q: must be one of %s", m, strings.Join(methods, ", "))
		case slices.Contains(list[:i], m):
			f.add(fields.Index("methods", i), "is there twice")
		}
	}
	return slices.Clone(list)
}

func maxBody(size *gateway.Size, unset gateway.Size, f *faults) int {
	if size == nil {
		return int(unset)
	}
	if *size < 1 || *size > MaxSourceBody {
		f.add("max_body", "is %d: must be 1 to %d bytes", *size, MaxSourceBody)
	}
	return int(*size)
}
