package mapping

import (
	"slices"
	"strings"
	"time"

	"github.com/nikolalohinski/gonja/v2/builtins"
	"github.com/nikolalohinski/gonja/v2/config"
	"github.com/nikolalohinski/gonja/v2/exec"
)

// A render cannot be interrupted, so nothing in the sandbox may do much at once:
// every filter, operator and test starts by asking for leave, takes bounded
// inputs, and has what it made counted.
const (
	maxRender   = 100 * time.Millisecond // for all expressions and templates of one document (SPEC 14)
	maxText     = 256 << 10              // bytes of one text, and of all inputs together
	maxProduced = 4 << 20                // bytes of all that one expression makes
	maxItems    = 4096                   // values in all inputs together, and in one list
	maxSteps    = 20_000
)

// jinjaConfig has no loader beside it and no statement beneath it: a path reaches
// no file, no environment and no other template.
var (
	jinjaConfig  = config.New()
	noStatements = exec.NewControlStructureSet(nil)
)

// sandbox is what one evaluation may still do.
type sandbox struct {
	deadline time.Time
	work     *work
	steps    int
	items    int
	produced int
	exceeded bool
	late     bool // what was exceeded is the time

	cause error // why a filter of ours failed

	evaluator *exec.Evaluator
	inputs    []any
}

// sandboxKey finds the sandbox in the context; no name can be spelt so.
const sandboxKey = "#"

func sandboxOf(e *exec.Evaluator) *sandbox {
	found, _ := e.Environment.Context.Get(sandboxKey)
	return found.(*sandbox)
}

func newSandbox(deadline time.Time, w *work) *sandbox {
	s := &sandbox{deadline: deadline, work: w}
	s.evaluator = &exec.Evaluator{Config: jinjaConfig, Environment: &exec.Environment{
		Filters: sandboxFilters, Tests: sandboxTests, ControlStructures: noStatements,
		Context: exec.NewContext(map[string]any{sandboxKey: s}),
	}}
	return s
}

// bound says that too much was asked for, once and for all: a default does not
// stand in for it.
func (s *sandbox) bound() *exec.Value {
	s.exceeded = true
	return exec.AsValue(errBound)
}

// overBound says which bound it was.
func (s *sandbox) overBound() error {
	s.exceeded = true
	switch {
	case s.work.left < 0:
		return errWork
	case s.late:
		return errTime
	}
	return errBound
}

// fail says why there is no result.
func (s *sandbox) fail(err error) *exec.Value {
	s.cause = err
	return exec.AsValue(err)
}

// leave is false when no further step may be made.
func (s *sandbox) leave() bool {
	s.steps++
	s.late = s.late || !s.work.now().Before(s.deadline)
	return s.work.spend(stepCost) && !s.exceeded && !s.late && s.steps <= maxSteps
}

// weigh counts a value that something is about to be done with.
func (s *sandbox) weigh(v *exec.Value) bool {
	switch {
	case v == nil || v.IsError():
		return true
	case v.IsString():
		return s.work.spend(charCost * len(v.String()))
	case v.IsList(), v.IsDict():
		return s.work.spend(entryCost * v.Len())
	}
	return true
}

// What a value counts, in nanoseconds: for a byte of a text, and for an item or
// member.
const (
	charCost  = 20
	entryCost = 2000
)

// small says whether a value may be worked on.
func small(v *exec.Value) bool {
	switch {
	case v.IsString():
		return len(v.String()) <= maxText
	case v.IsList(), v.IsDict():
		return v.Len() <= maxItems
	}
	return true
}

// made counts a result.
func (s *sandbox) made(v *exec.Value) *exec.Value {
	if v == nil || v.IsError() {
		return v
	}
	if !small(v) {
		return s.bound()
	}
	if v.IsString() {
		s.produced += len(v.String())
	} else if v.IsList() {
		s.produced += 16 * v.Len()
	}
	if s.produced > maxProduced {
		return s.bound()
	}
	return v
}

// The filters of the library that are as bounded as their inputs.
var plainFilters = strings.Fields(`abs capitalize count first float int items last length list lower map max min
	reject rejectattr reverse round select selectattr string striptags sum title trim truncate unique upper
	wordcount`)

// Filters that take a value that is not there.
var lenientFilters = []string{"d", "default"}

func isLenient(filter string) bool { return slices.Contains(lenientFilters, filter) }

var sandboxFilters, sandboxTests = func() (*exec.FilterSet, *exec.TestSet) {
	filters := make(map[string]exec.FilterFunction)
	for _, name := range plainFilters {
		filters[name] = guarded(library(name), false)
	}
	for _, name := range lenientFilters {
		filters[name] = guarded(library(name), true)
	}
	filters["sort"] = guarded(sorted, false)
	filters["replace"] = guarded(replace, false)
	filters["join"] = guarded(join, false)
	filters["tojson"] = guarded(toJSONText, false)
	filters["urlencode"] = guarded(urlEncode, false)
	tests := make(map[string]exec.TestFunction)
	for _, name := range plainTests {
		tests[name] = guardedTest(name)
	}
	return exec.NewFilterSet(filters), exec.NewTestSet(tests)
}()

func library(name string) exec.FilterFunction {
	filter, found := builtins.Filters.Get(name)
	if !found {
		panic("mapping: the template library has no filter " + name)
	}
	return filter
}

// weighAll counts the arguments of a filter or test, each of which may be looked at
// for each item of a list; it is false for one that is too large.
func (s *sandbox) weighAll(params *exec.VarArgs) bool {
	for _, p := range params.Args {
		if !small(p) || !s.weigh(p) {
			return false
		}
	}
	for _, p := range params.KwArgs {
		if !small(p) || !s.weigh(p) {
			return false
		}
	}
	return true
}

func guarded(filter exec.FilterFunction, lenient bool) exec.FilterFunction {
	return func(e *exec.Evaluator, in *exec.Value, params *exec.VarArgs) *exec.Value {
		s := sandboxOf(e)
		switch {
		case !s.leave() || !small(in) || !s.weigh(in):
			return s.bound()
		case !lenient && in.IsError():
			return in
		case !lenient && in.IsNil():
			return s.fail(errExpression) // in a list, which has a filter for its items
		}
		if !s.weighAll(params) {
			return s.bound()
		}
		return s.made(filter(e, in, params))
	}
}

var plainTests = strings.Fields(`== != < <= > >= boolean defined divisibleby eq equalto even false float ge
	greaterthan gt in integer iterable le lessthan lower lt mapping ne none number odd sequence string true undefined
	upper`)

func guardedTest(name string) exec.TestFunction {
	test, found := builtins.Tests.Get(name)
	if !found {
		panic("mapping: the template library has no test " + name)
	}
	run, ok := test.(func(*exec.Context, *exec.Value, *exec.VarArgs) (bool, error))
	if !ok {
		panic("mapping: the test " + name + " is of another kind")
	}
	return func(e *exec.Evaluator, in *exec.Value, params *exec.VarArgs) (bool, error) {
		s := sandboxOf(e)
		if !s.leave() || !s.weigh(in) || !s.weighAll(params) {
			s.exceeded = true
			return false, errBound
		}
		return run(e.Environment.Context, in, params)
	}
}
