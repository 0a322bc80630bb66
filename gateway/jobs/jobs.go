package jobs

import (
	"cmp"
	"log/slog"
	"sync"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/shares"
	"hookgate/gateway/store"
)

// Store is what jobs need of a store; storetest holds each store to it.
type Store interface {
	// MakeJob makes a job durable with the ids of the deliveries that it is about, in its
	// order, and the lines of the audit that tell of it.
	MakeJob(j *gateway.Job, deliveries []string, told ...gateway.AuditLine) error
	// PutJob writes how a job stands; durable says whether it must be on disk when it
	// returns. Of one that has ended, the deliveries are forgotten.
	PutJob(j *gateway.Job, durable bool, told ...gateway.AuditLine) error
	// Job gives a job that runs, or ended less than gateway.JobKept ago; else
	// gateway.ErrNotFound.
	Job(tenant, id string) (*gateway.Job, error)
	// JobDeliveries gives the ids of a job's deliveries from one on, at most so many and
	// one at least; else gateway.ErrNotFound.
	JobDeliveries(tenant, id string, from, most int) ([]string, error)
	// Jobs visits the jobs that are asked for, newest first: see store.Query.
	Jobs(q store.Query, visit func(*gateway.Job) (more bool)) (next string, err error)
	// RunningJobs visits every job that runs.
	RunningJobs(visit func(*gateway.Job) error) error
}

// Lanes send deliveries again.
type Lanes interface {
	// Again makes deliveries of an endpoint due now, in the order given, but for those
	// that ended after the moment before. It gives how many are due, or were since, and how
	// many are no more.
	Again(tenant, endpoint string, before time.Time, ids []string) (again, gone int, err error)
	// LaneOf tells to which endpoint a delivery goes; else gateway.ErrNotFound.
	LaneOf(tenant, delivery string) (endpoint string, err error)
}

// Options is what Jobs need.
type Options struct {
	Store Store
	Lanes Lanes
	// There says whether a lane has an endpoint; nil: each has.
	There func(tenant, endpoint string) bool
	// Rate says how many deliveries a second an endpoint takes of a job of several that says
	// nothing itself; nil: gateway.DefaultJobRate.
	Rate func(tenant, endpoint string) float64
	// Running is the budget of jobs that run, in number (SPEC 16); nil: no bound.
	Running *shares.Budget
	// Holder says who has what a tenant's jobs take of the budget; nil: the tenant.
	Holder func(tenant string) shares.Holder
	// Room refuses a tenant that has as much on the disk as it may have: a job has the ids of
	// all its deliveries there. nil: nobody does.
	Room func(tenant string) error
	// Now is the clock by which deliveries end; nil: time.Now.
	Now func() time.Time
	Log *slog.Logger // nil: nothing is logged
	// Observer is told what happens, for metrics.
	Observer Observer
}

// Observer watches the jobs. Its funcs may be nil, must be quick, and must not call them.
type Observer struct {
	Running func(delta int)        // jobs that run, and do not any more
	Ended   func(gateway.JobState) // a job was done, or cancelled
	Stepped func(done, failed int) // deliveries that were come to
}

func (o Observer) withDefaults() Observer {
	if o.Running == nil {
		o.Running = func(int) {}
	}
	if o.Ended == nil {
		o.Ended = func(gateway.JobState) {}
	}
	if o.Stepped == nil {
		o.Stepped = func(int, int) {}
	}
	return o
}

// Jobs are the bulk jobs of a process.
type Jobs struct {
	options Options

	mu       sync.Mutex
	running  map[string]*running // by id
	served   map[string]uint64   // by tenants with jobs that run, and their trees: the turn in which they had a step
	turn     uint64
	stepping *running   // whose step is being made; nil: none
	stepped  *sync.Cond // when it was

	wake    chan struct{}
	quit    chan struct{}
	stopped sync.WaitGroup
}

// running is a job that runs. Who steps it alone changes the job; others read it, and end
// it, while it is not stepped.
type running struct {
	job    gateway.Job
	holder shares.Holder
	paced  time.Time // monotonic: up to here its rate is used up
	paces  paces     // of a job of several lanes, in place of paced
	next   time.Time // monotonic: when its next step is due
	failed bool      // its last step was not made
}

// New makes Jobs, which do nothing before Start.
func New(o Options) *Jobs {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Room == nil {
		o.Room = func(string) error { return nil }
	}
	if o.Rate == nil {
		o.Rate = func(string, string) float64 { return gateway.DefaultJobRate }
	}
	if o.There == nil {
		o.There = func(string, string) bool { return true }
	}
	if o.Holder == nil {
		o.Holder = func(tenant string) shares.Holder { return shares.Tenant(tenant) }
	}
	o.Observer = o.Observer.withDefaults()
	o.Log = cmp.Or(o.Log, slog.New(slog.DiscardHandler))
	s := &Jobs{
		options: o, running: map[string]*running{}, served: map[string]uint64{},
		wake: make(chan struct{}, 1), quit: make(chan struct{}),
	}
	s.stepped = sync.NewCond(&s.mu)
	return s
}

// Start runs the jobs that are acquired, or made, from then on.
func (s *Jobs) Start() { s.stopped.Go(s.run) }

// Acquire takes up the jobs of slots that run.
func (s *Jobs) Acquire(slots gateway.SlotSet) error {
	return s.options.Store.RunningJobs(func(j *gateway.Job) error {
		slot := j.Slot()
		s.mu.Lock()
		known := s.running[j.ID] != nil
		s.mu.Unlock()
		if known || !slots.Has(slot) {
			return nil
		}
		holder := s.options.Holder(j.Tenant)
		s.options.Running.Force(holder, 1)
		s.add(j, holder)
		return nil
	})
}

