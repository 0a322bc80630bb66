package jobs

import (
	"errors"
	"maps"
	"time"

	"hookgate/gateway"
)

// A job of several lanes has its deliveries in the order in which the rates of their lanes
// let them be sent: the next one is always the one that may go first. So a step takes what
// may go now from the front, and how far it came is one number, as of any job.

// paces tell for each lane up to where its rate is used up, monotonic.
type paces map[string]time.Time

// take uses up the place of one delivery; else it tells when there will be one.
func (p paces) take(lane string, rate float64, now time.Time) (free time.Time, ok bool) {
	paced, known := p[lane]
	if !known {
		paced = now.Add(-pause(rate))
	}
	if late := now.Add(-max(lateBy, pause(rate))); paced.Before(late) {
		paced = late
	}
	if free = paced.Add(worth(1, rate)); free.After(now) {
		return free, false
	}
	p[lane] = free
	return free, true
}

// stepSeveral makes a step of a job of several lanes.
func (s *Jobs) stepSeveral(r *running, now time.Time) (to stride, err error) {
	to = stride{job: r.job, paces: maps.Clone(r.paces), next: now.Add(tick)}
	j := &to.job
	ids, err := s.options.Store.JobDeliveries(j.Tenant, j.ID, j.Done+j.Failed, min(mostAtOnce, j.Left()))
	if err != nil {
		return to, err
	}
	byLane := map[string][]string{}
	gone := 0
	for _, id := range ids {
		lane, err := s.options.Lanes.LaneOf(j.Tenant, id)
		if err != nil && !errors.Is(err, gateway.ErrNotFound) {
			return to, err
		}
		if err != nil || !s.options.There(j.Tenant, lane) {
			gone++
			continue
		}
		if free, ok := to.paces.take(lane, s.rateOf(j, lane), now); !ok {
			if free.After(to.next) {
				to.next = free
			}
			break
		}
		byLane[lane] = append(byLane[lane], id)
	}
	done := 0
	for lane, ids := range byLane {
		again, lost, err := s.options.Lanes.Again(j.Tenant, lane, j.CreatedAt, ids)
		if err != nil {
			return to, err // those that were made due are not made so again
		}
		done, gone = done+again, gone+lost
	}
	if done+gone == 0 {
		return to, nil
	}
	j.Done, j.Failed = j.Done+done, j.Failed+gone
	to.job, err = s.write(*j)
	return to, err
}

// rateOf is how many deliveries a second a job sends to a lane.
func (s *Jobs) rateOf(j *gateway.Job, lane string) float64 {
	if j.Rate > 0 {
		return j.Rate
	}
	return s.options.Rate(j.Tenant, lane)
}
