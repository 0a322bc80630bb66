package console

import (
	"maps"
	"net/url"
	"slices"
	"time"

	"hookgate/gateway"
)

// figures are what happened lately, over time.
type figures struct {
	Span      time.Duration
	Callbacks []float64
	Events    []float64
	Good, Bad []float64 // deliveries that succeeded, and dead ones
	P99       []float64 // of attempts, in milliseconds
	Resumed   int
	TimedOut  int
	Opened    int
	Went      []float64 // calls that went well, and those that did not
	Failed    []float64
	CallP99   []float64 // of calls, in milliseconds
	Called    []bucket  // how long they took
	Reasons   []reason  // why they failed, the most frequent first
	Waited    []bucket  // how long those that were resumed took
	Parked    int
	Backlog   int
	Refused   int
}

// point is one step of the API's statistics.
type point struct {
	At        time.Time      `json:"at"`
	Callbacks map[string]int `json:"callbacks"`
	Refused   map[string]int `json:"refused"`
	Waits     struct {
		Opened   int `json:"opened"`
		Resumed  int `json:"resumed"`
		TimedOut int `json:"timed_out"`
	} `json:"waits"`
	WaitMS     quantiles      `json:"wait_ms"`
	Events     int            `json:"events"`
	Attempts   map[string]int `json:"attempts"`
	AttemptMS  quantiles      `json:"attempt_ms"`
	Deliveries struct {
		Succeeded int `json:"succeeded"`
		Dead      int `json:"dead"`
	} `json:"deliveries"`
	Calls struct {
		Success int            `json:"success"`
		Failure int            `json:"failure"`
		Reasons map[string]int `json:"reasons"`
	} `json:"calls"`
	CallMS  quantiles `json:"call_ms"`
	Parked  int       `json:"parked"`
	Backlog int       `json:"backlog"`
}

type quantiles struct {
	P50 *float64 `json:"p50"`
	P99 *float64 `json:"p99"`

	Buckets []bucket `json:"buckets"`
}

// statsOf asks for the figures of the last span, of one part where query names it.
func statsOf(v *view, path string, span time.Duration, query url.Values) (*figures, error) {
	step, word := time.Minute, "1m"
	if span > 2*time.Hour {
		step, word = time.Hour, "1h"
	}
	if span > 3*24*time.Hour {
		step, word = 24*time.Hour, "1d"
	}
	since := v.now.Add(-span).Truncate(step)
	asked := url.Values{"since": {since.UTC().Format(time.RFC3339)}, "step": {word}}
	for name, values := range query {
		asked[name] = values
	}
	var answer struct {
		Data []point `json:"data"`
	}
	if err := v.get(path, asked, &answer); err != nil {
		return nil, err
	}
	n := int(span/step) + 1
	f := &figures{Span: span}
	for _, series := range []*[]float64{&f.Callbacks, &f.Events, &f.Good, &f.Bad, &f.P99, &f.Went, &f.Failed, &f.CallP99} {
		*series = make([]float64, n)
	}
	for _, p := range answer.Data {
		i := int(p.At.Sub(since) / step)
		if i < 0 || i >= n {
			continue
		}
		f.take(&p, i)
	}
	return f, nil
}

func (f *figures) take(p *point, i int) {
	for _, count := range p.Callbacks {
		f.Callbacks[i] += float64(count)
	}
	for _, count := range p.Refused {
		f.Refused += count
	}
	f.Events[i] += float64(p.Events)
	f.Good[i] += float64(p.Deliveries.Succeeded)
	f.Bad[i] += float64(p.Deliveries.Dead)
	if p.AttemptMS.P99 != nil {
		f.P99[i] = *p.AttemptMS.P99
	}
	f.takeCalls(p, i)
	f.Waited = append(f.Waited, p.WaitMS.Buckets...)
	f.Opened += p.Waits.Opened
	f.Resumed += p.Waits.Resumed
	f.TimedOut += p.Waits.TimedOut
	f.Parked, f.Backlog = p.Parked, p.Backlog
}