// Release gives the jobs of slots up: who acquires them next goes on with them. When it
// returns nothing of them is being stored any more.
func (s *Jobs) Release(slots gateway.SlotSet) {
	s.forget(func(j *gateway.Job) bool { return slots.Has(j.Slot()) })
}

// Close ends the step that is being made, and lets no other begin: the next process goes
// on with the jobs.
func (s *Jobs) Close() {
	close(s.quit)
	s.stopped.Wait()
}

// MostRunning is how many jobs one process runs at once, if nobody says otherwise.
const MostRunning = 1024

var errTooMany = &gateway.Error{
	Code: gateway.CodeRateLimited, RetryAfter: 10 * time.Second,
	Message: "as many jobs run as the tenant may have now of those of this process: wait until one is done, or cancel one",
}

// Make makes a job durable, and lets it run. j has its Tenant, Endpoint and Rate; the
// deliveries are ids, in the order in which they are to be sent: of several lanes in that in
// which their rates let them.
func (s *Jobs) Make(j gateway.Job, deliveries []string, told ...gateway.AuditLine) (*gateway.Job, error) {
	if err := s.options.Room(j.Tenant); err != nil {
		return nil, err
	}
	now := s.options.Now()
	j.ID, j.CreatedAt, j.Total, j.State = gateway.NewID(gateway.PrefixJob, now), now.UTC(), len(deliveries), gateway.JobRunning
	if j.Total == 0 {
		j.State, j.EndedAt = gateway.JobDone, j.CreatedAt
	}
	holder := s.options.Holder(j.Tenant)
	if j.State == gateway.JobRunning && !s.options.Running.Take(holder, 1) {
		return nil, errTooMany
	}
	if err := s.options.Store.MakeJob(&j, deliveries, told...); err != nil {
		if j.State == gateway.JobRunning {
			s.options.Running.Give(holder, 1)
		}
		return nil, err
	}
	if j.State == gateway.JobRunning {
		s.add(&j, holder)
	} else {
		s.options.Observer.Ended(j.State)
	}
	return &j, nil
}

// Get gives a job as it stands; else gateway.ErrNotFound.
func (s *Jobs) Get(tenant, id string) (*gateway.Job, error) {
	s.mu.Lock()
	if r := s.running[id]; r != nil && r.job.Tenant == tenant {
		j := r.job
		s.mu.Unlock()
		return &j, nil
	}
	s.mu.Unlock()
	return s.options.Store.Job(tenant, id)
}

// List visits the jobs that are asked for, newest first: see Store.Jobs.
func (s *Jobs) List(q store.Query, visit func(*gateway.Job) (more bool)) (next string, err error) {
	return s.options.Store.Jobs(q, visit)
}

// Cancel ends a job: what it has not come to stays as it is. One that has ended is an
// error with the code job_ended.
func (s *Jobs) Cancel(tenant, id string, told ...gateway.AuditLine) (*gateway.Job, error) {
	s.mu.Lock()
	r := s.rest(id)
	if r == nil || r.job.Tenant != tenant {
		s.mu.Unlock()
		j, err := s.options.Store.Job(tenant, id)
		if err != nil {
			return nil, err
		}
		return nil, gateway.Errorf(gateway.CodeJobEnded, "the job has ended already: %s", j.State)
	}
	defer s.mu.Unlock()
	j := r.job
	j.State, j.EndedAt = gateway.JobCancelled, s.options.Now().UTC()
	if err := s.options.Store.PutJob(&j, true, told...); err != nil {
		return nil, err
	}
	s.drop(r)
	s.options.Observer.Ended(j.State)
	return &j, nil
}

// Forget drops the jobs of a tenant that is no more. When it returns, nothing of them is
// being stored any more.
func (s *Jobs) Forget(tenant string) {
	s.forget(func(j *gateway.Job) bool { return j.Tenant == tenant })
}

func (s *Jobs) forget(is func(*gateway.Job) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, r := range s.running {
		if !is(&r.job) {
			continue
		}
		if r = s.rest(id); r != nil {
			s.drop(r)
		}
	}
}

// rest gives a job that runs when it is not being stepped; nil is none. The lock is held.
func (s *Jobs) rest(id string) *running {
	for s.stepping != nil && s.stepping == s.running[id] {
		s.stepped.Wait()
	}
	return s.running[id]
}

func (s *Jobs) add(j *gateway.Job, holder shares.Holder) {
	now := time.Now()
	r := &running{job: *j, holder: holder, paces: paces{}, next: now}
	if j.Endpoint != "" {
		r.paced = now.Add(-pause(j.Rate))
	}
	s.mu.Lock()
	s.running[j.ID] = r
	s.options.Observer.Running(1)
	s.mu.Unlock()
	s.poke()
}

// drop takes out a job that has ended. The lock is held.
func (s *Jobs) drop(r *running) {
	delete(s.running, r.job.ID)
	s.options.Observer.Running(-1)
	s.options.Running.Give(r.holder, 1)
	tenant, tree := r.job.Tenant, r.tree()
	for _, other := range s.running {
		if other.job.Tenant == r.job.Tenant {
			tenant = ""
		}
		if other.tree() == r.tree() {
			tree = ""
		}
	}
	delete(s.served, tenant)
	delete(s.served, tree)
}

// tree is the name under which the tree of a job's tenant is served; no tenant has it.
func (r *running) tree() string { return "tree " + r.holder.Outermost() }

func (s *Jobs) poke() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}
