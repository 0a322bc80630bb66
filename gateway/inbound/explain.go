package inbound

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/valyala/fasthttp"

	"hookgate/auth/signature"
	"hookgate/gateway"
	"hookgate/gateway/directory"
	"hookgate/gateway/edge"
	"hookgate/gateway/limits"
	"hookgate/gateway/mapping"
	"hookgate/gateway/requests"
	"hookgate/gateway/waiting"
)

// Looker says what would become of a callback, and changes nothing.
type Looker interface {
	Look(c *waiting.Callback, wait string) (waiting.Looked, error)
}

// Explain runs a request through today's configuration, or through its source as edited is
// (nil: as it is in force), and says what would become of it. Nothing changes: it counts against no rate, no failure of a sender is counted, and
// the store is only read. Who asks with what does not verify as often as senders may fail
// must rest: else secrets could be guessed here.
func (in *Inbound) Explain(q *requests.Question, edited *directory.Source) (requests.Explained, error) {
	x, err := in.explaining(q, edited)
	if err != nil {
		return requests.Explained{}, err
	}
	defer x.close()
	asker := limits.Key{Tenant: q.Tenant, Part: q.Source + " " + q.By} // no id has a space
	if again := in.askers.Over(asker, netip.Addr{}, x.at); again > 0 {
		return requests.Explained{}, &gateway.Error{
			Code: gateway.CodeRateLimited, Message: "too many requests that do not verify were explained for this token", RetryAfter: again,
		}
	}
	x.run()
	if x.cause.Step == requests.Verify || x.answer.Refused() {
		in.askers.Count(asker, netip.Addr{}, x.at)
	}
	if x.err != nil && x.taken.Outcome == "" {
		return requests.Explained{}, x.err
	}
	return x.explained(), nil
}

// Hints finds words that need the rules of the source, for a request that was kept.
func (in *Inbound) Hints(k *requests.Kept) requests.Hints {
	if !wordless(k) || k.Cut() {
		return requests.Hints{}
	}
	q := k.Question()
	q.Wait = k.WaitID
	x, err := in.explaining(q, nil)
	if err != nil {
		return requests.Hints{}
	}
	defer x.close()
	if x.understand() || x.find() {
		return x.hints()
	}
	if h := x.hints(); k.Outcome != gateway.OutcomeIgnored || h.Match != "" && !x.first.Fits {
		return h
	}
	return requests.Hints{Match: "it fits by today's match: that was changed since"}
}

// wordless says whether what decided is told in the words of rules.
func wordless(k *requests.Kept) bool {
	switch k.Outcome {
	case gateway.OutcomeIgnored, gateway.OutcomeKeyMissing, gateway.OutcomeVariableMissing:
		return len(k.Batch) == 0
	}
	return false
}

// explaining is a request that is only looked at.
type explaining struct {
	*request
	q        *requests.Question
	first    waiting.Looked // of the first callback
	looked   bool
	unjudged requests.Step // from here on nobody knows; None: all was judged
	why      string
}

func (in *Inbound) explaining(q *requests.Question, edited *directory.Source) (*explaining, error) {
	s := in.options.Directory.Current()
	t := s.Tenant(q.Tenant)
	if t == nil || t.Source(q.Source) == nil {
		return nil, gateway.Errorf(gateway.CodeNotFound, "no such source")
	}
	src := cmp.Or(edited, t.Source(q.Source))
	if !src.Enabled {
		return nil, gateway.Errorf(gateway.CodeNotFound, "the source is switched off, or does not compile any more: whatever is sent to it is answered 404")
	}
	path, _, _ := strings.Cut(q.Path, "?")
	rest, below := strings.CutPrefix(path, "/hooks/"+t.ID+"/"+src.ID)
	key, fits := keyIn(rest)
	if !below || !fits {
		return nil, gateway.Invalid([]gateway.Fault{{Path: "path", Message: "is none of this source: it begins with /hooks/" + t.ID + "/" + src.ID}})
	}
	r := newRequest(in)
	r.begin(edge.Again(requestOf(q), q.Peer, q.Secure), []byte(t.ID), []byte(src.ID), key)
	r.src, r.received, r.hidden = src, q.Body, q.Hidden
	r.proof.Body, r.proof.Now, r.proof.Method = q.Body, q.At, r.caller.Method()
	r.proof.Client = func() netip.Addr { return q.Client }
	return &explaining{request: r, q: q}, nil
}

