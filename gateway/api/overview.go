package api

import (
	"cmp"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/directory"
	"hookgate/gateway/stats"
)

// overviews show how tenants are, the worst first (SPEC-console C3, C5).
type overviews struct{ of Statistics }

// overview is one tenant as it is shown.
type overview struct {
	*stats.Overview
	tenant, name string
	good, all    uint64 // of the span
	dead         uint64
}

// show shows the tenants that the caller may see, or one of them.
func (h *overviews) show(c *call) (answer, error) {
	q := c.query()
	limit := maxLimit
	if q.text("limit") != "" {
		limit = q.number("limit", 1, maxLimit)
	}
	span := stats.Spans[0]
	if word := q.oneOf("span", spanWords(), "must be 1h, 24h or 30d"); word != "" {
		span = stats.Spans[max(0, slices.Index(spanWords(), word))]
	}
	only, place := q.text("tenant"), q.place()
	if err := q.err(); err != nil {
		return answer{}, err
	}
	ids, err := overviewed(c, only)
	if err != nil {
		return answer{}, err
	}
	all := make([]*overview, 0, len(ids))
	err = h.of.Overviews(ids, span, func(tenant string, o *stats.Overview) bool {
		one := &overview{Overview: o, tenant: tenant}
		for _, row := range o.Strip {
			one.good, one.all, one.dead = one.good+uint64(row.Good), one.all+uint64(row.All), one.dead+uint64(row.Dead)
		}
		all = append(all, one)
		c.turn.row()
		return true
	})
	if err != nil {
		return answer{}, err
	}
	gateway.Sort(all, worse)
	from := min(len(all), place)
	end := min(len(all), from+limit)
	return h.answer(c, span, all[from:end], end, len(all)-end)
}

// place reads the cursor of an overview: how many are worse. Who stands where changes with
// all that happens, so a tenant may be on two pages, or have gone from one to another that
// was read before; nothing else would show the worst first on the first page.
func (q *query) place() int {
	n, _ := strconv.Atoi(q.cursor(func(s string) bool { // 0 where there is none
		n, err := strconv.Atoi(s)
		return err == nil && n > 0 && strconv.Itoa(n) == s
	}))
	return n
}

func spanWords() (words []string) {
	for _, s := range stats.Spans {
		words = append(words, s.Word)
	}
	return words
}

// overviewed gives the tenants that are shown.
func overviewed(c *call, only string) (ids []string, err error) {
	if only != "" {
		if c.snapshot.Tenant(only) == nil || !c.snapshot.Reaches(c.by, only) {
			return nil, errNoTenant
		}
		return []string{only}, nil
	}
	err = c.reached(func(t *directory.Tenant) error {
		ids = append(ids, t.ID)
		return nil
	})
	return ids, err
}

// share is what part went well; 1 where nothing happened.
func (o *overview) share() float64 {
	if o.all == 0 {
		return 1
	}
	return float64(o.good) / float64(o.all)
}

// worse sorts the worst to the front.
func worse(a, b *overview) int {
	return cmp.Or(
		cmp.Compare(b.Open, a.Open), cmp.Compare(a.share(), b.share()), olderOf(a.Oldest, b.Oldest),
		cmp.Compare(b.dead, a.dead), cmp.Compare(b.Backlog, a.Backlog), strings.Compare(a.tenant, b.tenant),
	)
}

// olderOf sorts what is older to the front, and no time at all to the end.
func olderOf(a, b time.Time) int {
	switch {
	case a.IsZero() && b.IsZero():
		return 0
	case a.IsZero():
		return 1
	case b.IsZero():
		return -1
	}
	return a.Compare(b)
}

