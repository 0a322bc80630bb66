//go:build linux

package main

import (
	"fmt"
	"math"
	"slices"
)

// figure is one number that a measurement comes to, for who compares two builds.
type figure struct {
	name, unit string
	value      float64
	more       bool // more of it is better
}

// figuresKey is of the function in a context that wants the figures of a measurement.
type figuresKey struct{}

// less names a figure of which less is better.
func (r *report) less(name, unit string, value float64) {
	r.figures = append(r.figures, figure{name: name, unit: unit, value: value})
}

// more names a figure of which more is better.
func (r *report) more(name, unit string, value float64) {
	r.figures = append(r.figures, figure{name: name, unit: unit, value: value, more: true})
}

// pair is one figure, of both builds.
type pair struct{ before, now figure }

// worse says by which part the figure of now is worse; less than 0 is better.
func (p pair) worse() float64 {
	if p.now.more {
		return p.before.value/p.now.value - 1
	}
	return p.now.value/p.before.value - 1
}

// paired is all that was measured: of each figure, its pairs.
type paired struct{ figures [][]pair }

// measure measures n pairs: which of the two comes first takes turns.
func (all *paired) measure(n int, once func(old bool) ([]figure, error)) error {
	for i := range n {
		first, err := once(i%2 == 0)
		if err != nil {
			return err
		}
		second, err := once(i%2 == 1)
		if err != nil {
			return err
		}
		if i%2 == 1 {
			first, second = second, first
		}
		if err := all.add(first, second); err != nil {
			return err
		}
	}
	return nil
}

func (all *paired) add(before, now []figure) error {
	if all.figures == nil {
		all.figures = make([][]pair, len(now))
	}
	if len(before) != len(now) || len(now) != len(all.figures) {
		return fmt.Errorf("one build has %d figures and the other %d, of %d", len(before), len(now), len(all.figures))
	}
	for i := range now {
		all.figures[i] = append(all.figures[i], pair{before[i], now[i]})
	}
	return nil
}

func (all *paired) tell(r *report, most float64) {
	rows := []string{"figure\tunit\tbefore\tnow\tnow/before\tquartiles\t\tworse by\t"}
	for _, of := range all.figures {
		ratios := spread(of, func(p *pair) float64 { return p.now.value / p.before.value })
		worse := spread(of, func(p *pair) float64 { return p.worse() })
		rows = append(rows, fmt.Sprintf("%s\t%s\t%.4g\t%.4g\t%.3f\t%.3f\t%.3f\t%+.1f %%\t%s", of[0].now.name, of[0].now.unit,
			spread(of, func(p *pair) float64 { return p.before.value })[1], spread(of, func(p *pair) float64 { return p.now.value })[1],
			ratios[1], ratios[0], ratios[2], 100*worse[1], judge(worse, most)))
	}
	r.table(rows)
	r.printf("the middles of %d pairs; a figure may be worse by %.3g %%\n", len(all.figures[0]), 100*most)
}

// spread gives the first quartile, the middle and the third quartile.
func spread(of []pair, value func(*pair) float64) (q [3]float64) {
	values := make([]float64, len(of))
	for i := range of {
		values[i] = value(&of[i])
	}
	slices.Sort(values)
	for i := range q {
		at := float64((len(values)-1)*(i+1)) / 4
		low, part := int(at), at-math.Floor(at)
		q[i] = values[low] + part*(values[min(low+1, len(values)-1)]-values[low])
	}
	return q
}

// judge says what the quartiles of how much worse a figure is come to.
func judge(worse [3]float64, most float64) string {
	switch {
	case worse[1] <= most:
		return "kept"
	case worse[0] > 0:
		return "WORSE"
	case worse[1] > most: // no comparison holds for what is not a number
		return "unclear"
	}
	return "-"
}
