package mapping

import (
	"cmp"
	"errors"
	"time"

	"hookgate/gateway"
)

// Bounds are what compiled rules may be and take (SPEC 16). A field that is 0 has
// its default.
type Bounds struct {
	Pattern   int           // instructions of one compiled pattern; default 1000
	Variables int           // bytes of all variables of one document together, as JSON; default 1 MiB
	Work      time.Duration // of CPU, for matching and mapping of one document; default 50 ms

	Peaks *Peaks // nil: nobody wants to know
}

// Peaks hear how near to its bounds each thing comes; each must return at once, and may
// be nil.
type Peaks struct{ Pattern, Variables, Work func(n int64) }

func saw(peak func(int64), n int) {
	if peak != nil {
		peak(int64(n))
	}
}

func (b Bounds) Filled() Bounds {
	return Bounds{
		Pattern: cmp.Or(b.Pattern, 1000), Variables: cmp.Or(b.Variables, 1<<20), Work: cmp.Or(b.Work, 50*time.Millisecond),
		Peaks: cmp.Or(b.Peaks, &noPeaks),
	}
}

var noPeaks Peaks

// Why rules give no variables, beside a MissingVariable.
var (
	ErrVariablesTooLarge = errors.New("the mapped variables are together over variables_max")
	ErrTooComplex        = errors.New("matching and mapping takes more work than is allowed")
	// ErrBusy: others of the same tenant take long, and it is not its turn.
	ErrBusy = gateway.Unavailable("too many large or complex bodies are looked into at once", time.Second)
)

// MissingVariable is the name of a required variable that is missing, or not of its
// type.
type MissingVariable string

func (m MissingVariable) Error() string {
	return "the required variable " + string(m) + " is missing, or not of its type"
}