// keyIn reads what stands behind the source in a path: nothing, or the key.
func keyIn(rest string) (key []byte, fits bool) {
	rest = strings.TrimSuffix(rest, "/")
	switch {
	case rest == "":
		return nil, true
	case rest[0] != '/' || strings.Contains(rest[1:], "/"):
		return nil, false
	}
	return edge.Unescape([]byte(rest[1:])), true
}

// requestOf writes the request anew. What frames a body is of its own connection.
func requestOf(q *requests.Question) *fasthttp.Request {
	r := &fasthttp.Request{}
	r.Header.SetMethod(q.Method)
	r.Header.SetRequestURI(q.Path)
	for _, field := range q.Header {
		switch strings.ToLower(field[0]) {
		case "content-length", "transfer-encoding", "connection":
		default:
			r.Header.Add(field[0], field[1])
		}
	}
	r.SetBodyRaw(q.Body)
	return r
}

func (x *explaining) close() { x.end() }

// run goes the way of a callback up to the step that decides.
func (x *explaining) run() {
	for _, step := range []func() bool{x.sized, x.fromWhere, x.asks, x.verified, x.understand, x.find} {
		if step() {
			return
		}
	}
}

func (x *explaining) ends(o gateway.Outcome, at int) bool {
	x.taken.Outcome, x.ended = o, at
	return true
}

func (x *explaining) sized() bool {
	if max(x.q.BodyBytes, int64(len(x.q.Body))) > int64(x.src.MaxBody) {
		return x.ends(gateway.OutcomeTooLarge, atAccept)
	}
	return false
}

func (x *explaining) fromWhere() bool {
	if x.src.Allowed == nil {
		return false
	}
	if !x.q.Client.IsValid() {
		return false // nobody says whence it would come
	}
	if !x.src.Allowed.Refuses(x.q.Client) || edge.OnlyLooks(x.proof.Method) {
		return false
	}
	telling{x.request}.blame(errAddress)
	return x.ends(gateway.OutcomeUnauthenticated, atAuthenticate)
}

// asks says whether it is a question and no callback, or of a method that is not taken.
func (x *explaining) asks() bool {
	if !x.q.Cut() {
		for _, answer := range []func(*signature.Request) (signature.Answer, bool){x.src.Shakes.Answer, x.src.Verifier.Handshake} {
			var is bool
			if x.answer, is = answer(&x.proof); is {
				return x.ends(gateway.OutcomeHandshake, atAuthenticate)
			}
		}
	}
	switch {
	case edge.OnlyLooks(x.proof.Method):
		return x.ends(gateway.OutcomeHandshake, atAuthenticate)
	case !x.src.Takes(x.ctx.Method()):
		return x.ends(gateway.OutcomeNotAllowed, atAuthenticate)
	}
	return false
}

// verified says whether nobody knows who calls, or nobody can say.
func (x *explaining) verified() bool {
	v := x.src.Verifier
	switch {
	case v.ReadsPeer():
		x.unjudged, x.why = requests.Verify, "the certificate that the client showed is not kept"
		return true
	case x.q.Cut() && (v.ReadsBody() || x.q.CutHead):
		x.unjudged, x.why = requests.Verify, x.cut()
		return true
	}
	if err := (proving{x.request}).proved(); err != nil {
		telling{x.request}.blame(err)
		if signature.IsUnavailable(err) {
			return x.ends(gateway.OutcomeUnavailable, atAuthenticate)
		}
		return x.ends(gateway.OutcomeUnauthenticated, atAuthenticate)
	}
	if x.q.Cut() {
		x.unjudged, x.why = requests.Body, x.cut()
		return true
	}
	return false
}

func (x *explaining) cut() string {
	if x.q.CutHead {
		return "not all of its header fields are kept"
	}
	return fmt.Sprintf("only the first %d bytes of the body are kept", len(x.q.Body))
}

