package audit

import (
	"sync"
	"time"

	"hookgate/auth"
	"hookgate/gateway"
)

// Refusal is an attempt that was refused.
type Refusal struct {
	By     auth.Principal // the zero one: nobody knows who
	Client string         // the address that it came from
	Reason gateway.Code
	Object string // what it was about, as the path says

	// Of a deed that was done, and is folded as refusals are.
	action Action
	tenant string // that it is about
}

// folded is a deed that is counted with others.
func folded(d Deed) Refusal {
	r := Refusal{By: d.By, Object: d.Object, action: d.Action, tenant: d.Tenant}
	if d.By.Asking != nil {
		r.Client = d.By.Asking.Client
	}
	return r
}

// Refusals of one client, for one reason, within a minute are one line.
type fold struct {
	Refusal // the first of them
	first   time.Time
	count   int
}

// foldKey is what refusals have in common that are folded. A client is an address, or one
// of many that are told together.
type foldKey struct {
	client, token, tenant string
	reason                gateway.Code
	// Of deeds, which are of a token whatever its client.
	action      Action
	name, about string
}

func (r *Refusal) key() foldKey {
	if r.action != "" {
		return foldKey{token: r.By.TokenID, tenant: r.By.Tenant, action: r.action, name: r.By.Name, about: r.tenant}
	}
	return foldKey{client: r.Client, token: r.By.TokenID, tenant: r.By.Tenant, reason: r.Reason}
}

const (
	// foldEvery is how long refusals are gathered.
	foldEvery = time.Minute
	// mostFolds is how many clients and reasons are told apart in that time. Whoever comes
	// from a thousand addresses is one, "others".
	mostFolds = 64
	// mostDeeds is the same of tokens and their deeds.
	mostDeeds = 1024
	// others is the client of all that are not told apart.
	others = "others"
	// maxObject is how much of a path that a stranger wrote is kept, in bytes.
	maxObject = 128
)

// folds gathers what is folded. Nothing runs while there are none.
type folds struct {
	most   int // that are told apart
	mu     sync.Mutex
	of     map[foldKey]*fold
	timer  *time.Timer
	closed bool
	flush  func()
}

// Refused counts an attempt that was refused. It costs no I/O: a line is written within
// a minute, and a process that is killed has lost those of that minute.
func (l *Log) Refused(r Refusal) {
	if len(r.Object) > maxObject {
		r.Object = r.Object[:maxObject]
	}
	l.folds.add(r, l.now(), 1)
}

// has says whether such as r are gathered now.
func (f *folds) has(r Refusal) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.of[r.key()] != nil
}

// add gathers n of r; none of it only has those that follow gathered.
func (f *folds) add(r Refusal, at time.Time, n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return
	}
	f.count(r, at, n)
	if f.timer == nil {
		f.timer = time.AfterFunc(foldEvery, f.flush)
	}
}

func (f *folds) count(r Refusal, at time.Time, n int) {
	if f.of == nil {
		f.of = map[foldKey]*fold{}
	}
	key := r.key()
	one := f.of[key]
	if one == nil && len(f.of) >= f.most {
		if n == 0 {
			return
		}
		r = Refusal{Client: others, Reason: r.Reason, action: r.action}
		key = r.key()
		one = f.of[key]
	}
	if one == nil {
		one = &fold{Refusal: r}
		f.of[key] = one
	}
	if one.count == 0 {
		one.Refusal, one.first = r, at
	}
	one.count += n
}

// take gives what was gathered, and begins anew.
func (f *folds) take() (all []*fold) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, one := range f.of {
		if one.count > 0 {
			all = append(all, one)
		}
	}
	f.of, f.timer = nil, nil
	return all
}

// back gathers again what could not be written, and tries later.
func (f *folds) back(all []*fold) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, one := range all {
		f.count(one.Refusal, one.first, one.count)
	}
	if f.timer == nil && !f.closed && len(all) > 0 {
		f.timer = time.AfterFunc(foldEvery, f.flush)
	}
}

// flush writes the lines of what was gathered. Strangers have a budget like a tenant, and
// what is over it is gathered on: a flood for weeks fills no disk.
func (l *Log) flush(of *folds) {
	var lines []gateway.AuditLine
	var written, left []*fold
	for _, one := range of.take() {
		line, root, shown := one.line(), "", []string(nil)
		if one.By.Tenant != "" {
			root, shown = l.rootOf(one.By.Tenant), l.shownTo(line.Tenant, "")
		}
		stored := l.seal(&line, shown)
		if _, ok := l.budget.take(root, len(stored.Value), l.now(), one.action != "" && one.action != SignIn); !ok {
			left = append(left, one)
			continue
		}
		lines, written = append(lines, stored), append(written, one)
	}
	if len(lines) > 0 {
		if err := l.store.PutAudited(lines); err != nil {
			l.log.Warn("what is told together is not in the audit yet", "error", err)
			left = append(left, written...)
		}
	}
	of.back(left)
}

func (f *fold) line() Line {
	line := Line{
		Actor: actorOf(f.By), Client: f.Client, Action: Refuse, Object: f.Object, Tenant: f.By.Tenant,
		Outcome: OutcomeRefused, Count: f.count, Reason: string(f.Reason), FirstAt: gateway.At(f.first),
	}
	if f.action != "" {
		line.Action, line.Tenant, line.Outcome = f.action, f.tenant, OutcomeDone
	}
	if f.By.Scope == "" {
		line.Actor.Kind = KindToken // one that nobody knows
	}
	if f.By.Asking != nil && f.count == 1 {
		line.RequestID = f.By.Asking.RequestID
	}
	return line
}

// Close writes what was gathered; nothing is gathered after it.
func (l *Log) Close() {
	for _, f := range []*folds{&l.folds, &l.deeds} {
		f.mu.Lock()
		f.closed = true
		if f.timer != nil {
			f.timer.Stop()
		}
		f.mu.Unlock()
		l.flush(f)
	}
}
