package stats

import (
	"strconv"

	"hookgate/gateway"
)

// SizeJSON is no less than what AppendJSON appends.
const SizeJSON = 4 << 10

// AppendJSON appends the point as the API shows it.
func (p *Point) AppendJSON(dst []byte) []byte {
	w := shown{&p.of}
	dst = gateway.Time{Time: p.At}.AppendJSON(append(dst, `{"at":`...))
	dst = w.words(append(dst, `,"callbacks":`...), len(outcomes), cellOutcomes, func(i int) string { return string(outcomes[i]) }, nil)
	dst = w.words(append(dst, `,"refused":`...), len(outcomes), cellOutcomes, func(i int) string { return string(outcomes[i]) },
		func(i int) bool { return outcomes[i].Status() >= 400 })
	dst = w.number(append(dst, `,"waits":{`...), "opened", cellOpened)
	dst = w.number(append(dst, ','), "resumed", cellResumed)
	dst = w.number(append(dst, ','), "timed_out", cellTimedOut)
	dst = w.number(append(dst, ','), "cancelled", cellCancelled)
	dst = w.times(append(dst, `},"wait_ms":`...), cellWaitMS)
	dst = w.number(append(dst, ','), "events", cellEvents)
	dst = w.words(append(dst, `,"attempts":`...), len(codes), cellCodes, func(i int) string { return codes[i] }, nil)
	dst = w.times(append(dst, `,"attempt_ms":`...), cellAttemptMS)
	dst = w.number(append(dst, `,"deliveries":{`...), "succeeded", cellSucceeded)
	dst = w.number(append(dst, ','), "dead", cellDead)
	dst = w.number(append(dst, `},"calls":{`...), "success", cellSuccess)
	dst = w.number(append(dst, ','), "failure", cellFailure)
	dst = w.words(append(dst, `,"reasons":`...), len(reasons), cellReasons, func(i int) string { return reasons[i] }, nil)
	dst = w.times(append(dst, `},"call_ms":`...), cellCallMS)
	dst = w.number(append(dst, ','), "parked", cellParked)
	dst = w.number(append(dst, ','), "backlog", cellBacklog)
	return append(dst, '}')
}

// shown writes cells.
type shown struct{ of *whole }

func (w shown) number(dst []byte, name string, cell int) []byte {
	dst = append(append(append(dst, '"'), name...), `":`...)
	return strconv.AppendUint(dst, w.of[cell], 10)
}

// words writes an object of those that are not 0; only may leave some out.
func (w shown) words(dst []byte, n, first int, word func(int) string, only func(int) bool) []byte {
	dst = append(dst, '{')
	some := false
	for i := range n {
		if w.of[first+i] == 0 || only != nil && !only(i) {
			continue
		}
		if some {
			dst = append(dst, ',')
		}
		some = true
		dst = w.number(dst, word(i), first+i)
	}
	return append(dst, '}')
}

// times writes how long things took: the median, what 99 of 100 took at most, and how many
// took at most so many milliseconds and more than the bound before; null is without bound.
func (w shown) times(dst []byte, first int) []byte {
	dst = w.quantile(append(dst, `{"p50":`...), first, 0.5)
	dst = w.quantile(append(dst, `,"p99":`...), first, 0.99)
	dst = append(dst, `,"buckets":[`...)
	some := false
	for i := range len(bounds) + 1 {
		if w.of[first+i] == 0 {
			continue
		}
		if some {
			dst = append(dst, ',')
		}
		some = true
		dst = append(dst, `{"le":`...)
		if i < len(bounds) {
			dst = strconv.AppendInt(dst, bounds[i], 10)
		} else {
			dst = append(dst, "null"...)
		}
		dst = append(w.number(append(dst, ','), "count", first+i), '}')
	}
	return append(dst, "]}"...)
}

// quantile writes in milliseconds what a part of all took at most, as near as the bounds
// tell; null where there is nothing.
func (w shown) quantile(dst []byte, first int, part float64) []byte {
	total := uint64(0)
	for i := range len(bounds) + 1 {
		total += w.of[first+i]
	}
	if total == 0 {
		return append(dst, "null"...)
	}
	rank, seen, from := part*float64(total), 0.0, int64(0)
	for i, bound := range bounds {
		n := float64(w.of[first+i])
		if n > 0 && seen+n >= rank {
			at := float64(from) + float64(bound-from)*(rank-seen)/n
			return strconv.AppendFloat(dst, float64(int64(at*10+0.5))/10, 'f', -1, 64)
		}
		seen, from = seen+n, bound
	}
	return strconv.AppendInt(dst, from, 10)
}