// understand reads the body, and all that paths find in it.
func (x *explaining) understand() bool {
	if x.parse() {
		x.ended = atParse
		return true
	}
	if x.extract() {
		x.ended = atExtract
		return true
	}
	return false
}

// find says what would be made of the callbacks.
func (x *explaining) find() bool {
	looker, can := x.in.options.Taker.(Looker)
	if !can {
		x.err = gateway.Errorf(gateway.CodeNotImplemented, "nobody can look")
		return true
	}
	x.ended = atExtract + 1
	if x.batch == nil {
		x.first, x.err = looker.Look(&x.callback, x.q.Wait)
		x.looked, x.taken = x.err == nil, x.first.Taken
		return x.err != nil
	}
	for i := range x.batch.ones {
		one, err := looker.Look(&x.batch.ones[i].Callback, "")
		if err != nil {
			x.err = err
			return true
		}
		if x.batch.ones[i].Became = one.Taken; i == 0 {
			x.first, x.looked, x.taken = one, true, one.Taken
		}
	}
	return false
}

// hints are the words of rules.
func (x *explaining) hints() (h requests.Hints) {
	if x.first.Lacks != "" {
		h.Variables = x.explain(x.first.Lacks)
	}
	switch {
	case x.first.NoMatch != "":
		h.Match = x.explain(x.first.NoMatch)
	case x.first.Match != "":
		h.Match = "it fits " + x.first.Match
	}
	h.Key = "no conversation key was found, where it is looked for: " + places(x.src.Spec.ConversationKey)
	if form := x.explain(""); form != "" {
		h.Key += "; " + strings.TrimPrefix(form, "no conversation key was found: ")
	}
	return h
}

// places names where the key is looked for.
func places(p gateway.KeyPlace) string {
	var all []string
	for _, one := range p.All() {
		switch in := cmp.Or(one.In, mapping.InBody); in {
		case mapping.InPath:
			all = append(all, "the path of the URL behind the source")
		default:
			all = append(all, in+" "+cmp.Or(one.Path, "conversation_key"))
		}
	}
	return strings.Join(all, ", ")
}

// explained is what a run found out.
func (x *explaining) explained() requests.Explained {
	k := x.kept()
	e := requests.Explained{Hints: x.hints(), Key: k.Key, CallbackID: k.CallbackID, WaitID: k.WaitID, Callbacks: k.Batch}
	if x.looked {
		e.Match, e.Branch = x.first.Match, x.first.Branch
		if x.first.Fits {
			e.Variables = slices.Clone(x.first.Variables)
		}
	}
	if x.unjudged != requests.None {
		e.Checks = k.Unjudged(x.unjudged, x.why)
		return e
	}
	e.Outcome, e.Status, e.Checks = k.Outcome, k.Status, k.Checks(e.Hints)
	return e
}

// kept is the request as it would be kept.
func (x *explaining) kept() *requests.Kept {
	record := requests.Record{}
	telling{x.request}.tell(&record)
	k := &requests.Kept{
		Method: x.q.Method, Client: x.q.Client, Body: x.q.Body, BodyBytes: max(x.q.BodyBytes, int64(len(x.q.Body))), Outcome: x.taken.Outcome,
		Status: x.statusOf(), Cause: record.Cause, Key: record.Key, CallbackID: record.CallbackID, WaitID: record.WaitID,
	}
	for _, field := range x.q.Header {
		k.Head = append(k.Head, field[0]+": "+field[1]+"\r\n"...)
	}
	for i := range record.Batch {
		k.Batch = append(k.Batch, record.One(i))
	}
	return k
}

// statusOf is the status that the sender would be answered.
func (x *explaining) statusOf() int {
	o := x.taken.Outcome
	if x.answer.Status != 0 {
		return x.answer.Status
	}
	own, pinnable := cmp.Or(x.status, o.Status()), o.Pinnable()
	if x.batch != nil {
		own, pinnable = x.batch.status()
	}
	if pinnable {
		return x.src.Answers.Pin(o, own)
	}
	return own
}
