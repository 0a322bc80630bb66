package waiting

import (
	"time"

	"hookgate/gateway"
	"hookgate/gateway/mapping"
)

// One is a callback that came with others in one request, and what became of it.
type One struct {
	Callback
	Became Taken
	Err    error // why it has no outcome; what is taken is taken all the same
}

// TakeAll takes the callbacks of one request, all of one source, in their order. What it
// answers for any of them is durable when it returns: so many as mostAtOnce share one
// commit. admit is asked before one is taken that is no repeat, and gives how long the
// sender must rest when it is one too many; nil: all may.
//
// What a repeat of the request can change (an Err, or OutcomeRateLimited) stops those
// that follow in the same conversation: they must not overtake it.
func (s *Sessions) TakeAll(all []One, admit func() (again time.Duration)) {
	if len(all) == 0 {
		return
	}
	tenant := all[0].Source.Tenant
	if !tenant.Life.Enter() {
		failAll(all, errGone)
		return
	}
	defer tenant.Life.Leave()
	r, err := s.rooms.get(tenant.ID)
	if err != nil {
		failAll(all, err)
		return
	}
	b := &batch{sessions: s, room: r, source: all[0].Source.ID, admit: admit, stopped: map[string]*One{}}
	defer b.end()
	for len(all) > 0 && err == nil {
		var n int
		n, err = b.take(all[:min(len(all), mostAtOnce)])
		all = all[n:]
	}
	if err != nil {
		failAll(all, err)
	}
}

// How many callbacks of one request are decided with one commit: enough to share an fsync
// well, few enough that their conversations do not wait long for the turn.
const (
	mostAtOnce = 256
	mostWeight = 1 << 20 // bytes of what is decided: a small body can have each of them map all of it
)

func failAll(all []One, err error) {
	for i := range all {
		all[i].Err = err
	}
}

// batch is one TakeAll on its way. It has one turn on all names and marks of what it
// takes at once, so that nobody waits for a turn while holding another. What it has
// decided and not stored yet counts for those that follow as if it were stored.
type batch struct {
	sessions *Sessions
	room     *room
	source   string
	admit    func() time.Duration
	stopped  map[string]*One // by each name of the conversation: what those that follow become, too

	turn    turn
	of      map[string][]string // the names of each key's conversation
	pending []*taking
	marks   map[gateway.MarkKey]gateway.Mark
	ended   map[name]gateway.Ended
	ending  map[*session]bool

	own    *mapping.Program // rules that were read last
	values *mapping.Values  // with them
}

// take takes the first of some callbacks with one commit, and says how many. An error is
// of that, and of all of them. One that tells names which are news takes the turn of who
// changes names, and a commit of its own.
func (b *batch) take(some []One) (int, error) {
	n, alone, err := b.together(some)
	if err == nil && alone {
		b.alone(&some[n])
		n++
	}
	return n, err
}

func (b *batch) alone(one *One) {
	k := newTaking(b.sessions, &one.Callback)
	k.admit = b.admit
	defer k.free()
	defer k.leave()
	b.one(k, one, wayOfTake)
}

// together takes callbacks up to one that has to be taken alone, or until they weigh enough.
func (b *batch) together(some []One) (n int, alone bool, err error) {
	if err := b.enter(some); err != nil {
		return 0, false, err
	}
	defer b.room.release(&b.turn)
	end, err := mapping.Several(some[0].Source.Tenant.Tree(), len(some), 0)
	if err != nil {
		return 0, false, errManyItems
	}
	defer end()
	b.pending = b.pending[:0]
	b.marks, b.ended, b.ending = map[gateway.MarkKey]gateway.Mark{}, map[name]gateway.Ended{}, map[*session]bool{}
	takings := make([]*taking, 0, len(some))
	for weight := 0; n < len(some) && weight < mostWeight && !alone; {
		k := newTaking(b.sessions, &some[n].Callback)
		k.batch, k.room, k.admit = b, b.room, b.admit
		takings = append(takings, k)
		b.one(k, &some[n], wayOfOne)
		if alone = k.alone; !alone {
			weight += weightOf(k)
			n++
		}
	}
	end()
	err = b.commit()
	for i, k := range takings {
		if err != nil && promises(k) {
			some[i].Became, some[i].Err = Taken{}, err
		}
		k.free()
	}
	return n, alone, err
}

