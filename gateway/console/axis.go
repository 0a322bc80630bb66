package console

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"hookgate/gateway"
)

// axisOf is a conversation on an axis of time, drawn on the server: a lane for each kind of
// thing, and in each lane marks and bars at their moments.
//
// Chats rest for hours between bursts of seconds, and on an even axis a burst would be one
// dot. So gaps are drawn shorter than they are: a stretch without anything has a width that
// grows by the logarithm of its time, and is marked with how long it is.
type axis struct {
	Width  int
	Narrow bool // for small screens
	Height int
	Lanes  []lane
	Gaps   []gap
	Ticks  []tick
	Now    float64 // where now is; below 0: it is not on it
	Label  string  // for those who do not see it
}

type lane struct {
	Name  string
	Y     int
	Marks []mark
}

// markOf is one thing: a bar where it lasts, else a sign at its moment.
type mark struct {
	X, W     float64 // W 0: it is a moment
	Y        int
	Sign     string
	Kind     string // of its state: its colour
	Text     string // for those who look closer
	URL      string
	Selected bool
	Deadline float64 // of an open wait; 0: none
	Ahead    bool    // it has not happened yet
	Bar      bool    // it has no sign of its own: that of its attempts, or its end, tells
}

// Low is where the lower edge of a bar is.
func (m mark) Low() int { return m.Y + 14 }

type tick struct {
	X    float64
	Text string
}

type gap struct {
	X, W float64
	Text string
}

// Sizes of the axis, in its own units, of which a screen has about as many.
const (
	wideAxis, narrowAxis = 1040, 340
	axisRight            = 16.0
	axisTop              = 26
	laneHeight           = 30
	rowHeight            = 18
	maxMarks             = 400
	mostRows             = 6
)

var laneNames = []struct{ kind, name string }{
	{"wait", "Waits"}, {"callback", "Callbacks"}, {"call", "Calls"}, {"event", "Events"}, {"delivery", "Deliveries"}, {"deed", "By hand"},
}

// axesOf draws lines on an axis for large screens and on one for small ones.
func axesOf(v *view, lines []line, sel string) []*axis {
	if len(lines) == 0 {
		return nil
	}
	if len(lines) > maxMarks {
		lines = lines[len(lines)-maxMarks:]
	}
	coming := comingOf(v, lines)
	return []*axis{axisOf(v, lines, coming, sel, wideAxis), axisOf(v, lines, coming, sel, narrowAxis)}
}

// axisOf draws lines, of which the oldest come first, and the attempts that are to come.
func axisOf(v *view, lines, coming []line, sel string, width int) *axis {
	a := &axis{Now: -1, Width: width, Narrow: width == narrowAxis}
	left := 96.0
	if a.Narrow {
		left = 74
	}
	scale := newScale(momentsOf(v, append(slices.Clone(lines), coming...)), left, float64(width))
	if x, on := scale.on(v.now); on {
		a.Now = x
	}
	y, counts := axisTop, []string{}
	for _, name := range laneNames {
		l := lane{Name: name.name, Y: y}
		rows := l.fill(v, lines, coming, name.kind, scale, sel)
		if len(l.Marks) == 0 {
			continue
		}
		counts = append(counts, fmt.Sprintf("%d %s", len(l.Marks), strings.ToLower(name.name)))
		y += max(laneHeight, rows*rowHeight+12)
		a.Lanes = append(a.Lanes, l)
	}
	a.Height = y + 16
	a.Ticks, a.Gaps = scale.ticks(float64(width))
	a.Label = "Time axis: " + strings.Join(counts, ", ") + ", from " + lines[0].At.UTC().Format(exactTime)
	return a
}

// fill sets the marks of a lane, each in a row in which it has room; attempts stand on the
// bars of their deliveries.
func (l *lane) fill(v *view, lines, coming []line, kind string, s *scale, sel string) (rows int) {
	free, rowOf := []float64{}, map[string]int{} // where each row is free again; the row of each delivery
	for i := range lines {
		one := &lines[i]
		if one.Kind == "attempt" && kind == "delivery" {
			m := markOf(v, one, s, sel)
			m.Y = rowOf[one.DeliveryID] * rowHeight
			l.Marks = append(l.Marks, m)
			continue
		}
		if one.Kind != kind {
			continue
		}
		m := markOf(v, one, s, sel)
		row := slices.IndexFunc(free, func(at float64) bool { return at <= m.X })
		if row < 0 {
			if row = min(len(free), mostRows-1); row == len(free) {
				free = append(free, 0)
			}
		}
		free[row] = m.X + max(m.W, 16) + 2
		m.Y = row * rowHeight
		rowOf[one.ID] = row
		l.Marks = append(l.Marks, m)
	}
	for i := range coming {
		if kind != "delivery" {
			break
		}
		m := mark{X: s.x(*coming[i].At), Y: rowOf[coming[i].DeliveryID] * rowHeight, Sign: "○", Kind: isWait, Ahead: true}
		m.URL = v.with("sel", coming[i].DeliveryID) + "#detail"
		m.Text = "attempt " + fmt.Sprint(coming[i].Number) + " at " + coming[i].Endpoint + " is due " + relative(v.now.Sub(*coming[i].At))
		l.Marks = append(l.Marks, m)
	}
	return len(free)
}

