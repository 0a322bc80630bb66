package mapping

import (
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"
)

// pattern is a regular expression (RE2) that is stopped where it takes too much work.
type pattern struct {
	quick    *regexp.Regexp // for texts where its worst is known to be little
	program  *syntax.Prog
	anchored bool   // matches at the beginning only
	prefix   []byte // with which every match begins; nil where none is known
}

// patterns is what the patterns that are compiled together may still be.
type patterns struct {
	most int // instructions of each
	size int // bytes of memory for all
	cost int // nanoseconds for compiling all
	peak func(int64)
}

const (
	maxPatternSize = 1 << 20     // bytes: 10,000 instructions and more
	maxPatternCost = 200_000_000 // nanoseconds
)

func newPatterns(b Bounds) patterns {
	b = b.Filled()
	return patterns{most: b.Pattern, size: maxPatternSize, cost: maxPatternCost, peak: b.Peaks.Pattern}
}

// compile compiles a pattern as regexp.Compile does; the error is for who wrote it.
func (p *patterns) compile(text string) (*pattern, error) {
	if p.cost -= compileCost(text); p.cost < 0 {
		return nil, fmt.Errorf("all patterns together take too long to compile")
	}
	tree, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		return nil, err
	}
	// What is repeated grows when it is compiled: (a{30}){30} to 900 and more.
	if n := instructions(tree); n > 2*p.most {
		return nil, fmt.Errorf("the compiled pattern has over %d instructions: at most %d", 2*p.most, p.most)
	}
	program, err := syntax.Compile(tree.Simplify())
	if err != nil {
		return nil, err
	}
	if n := len(program.Inst); n > p.most {
		return nil, fmt.Errorf("the compiled pattern has %d instructions: at most %d", n, p.most)
	}
	saw(p.peak, len(program.Inst))
	if p.size -= programSize(program); p.size < 0 {
		return nil, fmt.Errorf("all patterns together compile to more than %d KiB", maxPatternSize>>10)
	}
	quick, err := regexp.Compile(text)
	if err != nil {
		return nil, err
	}
	out := &pattern{quick: quick, program: program, anchored: program.StartCond()&syntax.EmptyBeginText != 0}
	if prefix, _ := quick.LiteralPrefix(); prefix != "" && !out.anchored {
		out.prefix = []byte(prefix)
	}
	return out, nil
}

// programSize is about what a program takes in memory, in bytes. Instructions that
// were repeated share their class.
func programSize(p *syntax.Prog) int {
	size := 0
	known := map[*rune]bool{}
	for i := range p.Inst {
		size += 48
		if class := p.Inst[i].Rune; len(class) > 0 && !known[&class[0]] {
			known[&class[0]] = true
			size += 4 * len(class)
		}
	}
	return size
}

// compileCost is the nanoseconds that compiling a pattern takes at most: classes of
// Unicode have hundreds of ranges, and more where case is folded.
func compileCost(text string) int {
	classes := strings.Count(text, `\p`) + strings.Count(text, `\P`)
	each := classCost
	if strings.Contains(text, "(?") {
		each *= foldFactor
	}
	return compileBase + compileByte*len(text) + each*classes
}

const (
	compileBase = 10_000
	compileByte = 2_000
	classCost   = 50_000
	foldFactor  = 8
)

// instructions is about how many a tree compiles to, without compiling it; it may be
// less than there are, but not by half.
func instructions(re *syntax.Regexp) int {
	const enough = 1 << 30
	n := 0
	for _, sub := range re.Sub {
		n = min(n+instructions(sub), enough)
	}
	switch re.Op {
	case syntax.OpLiteral:
		return len(re.Rune)
	case syntax.OpAlternate:
		return n + len(re.Sub) - 1
	case syntax.OpCapture:
		return n + 2
	case syntax.OpStar, syntax.OpPlus, syntax.OpQuest:
		return n + 1
	case syntax.OpRepeat:
		if re.Max < 0 {
			return min(max(re.Min, 1)*n+1, enough)
		}
		return min(re.Max*n+re.Max-re.Min, enough)
	case syntax.OpConcat:
		return n
	}
	return 1
}

// match says whether the pattern matches somewhere in text. Where the work is used up
// it is false, and w says so.
func (p *pattern) match(text []byte, w *work) bool {
	if worst := patternCost * (len(text) + 1) * len(p.program.Inst); worst <= quickMatch {
		return w.spend(worst) && p.quick.Match(text)
	}
	return w.spend(machineCost) && p.run(text, w)
}

// quickMatch is the work that a match may be sure to stay below and need not be
// watched: 80 bytes for 20 instructions.
const quickMatch = 25_000
