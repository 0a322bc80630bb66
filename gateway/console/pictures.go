package console

import (
	"html/template"
	"slices"
	"strconv"
	"strings"
	"time"
)

// spark draws figures over time, small. It says what they are to those who do not see it.
func spark(name string, figures []float64) template.HTML {
	return drawn("spark", name+happened(figures), 120, 24, figures)
}

// trend is spark for how something stood.
func trend(name string, figures []float64) template.HTML {
	return drawn("spark", name+stood(figures), 120, 24, figures)
}

// tiny is spark for a cell of a table that has many, of what happened.
func tiny(name string, figures []float64) template.HTML {
	return drawn("tiny", name+happened(figures), 72, 16, figures)
}

// level is tiny for how something stood.
func level(name string, figures []float64) template.HTML {
	return drawn("tiny", name+stood(figures), 72, 16, figures)
}

func happened(figures []float64) string {
	sum := 0.0
	for _, n := range figures {
		sum += n
	}
	if len(figures) == 0 {
		return ""
	}
	return ": " + number(sum) + " in all, at most " + number(slices.Max(figures)) + ", last " + number(figures[len(figures)-1])
}

func stood(figures []float64) string {
	if len(figures) == 0 {
		return ""
	}
	return ": from " + number(slices.Min(figures)) + " to " + number(slices.Max(figures)) + ", last " + number(figures[len(figures)-1])
}

func drawn(class, name string, width, height int, figures []float64) template.HTML {
	if len(figures) == 0 {
		return ""
	}
	top := max(0, slices.Max(figures))
	var b strings.Builder
	label := template.HTMLEscapeString(name)
	w, h := strconv.Itoa(width), strconv.Itoa(height)
	b.WriteString(`<svg class="` + class + `" role="img" aria-label="` + label + `" viewBox="0 0 ` + w + ` ` + h + `" width="` + w + `" height="` + h + `" preserveAspectRatio="none"><polyline points="`)
	for i, n := range figures {
		if i > 0 && i < len(figures)-1 && figures[i-1] == n && figures[i+1] == n {
			continue // within a level line
		}
		x, y := float64(width)/2, float64(height-1)
		if len(figures) > 1 {
			x = float64(i) * float64(width) / float64(len(figures)-1)
		}
		if top > 0 {
			y -= n / top * float64(height-2)
		}
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(strconv.FormatFloat(x, 'f', 1, 64) + "," + strconv.FormatFloat(y, 'f', 1, 64))
	}
	b.WriteString(`"/></svg>`)
	return template.HTML(b.String()) //nolint:gosec // figures, and an escaped name
}

// bar is one line of a histogram: how many took no longer than UpTo, and longer than the
// line before.
type bar struct {
	UpTo  string
	Count int
	Share float64 // of the longest bar, of 100
}

// bucket is how many took at most so many milliseconds; without a bound, nil, longer than all
// bounds.
type bucket struct {
	Most  *int64 `json:"le"`
	Count int    `json:"count"`
}

// The bounds of a histogram's lines: of waits, which take seconds, and of calls, which seldom
// do.
var (
	waitLines = []int64{100, 500, 1000, 2000, 5000, 10_000, 20_000, 30_000, 60_000, 120_000, 300_000}
	callLines = []int64{5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 30_000, 60_000}
)

// histogram makes lines of counts, from the first that has any to the last.
func histogram(counts []bucket, lines []int64) (bars []bar) {
	all := make([]int, len(lines)+1)
	for _, c := range counts {
		at := len(lines)
		if c.Most != nil {
			for at = 0; at < len(lines) && *c.Most > lines[at]; at++ {
			}
		}
		all[at] += c.Count
	}
	from, to, top := -1, 0, 0
	for i, n := range all {
		if n > 0 {
			if to = i; from < 0 {
				from = i
			}
		}
		top = max(top, n)
	}
	if from < 0 {
		return nil
	}
	for i := from; i <= to; i++ {
		b := bar{UpTo: "longer", Count: all[i], Share: 100 * float64(all[i]) / float64(top)}
		if i < len(lines) {
			b.UpTo = upTo(lines[i])
		}
		bars = append(bars, b)
	}
	return bars
}

// upTo writes a bound.
func upTo(ms int64) string {
	if ms < 1000 {
		return strconv.FormatInt(ms, 10) + "\u00a0ms"
	}
	d := time.Duration(ms) * time.Millisecond
	if d < time.Minute {
		return strconv.Itoa(int(d/time.Second)) + "\u00a0s"
	}
	return strconv.Itoa(int(d/time.Minute)) + "\u00a0min"
}
