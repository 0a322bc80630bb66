package audit

import (
	"cmp"
	"log/slog"
	"slices"
	"time"

	"hookgate/auth"
	"hookgate/gateway"
	"hookgate/gateway/store"
)

// Store keeps lines; storetest holds each store to it.
type Store interface {
	// PutAudited makes lines durable, with records where there are any: all or none.
	PutAudited(lines []gateway.AuditLine, records ...gateway.Record) error
	// AuditLines visits the lines that q.Tenant is shown ("": all), newest first, until
	// visit wants no more. After q.Rows it stops, and next is where to go on.
	AuditLines(q store.Query, visit func(gateway.AuditLine) (more bool)) (next string, err error)
}

// Options is what a Log needs.
type Options struct {
	Store Store
	// Above gives the tenants above one, the nearest first; none of one that is not there.
	Above func(tenant string) []string
	// Daily is how many bytes of lines the tokens of a tenant and of all in its tree may
	// have written in a day; 0 stands for DefaultDaily.
	Daily int
	// Now is the clock; nil: time.Now.
	Now func() time.Time
	Log *slog.Logger
}

// Log writes the audit, and reads it.
type Log struct {
	store  Store
	above  func(tenant string) []string
	now    func() time.Time
	log    *slog.Logger
	budget budget
	folds  folds // of refusals
	deeds  folds // of deeds that have no line of their own: see Ended, SignedIn
}

// New makes a Log. It runs nothing until somebody is refused; Close ends that.
func New(o Options) *Log {
	if o.Now == nil {
		o.Now = time.Now
	}
	l := &Log{store: o.Store, above: o.Above, now: o.Now, log: o.Log}
	l.budget = budget{most: float64(cmp.Or(o.Daily, DefaultDaily)), of: map[string]*level{}}
	l.folds = folds{most: mostFolds, flush: func() { l.flush(&l.folds) }}
	l.deeds = folds{most: mostDeeds, flush: func() { l.flush(&l.deeds) }}
	return l
}

// Deed is what somebody did, or is about to do.
type Deed struct {
	By     auth.Principal
	Action Action
	Object string // tenants/acme/endpoints/crm
	Tenant string // that it is about; "": none
	// Parent is the tenant above it, of one that is not in force yet, or moves.
	Parent  string
	Changes []Change
	More    int // changes that are not among them
}

// Line gives the line of a deed, for whoever makes both durable in one commit. Its error
// says that the tenant has had so much written that it must wait.
func (l *Log) Line(d Deed) (gateway.AuditLine, error) {
	stored := l.lineOf(d)
	if d.By.Scope != auth.Tenant {
		return stored, nil
	}
	if after, ok := l.budget.take(l.rootOf(d.By.Tenant), len(stored.Value), l.now(), false); !ok {
		return gateway.AuditLine{}, &gateway.Error{
			Code: gateway.CodeRateLimited, RetryAfter: after,
			Message: "the tokens of this tenant and of those in its tree have changed as much today as the audit keeps of one day (audit.daily)",
		}
	}
	return stored, nil
}

func (l *Log) lineOf(d Deed) gateway.AuditLine {
	line := Line{
		Actor: actorOf(d.By), Action: d.Action, Object: d.Object, Tenant: d.Tenant,
		Changes: d.Changes, More: d.More, Outcome: OutcomeDone,
	}
	if a := d.By.Asking; a != nil {
		line.Client, line.RequestID = a.Client, a.RequestID
	}
	return l.seal(&line, l.shownTo(d.Tenant, d.Parent))
}

// seal gives a line its moment and its id.
func (l *Log) seal(line *Line, shownTo []string) gateway.AuditLine {
	line.At = gateway.At(l.now())
	line.ID = gateway.NewID(gateway.PrefixAudit, line.At.Time)
	return line.encode(shownTo)
}

// Commit does something by hand: do makes the deed and its line durable in one commit, or
// neither.
func (l *Log) Commit(d Deed, do func(told gateway.AuditLine) error) error {
	line, err := l.Line(d)
	if err != nil {
		return err
	}
	return do(line)
}

// Ended is Commit of what takes a right away (a sign-out, a revocation, the deletion of a
// token or of a tenant): it is done whatever was written today. Its line is of a reserve of the day; where
// that is used up too, do is given none, and the deed is counted in one that comes later.
func (l *Log) Ended(d Deed, do func(told []gateway.AuditLine) error) error {
	line := l.lineOf(d)
	if d.By.Scope == auth.Tenant {
		if _, ok := l.budget.take(l.rootOf(d.By.Tenant), len(line.Value), l.now(), true); !ok {
			err := do(nil)
			if err == nil {
				l.deeds.add(folded(d), l.now(), 1)
			}
			return err
		}
	}
	return do([]gateway.AuditLine{line})
}

// SignedIn is Commit of a sign-in. The first of a tenant's token within a minute has its
// line; those that follow it are counted in one, and do is given none: who signs in again
// and again does not use up the day of its tree.
func (l *Log) SignedIn(d Deed, do func(told []gateway.AuditLine) error) error {
	var told []gateway.AuditLine
	again := 0
	if d.By.Scope == auth.Tenant && l.deeds.has(folded(d)) {
		again = 1
	} else {
		line, err := l.Line(d)
		if err != nil {
			return err
		}
		told = append(told, line)
	}
	if err := do(told); err != nil {
		return err
	}
	if d.By.Scope == auth.Tenant {
		l.deeds.add(folded(d), l.now(), again)
	}
	return nil
}

// Do is Commit of what is not done in the store: its line comes right after it. One that
// cannot be written is told to the log, and the deed stands.
func (l *Log) Do(d Deed, do func() error) error {
	line, err := l.Line(d)
	if err != nil {
		return err
	}
	if err := do(); err != nil {
		return err
	}
	if err := l.store.PutAudited([]gateway.AuditLine{line}); err != nil {
		l.log.Error("something was done, and the audit could not take it", "detail", string(line.Value), "error", err)
	}
	return nil
}

// Lines visits the lines that are asked for: see Store.
func (l *Log) Lines(q store.Query, visit func(gateway.AuditLine) (more bool)) (next string, err error) {
	return l.store.AuditLines(q, visit)
}

// shownTo gives the tenants that a line about a tenant is shown to.
func (l *Log) shownTo(tenant, parent string) (shown []string) {
	for _, t := range []string{tenant, parent} {
		if t == "" {
			continue
		}
		for _, one := range append([]string{t}, l.above(t)...) {
			if !slices.Contains(shown, one) {
				shown = append(shown, one)
			}
		}
	}
	return shown
}

// rootOf gives the tenant at the top of a tree: whose lines count together.
func (l *Log) rootOf(tenant string) string {
	if above := l.above(tenant); len(above) > 0 {
		return above[len(above)-1]
	}
	return tenant
}

// File is the principal of the configuration file.
var File = auth.Principal{Asking: &auth.Asking{Kind: KindFile}}

// actorOf tells who a principal is; the zero one is hookgate itself.
func actorOf(by auth.Principal) Actor {
	a := Actor{Kind: KindToken, ID: by.TokenID, Name: by.Name, Scope: string(by.Scope)}
	if by.Scope == "" {
		a.Kind = KindSystem
	}
	if by.Asking != nil && by.Asking.Kind != "" {
		a.Kind = by.Asking.Kind
	}
	return a
}