var errManyItems = gateway.Unavailable("so many callbacks of the tenant are being looked at", time.Second)

// weightOf is how many bytes are kept of what was decided until it is stored.
func weightOf(k *taking) int {
	n := len(k.variables) + len(k.Taken.Body)
	if k.change.Park != nil {
		n += len(k.change.Park.Around)
	}
	return n
}

// wayOfOne is the steps by which a callback of a batch finds its wait, in order.
var wayOfOne = []func(*taking) done{
	findAmong, (*taking).replay, admitted, (*taking).keyless, (*taking).resume, (*taking).early, (*taking).late, (*taking).park,
}

// one decides what becomes of a callback.
func (b *batch) one(k *taking, one *One, way []func(*taking) done) {
	if before := b.stopped[k.Key]; before != nil && k.Key != "" {
		one.Became, one.Err = Taken{Outcome: before.Became.Outcome, CallbackID: k.Taken.ID, RetryAfter: before.Became.RetryAfter}, before.Err
		return
	}
	for _, step := range way {
		if step(k) {
			break
		}
	}
	one.Became, one.Err = k.taken, k.err
	if k.err != nil || k.taken.Outcome == gateway.OutcomeRateLimited {
		b.stop(k.Key, one)
	}
}

func (b *batch) stop(key string, one *One) {
	b.stopped[key] = one
	for _, other := range b.of[key] {
		b.stopped[other] = one
	}
}

// put notes what is to be stored of a callback, for those that follow too.
func (b *batch) put(k *taking) {
	b.pending = append(b.pending, k)
	for _, mark := range k.change.Marks {
		b.marks[mark.Key] = mark
	}
	final := k.change.Wait
	if final == nil {
		return
	}
	b.ending[k.session] = true
	for _, n := range k.session.names {
		b.ended[n] = gateway.Ended{WaitID: final.ID, State: final.State, Reason: final.Reason, EndedAt: final.EndedAt}
	}
}

// commit makes all that was decided durable, and tells the registry. That nothing but
// lines of refused callbacks was lost is no error.
func (b *batch) commit() error {
	changes := make([]*gateway.Change, 0, len(b.pending))
	promised := false
	for _, k := range b.pending {
		changes = append(changes, &k.change)
		promised = promised || promises(k)
	}
	if len(changes) == 0 {
		return nil
	}
	err := b.sessions.options.Ledger.Commit(changes...)
	if promised {
		b.sessions.journal.failed(b.room.tenant, err)
	}
	for _, k := range b.pending {
		k.settle(err)
	}
	if !promised {
		return nil
	}
	return err
}

// promises says whether what was decided is more than a line of the timeline.
func promises(k *taking) bool {
	return k.change.Wait != nil || k.change.Park != nil || k.change.Notice != nil || len(k.change.Marks) > 0
}

// admitted asks whether one more may be taken now. A repeat is answered all the same.
func admitted(k *taking) done {
	if k.admit == nil {
		return false
	}
	if !k.Strong && k.session == nil {
		if m, found, err := known(k, k.Mark, k.Source.Window); found && !k.loops(&m) || err != nil {
			return k.fail(err)
		}
	}
	if k.taken.RetryAfter = k.admit(); k.taken.RetryAfter > 0 {
		return k.ends(gateway.OutcomeRateLimited)
	}
	return false
}

// lastEnded tells of a wait of a callback's conversation that ends by one before it.
func (b *batch) lastEnded(k *taking) (last gateway.Ended, found bool) {
	for _, n := range k.at() {
		if e, ends := b.ended[n]; ends && (!found || later(e, last)) {
			last, found = e, true
		}
	}
	return last, found
}

// reread reads one callback of the batch with paths that its source does not have. Many
// have one flow's, and then the body around them is read once.
func (b *batch) reread(own *mapping.Program, from *Received, variables []byte) verdict {
	if b.own != own {
		b.forget()
		b.own, b.values = own, values.Get().(*mapping.Values) //nolint:forcetypeassert // the pool holds nothing else
		own.Set.ReadAfter(from.Document, b.values, from.Values)
	}
	from.at(b.values)
	return decide(&own.Rules, b.values, variables)
}

func (b *batch) forget() {
	if b.values != nil {
		b.values.Release()
		values.Put(b.values)
	}
	b.own, b.values = nil, nil
}

// end gives back what the batch had.
func (b *batch) end() { b.forget() }
