package api

import (
	"cmp"
	"math"
	"slices"
	"time"

	"hookgate/gateway"
)

// finding is what a replay found.
type finding struct {
	memory         *memory
	most           int
	keeps          bool       // all of it is wanted, and not only how much it is
	room           int        // for how many memory was taken
	since          time.Time  // what is older is not wanted any more; zero: all is
	all            []replayed // newest first, by endpoint
	by             map[string]int
	newest, oldest time.Time
}

// replayed is one delivery.
type replayed struct {
	id, endpoint string
	at           time.Time // made
}

const (
	foundAtATime = 1024
	foundMemory  = 192 // bytes of one, with what it takes to order it
)

// add adds a delivery of a lane, of which those made before come behind it; more is false
// where none of them is wanted, for enough that are newer are found. However many there are,
// no more is kept than twice what is wanted.
func (f *finding) add(d *gateway.Delivery) (more bool, err error) {
	if d.CreatedAt.Before(f.since) {
		return false, nil
	}
	if f.keeps {
		if len(f.all) == f.room {
			if err := f.memory.take(foundAtATime * foundMemory); err != nil {
				return false, err
			}
			f.room += foundAtATime
		}
		f.all = append(f.all, replayed{d.ID, d.Endpoint, d.CreatedAt})
	}
	f.tally(d.Endpoint, d.CreatedAt)
	if len(f.all) >= 2*max(f.most, foundAtATime) {
		f.cut()
		f.since = f.oldest
	}
	return true, nil
}

func (f *finding) tally(endpoint string, at time.Time) {
	if f.by == nil {
		f.by = map[string]int{}
	}
	f.by[endpoint]++
	if f.newest.IsZero() || at.After(f.newest) {
		f.newest = at
	}
	if f.oldest.IsZero() || at.Before(f.oldest) {
		f.oldest = at
	}
}

func (f *finding) count() (n int) {
	for _, of := range f.by {
		n += of
	}
	return n
}

// cut leaves the newest of several endpoints, as many as are wanted.
func (f *finding) cut() {
	gateway.Sort(f.all, func(a, b replayed) int { return cmp.Or(b.at.Compare(a.at), cmp.Compare(b.id, a.id)) })
	f.all = f.all[:min(len(f.all), f.most)]
	f.by, f.newest, f.oldest = nil, time.Time{}, time.Time{}
	for i := range f.all {
		f.tally(f.all[i].endpoint, f.all[i].at)
	}
}

// inTurn gives the ids in the order in which they are sent: that of their making, and of
// several endpoints that in which their rates let them.
func (f *finding) inTurn(rates func(endpoint string) float64) []string {
	slices.Reverse(f.all)
	if len(f.by) > 1 {
		due, sent := make(map[string]float64, len(f.all)), map[string]int{}
		for _, d := range f.all {
			due[d.id] = float64(sent[d.endpoint]) / cmp.Or(rates(d.endpoint), gateway.DefaultJobRate)
			sent[d.endpoint]++
		}
		gateway.SortStable(f.all, func(a, b replayed) int { return cmp.Compare(due[a.id], due[b.id]) })
	}
	ids := make([]string, len(f.all))
	for i, d := range f.all {
		ids[i] = d.id
	}
	return ids
}

// view is what a dry run answers. Endpoints are sent to beside each other: all is done with
// the slowest.
func (f *finding) view(rates func(endpoint string) float64) any {
	v := struct {
		Count         int            `json:"count"`
		Oldest        gateway.Time   `json:"oldest"`
		Newest        gateway.Time   `json:"newest"`
		ByEndpoint    map[string]int `json:"by_endpoint"`
		SecondsAtRate *float64       `json:"seconds_at_rate"`
	}{f.count(), timeOf(f.oldest), timeOf(f.newest), map[string]int{}, nil}
	slowest, rated := 0.0, len(f.by) > 0
	for endpoint, n := range f.by {
		v.ByEndpoint[endpoint] = n
		rate := rates(endpoint)
		if rated = rated && rate > 0; rated {
			slowest = max(slowest, math.Ceil(float64(n)/rate*1000)/1000)
		}
	}
	if rated {
		v.SecondsAtRate = &slowest
	}
	return v
}