// reason is why calls failed, and how many.
type reason struct {
	Word  string
	Count int
}

func (f *figures) takeCalls(p *point, i int) {
	f.Went[i] += float64(p.Calls.Success)
	f.Failed[i] += float64(p.Calls.Failure)
	if p.CallMS.P99 != nil {
		f.CallP99[i] = *p.CallMS.P99
	}
	f.Called = append(f.Called, p.CallMS.Buckets...)
	for _, word := range slices.Sorted(maps.Keys(p.Calls.Reasons)) {
		at := slices.IndexFunc(f.Reasons, func(r reason) bool { return r.Word == word })
		if at < 0 {
			at = len(f.Reasons)
			f.Reasons = append(f.Reasons, reason{Word: word})
		}
		f.Reasons[at].Count += p.Calls.Reasons[word]
	}
	gateway.SortStable(f.Reasons, func(a, b reason) int { return b.Count - a.Count })
}

// Sum adds up a series.
func (f *figures) Sum(series []float64) (sum float64) {
	for _, n := range series {
		sum += n
	}
	return sum
}

// Slow is within which time 99 of 100 attempts were over, in milliseconds, in the newest step
// that had any; 0: none had.
func (f *figures) Slow() float64 { return newest(f.P99) }

func newest(series []float64) float64 {
	for i := len(series) - 1; i >= 0; i-- {
		if series[i] > 0 {
			return series[i]
		}
	}
	return 0
}

// Took says how long callbacks took, as a histogram.
func (f *figures) Took() []bar { return histogram(f.Waited, waitLines) }

// CallsTook says how long calls took, as a histogram.
func (f *figures) CallsTook() []bar { return histogram(f.Called, callLines) }

// TookAtMost is within which time a part of the callbacks came, in milliseconds, as near as
// the counts tell; nil where none did.
func (f *figures) TookAtMost(part float64) *float64 { return atMost(f.Waited, part) }

// CallsTookAtMost is TookAtMost of calls.
func (f *figures) CallsTookAtMost(part float64) *float64 { return atMost(f.Called, part) }

func atMost(counts []bucket, part float64) *float64 {
	at := map[int64]int{}
	total := 0
	for _, b := range counts {
		most := int64(-1)
		if b.Most != nil {
			most = *b.Most
		}
		at[most], total = at[most]+b.Count, total+b.Count
	}
	if total == 0 {
		return nil
	}
	rank, seen, from := part*float64(total), 0.0, 0.0
	for _, most := range slices.Sorted(maps.Keys(at)) {
		n := float64(at[most])
		if most < 0 || n == 0 {
			continue
		}
		if seen+n >= rank {
			took := from + (float64(most)-from)*(rank-seen)/n
			return &took
		}
		seen, from = seen+n, float64(most)
	}
	return &from // it is longer than all bounds
}

// TimeoutShare is which part of the waits that ended did so by their deadline, of 100; below
// 0: none ended.
func (f *figures) TimeoutShare() float64 {
	ended := f.Resumed + f.TimedOut
	if ended == 0 {
		return -1
	}
	return 100 * float64(f.TimedOut) / float64(ended)
}

// Success is which part of the deliveries that ended succeeded, of 100; below 0: none ended.
func (f *figures) Success() float64 {
	ok, dead := f.Sum(f.Good), f.Sum(f.Bad)
	if ok+dead == 0 {
		return -1
	}
	return 100 * ok / (ok + dead)
}

// Shares is the success of each step, in percent: of one in which nothing ended, nothing
// failed.
func (f *figures) Shares() []float64 {
	all := make([]float64, len(f.Good))
	for i := range all {
		all[i] = 100
		if ended := f.Good[i] + f.Bad[i]; ended > 0 {
			all[i] = 100 * f.Good[i] / ended
		}
	}
	return all
}
