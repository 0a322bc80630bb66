package jobs

import (
	"errors"
	"time"

	"hookgate/gateway"
)

const (
	// tick is how long a step waits for the one before: what becomes due between shares
	// one commit.
	tick = 100 * time.Millisecond
	// mostAtOnce is how many deliveries one step makes due.
	mostAtOnce = 500
	// lateBy is how much of its rate a job that is late makes up for.
	lateBy = time.Second
	// again is the pause after a step that failed.
	again = time.Second
)

// pause is how long it is from one step to the next.
func pause(rate float64) time.Duration { return max(tick, worth(1, rate)) }

// worth is how long so many deliveries take at a rate.
func worth(n int, rate float64) time.Duration {
	return time.Duration(float64(n) / rate * float64(time.Second))
}

// run makes the steps that are due, one after the other.
func (s *Jobs) run() {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		select {
		case <-s.quit:
			return
		default:
		}
		r, next := s.due(time.Now())
		if r != nil {
			s.step(r)
			next = time.Now() // there may be another
		}
		switch {
		case next.IsZero():
			timer.Stop()
		default:
			timer.Reset(time.Until(next))
		}
		select {
		case <-s.quit:
			return
		case <-s.wake:
		case <-timer.C:
		}
	}
}

// due gives the job whose step is to be made: of those that are due, one of the tenant
// that waited longest. Where none is, it gives when the next will be; zero for never.
func (s *Jobs) due(now time.Time) (first *running, next time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.running {
		switch {
		case r.next.After(now):
			if next.IsZero() || r.next.Before(next) {
				next = r.next
			}
		case first == nil || s.before(r, first):
			first = r
		}
	}
	if first != nil {
		s.turn++
		s.served[first.tree()], s.served[first.job.Tenant], s.stepping = s.turn, s.turn, first
	}
	return first, next
}

// before says whether a job's step comes before another's: trees of tenants take turns, and
// in them tenants.
func (s *Jobs) before(a, b *running) bool {
	if x, y := s.served[a.tree()], s.served[b.tree()]; x != y {
		return x < y
	}
	if x, y := s.served[a.job.Tenant], s.served[b.job.Tenant]; x != y {
		return x < y
	}
	return a.next.Before(b.next)
}

// stride is how far a step has brought a job.
type stride struct {
	job   gateway.Job
	paced time.Time // as running has it
	paces paces
	next  time.Time
}

// step makes the next deliveries of a job due, as many as its rate allows.
func (s *Jobs) step(r *running) {
	now := time.Now()
	stepping := s.stepOne
	if r.job.Endpoint == "" {
		stepping = s.stepSeveral
	}
	to, err := stepping(r, now)
	j := to.job
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.stepped.Broadcast()
	s.stepping = nil
	switch {
	case errors.Is(err, gateway.ErrNotFound): // its tenant is being deleted
		s.drop(r)
		return
	case err != nil:
		if !r.failed {
			s.options.Log.Warn("a step of a job was not made, and is tried again", "tenant", j.Tenant, "job_id", j.ID, "error", err)
		}
		r.failed, r.next = true, now.Add(again)
		return
	}
	s.options.Observer.Stepped(j.Done-r.job.Done, j.Failed-r.job.Failed)
	r.job, r.failed = j, false
	if j.State != gateway.JobRunning {
		s.drop(r)
		s.options.Observer.Ended(j.State)
		return
	}
	r.paced, r.paces, r.next = to.paced, to.paces, to.next
}

// stepOne makes a step of a job of one lane.
func (s *Jobs) stepOne(r *running, now time.Time) (to stride, err error) {
	to.job, to.paced = r.job, r.paced
	if late := now.Add(-max(lateBy, pause(r.job.Rate))); to.paced.Before(late) {
		to.paced = late
	}
	n := min(int(now.Sub(to.paced).Seconds()*r.job.Rate+1e-6), mostAtOnce, r.job.Left())
	if n > 0 {
		to.job, err = s.advance(to.job, n)
	}
	to.paced = to.paced.Add(worth(came(&r.job, &to.job), r.job.Rate))
	to.next = to.paced.Add(pause(r.job.Rate))
	return to, err
}

// came is how many deliveries a job has come to since it stood as before.
func came(before, now *gateway.Job) int { return now.Done + now.Failed - before.Done - before.Failed }

// advance makes so many of a job's deliveries due, and gives the job as it then stands.
func (s *Jobs) advance(j gateway.Job, n int) (gateway.Job, error) {
	if !s.options.There(j.Tenant, j.Endpoint) {
		j.Failed += j.Left() // what went with its endpoint
		return s.write(j)
	}
	ids, err := s.options.Store.JobDeliveries(j.Tenant, j.ID, j.Done+j.Failed, n)
	if err != nil {
		return j, err
	}
	done, gone, err := s.options.Lanes.Again(j.Tenant, j.Endpoint, j.CreatedAt, ids)
	if err != nil {
		return j, err
	}
	j.Done, j.Failed = j.Done+done, j.Failed+gone
	return s.write(j)
}

// write writes how far a job came. It need not be on disk: a step that is made again does
// nothing.
func (s *Jobs) write(j gateway.Job) (gateway.Job, error) {
	if j.Left() == 0 {
		j.State, j.EndedAt = gateway.JobDone, s.options.Now().UTC()
	}
	return j, s.options.Store.PutJob(&j, false)
}
