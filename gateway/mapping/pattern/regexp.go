// Package pattern matches regular expressions (RE2) that somebody wrote for texts that
// somebody else sends: what they compile to is bounded, and what they do is counted.
//
//	regexp   compiles, within bounds of one and of all together
//	machine  runs one over a long text, and can be stopped
package pattern

import (
	"fmt"
	"hookgate/gateway/mapping/work"
	"regexp"
	"regexp/syntax"
	"strings"
)

// Regexp is a regular expression (RE2) that is stopped where it takes too much work.
type Regexp struct {
	quick    *regexp.Regexp // for texts where its worst is known to be little
	program  *syntax.Prog
	anchored bool   // matches at the beginning only
	prefix   []byte // with which every match begins; nil where none is known
}

// Compiler compiles patterns that belong together, and is what they may still be.
type Compiler struct {
	most int // instructions of each
	size int // bytes of their programs, for all
	cost int // nanoseconds for compiling all
	took int // bytes of memory
	peak func(int64)
}

// MaxLength is the longest regular expression in bytes.
const MaxLength = 1024

const (
	maxPatternSize = 1 << 20     // bytes: 10,000 instructions and more
	maxPatternCost = 200_000_000 // nanoseconds
)

// NewCompiler gives what compiles patterns of at most so many instructions each. peak,
// where it is not nil, hears how many each has.
func NewCompiler(most int, peak func(int64)) *Compiler {
	return &Compiler{most: most, size: maxPatternSize, cost: maxPatternCost, peak: peak}
}

// Memory is about how many bytes of memory those take that were compiled.
func (p *Compiler) Memory() int { return p.took }

// Most is how many instructions one may have.
func (p *Compiler) Most() int { return p.most }

// Compile compiles a pattern as regexp.Compile does; the error is for who wrote it.
func (p *Compiler) Compile(text string) (*Regexp, error) {
	if p.cost -= CompileCost(text); p.cost < 0 {
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
	if p.peak != nil {
		p.peak(int64(len(program.Inst)))
	}
	size := programSize(program)
	if p.size -= size; p.size < 0 {
		return nil, fmt.Errorf("all patterns together compile to more than %d KiB", maxPatternSize>>10)
	}
	out := &Regexp{program: program, anchored: program.StartCond()&syntax.EmptyBeginText != 0}
	p.took += 3 * size // the library keeps the program in a form of its own, too
	switch {
	case !out.anchored:
	case len(program.Inst) <= onePassMost && runes(program) <= 4*onePassMost:
		p.took += onePass * len(program.Inst)
	default:
		text = "()" + text // which for the library is not anchored
	}
	if out.quick, err = regexp.Compile(text); err != nil {
		return nil, err
	}
	if prefix, _ := out.quick.LiteralPrefix(); prefix != "" && !out.anchored {
		out.prefix = []byte(prefix)
	}
	return out, nil
}

// The library has a third form of the program for patterns that match at the beginning only, with
// tables for each instruction of all runes that follow: of ^\pL{900}$ it has 7 MiB (Go 1.26,
// regexp/onepass.go). So it gets no large ones to make one of.
const (
	onePass     = 112 // bytes that it takes for an instruction
	onePassMost = 64  // instructions; and ends of the ranges of their classes, four times as many
)

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

// runes is how many the classes of all instructions have, each of its own.
func runes(p *syntax.Prog) (n int) {
	for i := range p.Inst {
		n += len(p.Inst[i].Rune)
	}
	return n
}

// CompileCost is the nanoseconds that compiling a pattern takes at most: classes of
// Unicode have hundreds of ranges, and more where case is folded.
func CompileCost(text string) int {
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

// Match says whether the pattern matches somewhere in text. Where the work is used up
// it is false, and w says so.
func (p *Regexp) Match(text []byte, w *work.Budget) bool {
	if worst := byteCost * (len(text) + 1) * len(p.program.Inst); worst <= quickMatch {
		return w.Spend(worst) && p.quick.Match(text)
	}
	return p.run(text, w)
}

// byteCost is the work of one byte of text for one instruction, by the library.
const byteCost = 16

// quickMatch is the work that a match may be sure to stay below and need not be
// watched: 80 bytes for 20 instructions.
const quickMatch = 25_000