// answer shows those that stand before end, after which so many are left out.
func (h *overviews) answer(c *call, span stats.Span, shown []*overview, end, leftOut int) (answer, error) {
	t, now := c.wholeItem(), c.now()
	t.growth = 8
	t.raw(`{"span":"` + span.Word + `","step":"` + stepWords[span.Step] + `","data":[`)
	for i, one := range shown {
		if i > 0 {
			t.raw(",")
		}
		one.name = c.snapshot.Tenant(one.tenant).Spec.Name
		t.append(1<<10+6*len(one.name)+seriesSize(one.Strip), func(dst []byte) []byte { return one.appendJSON(dst, now) })
		c.turn.row()
	}
	next := "null"
	if leftOut > 0 {
		next = `"` + cursorOf(strconv.Itoa(end)) + `"`
	}
	t.raw(`],"left_out":` + strconv.Itoa(leftOut) + `,"next_cursor":` + next + "}")
	return t.answer(http.StatusOK)
}

// seriesSize is no less than what the series of a strip take.
func seriesSize(s stats.Strip) int { return 256 + len(s)*7*11 }

func (o *overview) appendJSON(dst []byte, now time.Time) []byte {
	dst = gateway.AppendString(append(dst, `{"tenant":`...), o.tenant)
	dst = gateway.AppendMember(dst, "name", o.name)
	const minutes = 5
	dst = appendRounded(append(dst, `,"callbacks_per_minute":`...), float64(o.Lately.Callbacks)/minutes)
	dst = appendRounded(append(dst, `,"events_per_minute":`...), float64(o.Lately.Events)/minutes)
	dst = appendShare(append(dst, `,"success_share":`...), o.good, o.all)
	dst = strconv.AppendInt(append(dst, `,"waits_open":`...), int64(o.Waits), 10)
	dst = strconv.AppendInt(append(dst, `,"parked":`...), int64(o.Parked), 10)
	dst = strconv.AppendInt(append(dst, `,"backlog":`...), int64(o.Backlog), 10)
	if dst = append(dst, `,"backlog_oldest_seconds":`...); o.Oldest.IsZero() {
		dst = append(dst, "null"...)
	} else {
		dst = appendRounded(dst, max(0, now.Sub(o.Oldest).Seconds()))
	}
	dst = strconv.AppendInt(append(dst, `,"breakers_open":`...), int64(o.Open), 10)
	dst = strconv.AppendUint(append(dst, `,"dead_letters":`...), o.dead, 10)
	if dst = append(dst, `,"series":`...); o.Strip == nil {
		return append(dst, "null}"...)
	}
	return append(appendSeries(dst, o.Strip), '}')
}

// series are what there is a series of, in order.
var series = [...]struct {
	name string
	of   func(*stats.Row) uint32
}{
	{"callbacks", func(r *stats.Row) uint32 { return r.Callbacks }},
	{"events", func(r *stats.Row) uint32 { return r.Events }},
	{"waits_open", func(r *stats.Row) uint32 { return r.Waits }},
	{"backlog", func(r *stats.Row) uint32 { return r.Backlog }},
	{"breakers_open", func(r *stats.Row) uint32 { return r.Out }},
	{"dead_letters", func(r *stats.Row) uint32 { return r.Dead }},
}

func appendSeries(dst []byte, s stats.Strip) []byte {
	dst = append(dst, '{')
	for _, one := range series {
		dst = append(append(append(dst, '"'), one.name...), `":[`...)
		for i := range s {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = strconv.AppendUint(dst, uint64(one.of(&s[i])), 10)
		}
		dst = append(dst, `],`...)
	}
	dst = append(dst, `"success_share":[`...)
	for i := range s {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendShare(dst, uint64(s[i].Good), uint64(s[i].All))
	}
	return append(dst, `]}`...)
}

// appendShare appends what part went well; null where nothing happened.
func appendShare(dst []byte, good, all uint64) []byte {
	switch all {
	case 0:
		return append(dst, "null"...)
	case good:
		return append(dst, '1')
	}
	return strconv.AppendFloat(dst, math.Floor(1e4*float64(good)/float64(all))/1e4, 'f', -1, 64)
}

func appendRounded(dst []byte, n float64) []byte {
	return strconv.AppendFloat(dst, math.Round(10*n)/10, 'f', -1, 64)
}
