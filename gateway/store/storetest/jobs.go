package storetest

import (
	"errors"
	"slices"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/store"
)

// job makes a job of a tenant durable, about so many deliveries that nobody has.
func job(k *kit, tenant string, n int) (*gateway.Job, []string) {
	k.Helper()
	j := &gateway.Job{
		ID: gateway.NewID(gateway.PrefixJob, k.now), Tenant: tenant, Endpoint: "crm", State: gateway.JobRunning, Rate: 0.25, Total: n, CreatedAt: k.now,
	}
	ids := make([]string, n)
	for i := range ids {
		ids[i] = gateway.NewID(gateway.PrefixDelivery, k.now)
	}
	k.must(k.MakeJob(j, ids))
	return j, ids
}

// jobsOf gives the ids of a tenant's jobs that are in a state.
func jobsOf(k *kit, tenant, state string, rows int) (ids []string) {
	k.Helper()
	q := store.Query{Tenant: tenant, State: state, Rows: rows}
	for {
		next, err := k.Jobs(q, func(j *gateway.Job) bool { ids = append(ids, j.ID); return true })
		k.must(err)
		if next == "" {
			return ids
		}
		q.Before = next
	}
}

func jobsRoundTrip(k *kit) {
	first, ids := job(k, acme, 1300)
	k.set(k.now.Add(time.Second))
	second, _ := job(k, acme, 0)
	other, _ := job(k, acmeB, 3)
	second.State, second.EndedAt = gateway.JobDone, k.now
	k.must(k.PutJob(second, true))
	first.Done, first.Failed = 600, 7
	k.must(k.PutJob(first, true))
	k.twice(func() {
		got, err := k.Job(acme, first.ID)
		k.must(err)
		k.same("the job", *got, *first)
		if _, err := k.Job(acmeB, first.ID); !errors.Is(err, gateway.ErrNotFound) {
			k.Errorf("the job of another tenant: %v", err)
		}
		var read []string
		for len(read) < len(ids) {
			part, err := k.JobDeliveries(acme, first.ID, len(read), 400)
			k.must(err)
			if len(part) == 0 || len(part) > 400 {
				k.Fatalf("a part of %d", len(part))
			}
			read = append(read, part...)
		}
		k.same("its deliveries", read, ids)
		for _, rows := range []int{0, 1} {
			k.same("jobs", jobsOf(k, acme, "", rows), []string{second.ID, first.ID})
			k.same("running jobs", jobsOf(k, acme, "running", rows), []string{first.ID})
		}
		var running []string
		k.must(k.RunningJobs(func(j *gateway.Job) error { running = append(running, j.ID); return nil }))
		slices.Sort(running)
		k.same("all that run", running, []string{first.ID, other.ID})
	})
	first.State, first.EndedAt = gateway.JobCancelled, k.now
	k.must(k.PutJob(first, true))
	k.twice(func() {
		if ids, err := k.JobDeliveries(acme, first.ID, 0, 10); !errors.Is(err, gateway.ErrNotFound) {
			k.Errorf("deliveries of a job that ended: %d, %v", len(ids), err)
		}
		if ids, err := k.JobDeliveries(acmeB, other.ID, 0, 10); err != nil || len(ids) != 3 {
			k.Errorf("deliveries of another: %d, %v", len(ids), err)
		}
	})
}

func jobsExpire(k *kit) {
	old, _ := job(k, acme, 3)
	k.set(k.now.Add(time.Minute))
	runs, _ := job(k, acme, 3)
	k.set(k.now.Add(time.Minute))
	later, _ := job(k, acme, 3)
	for _, j := range []*gateway.Job{old, later} {
		j.State, j.EndedAt = gateway.JobDone, k.now
		k.must(k.PutJob(j, true))
	}
	k.set(k.now.Add(gateway.JobKept))
	k.same("before it was removed", jobsOf(k, acme, "", 0), []string{runs.ID})
	k.must(k.Expire(k.now))
	k.twice(func() { k.same("after", jobsOf(k, acme, "", 0), []string{runs.ID}) })
	if ids, err := k.JobDeliveries(acme, runs.ID, 0, 10); err != nil || len(ids) != 3 {
		k.Errorf("one that runs keeps its deliveries: %d, %v", len(ids), err)
	}
	if _, err := k.Job(acme, later.ID); !errors.Is(err, gateway.ErrNotFound) {
		k.Errorf("one that ended long ago: %v", err)
	}
}