// mostComing is of how many deliveries the attempts ahead are looked for.
const mostComing = 5

// comingOf gives the next attempts of the deliveries that have not ended.
func comingOf(v *view, lines []line) (coming []line) {
	looked := 0
	for i := range lines {
		one := &lines[i]
		if s := or(one.State, ""); one.Kind != "delivery" || s != "pending" && s != "retrying" || looked == mostComing {
			continue
		}
		looked++
		d, err := deliveryOf(v, one.ID)
		if err != nil {
			continue
		}
		for _, next := range d.Ahead[:min(2, len(d.Ahead))] {
			if next.At.After(v.now) {
				coming = append(coming, line{Kind: "attempt", DeliveryID: d.ID, Number: next.Number, Endpoint: d.Endpoint, At: &next.At})
			}
		}
	}
	return coming
}

// momentsOf gives every moment that has to have its place.
func momentsOf(v *view, lines []line) (all []time.Time) {
	for i := range lines {
		l := &lines[i]
		if l.At == nil {
			continue
		}
		all = append(all, *l.At)
		if l.EndedAt != nil {
			all = append(all, *l.EndedAt)
		}
		if l.Kind == "wait" && or(l.State, "") == "waiting" {
			all = append(all, v.now)
			if l.ExpiresAt != nil {
				all = append(all, *l.ExpiresAt)
			}
		}
		if s := or(l.State, ""); l.Kind == "delivery" && (s == "pending" || s == "retrying") {
			all = append(all, v.now)
		}
	}
	return all
}

func markOf(v *view, l *line, s *scale, sel string) mark {
	shown := stateOf(l.Word())
	if l.Kind == "event" || l.Kind == "deed" {
		shown = stateShown{"●", "", isNone}
	}
	x := s.x(*l.At)
	m := mark{X: x, Sign: shown.Sign, Kind: shown.Kind, URL: v.with("sel", l.ID) + "#detail", Selected: l.ID == sel}
	m.Text = strings.TrimSuffix(strings.Join([]string{l.What(), shown.Word, l.More(), l.At.UTC().Format(exactTime)}, " · "), " · ")
	m.Text = strings.ReplaceAll(m.Text, " ·  · ", " · ")
	switch l.Kind {
	case "wait", "delivery":
		m.Bar = l.Kind == "delivery"
		end := v.now
		if l.EndedAt != nil {
			end = *l.EndedAt
		}
		m.W = max(3, s.x(end)-x)
		if l.Kind == "wait" && or(l.State, "") == "waiting" && l.ExpiresAt != nil {
			m.Deadline = s.x(*l.ExpiresAt)
		}
	}
	return m
}

// scale gives moments their places.
type scale struct {
	at []time.Time // rising
	xs []float64
}

func newScale(moments []time.Time, left, width float64) *scale {
	gateway.Sort(moments, time.Time.Compare)
	moments = slices.CompactFunc(moments, time.Time.Equal)
	s := &scale{at: moments, xs: make([]float64, len(moments))}
	if len(moments) == 1 {
		s.xs[0] = left + 20
		return s
	}
	sum := 0.0
	widths := make([]float64, len(moments))
	for i := 1; i < len(moments); i++ {
		widths[i] = widthOf(moments[i].Sub(moments[i-1]))
		sum += widths[i]
	}
	x := left + 10
	for i := range moments {
		x += widths[i] / max(sum, 1e-9) * (width - left - axisRight - 20)
		s.xs[i] = x
	}
	return s
}

// even is up to which time stretches are drawn as long as they are, one beside the other.
const even = 10 * time.Second

// widthOf is how wide a stretch of time is drawn beside others.
func widthOf(d time.Duration) float64 {
	w := 1.0
	for d > even { // the width doubles while the time grows sixfold
		w += 0.6
		d /= 6
	}
	return w * float64(min(d, even)+500*time.Millisecond) / float64(even)
}

// x gives the place of a moment; one between two is set between their places.
func (s *scale) x(at time.Time) float64 {
	i, found := slices.BinarySearchFunc(s.at, at, time.Time.Compare)
	switch {
	case found:
		return s.xs[i]
	case i == 0:
		return s.xs[0]
	case i == len(s.at):
		return s.xs[i-1]
	}
	part := float64(at.Sub(s.at[i-1])) / float64(s.at[i].Sub(s.at[i-1]))
	return s.xs[i-1] + part*(s.xs[i]-s.xs[i-1])
}

// on says whether a moment is on the axis.
func (s *scale) on(at time.Time) (x float64, on bool) {
	if at.Before(s.at[0]) || at.After(s.at[len(s.at)-1]) {
		return 0, false
	}
	return s.x(at), true
}
