package directory

import (
	"fmt"
	"time"

	"hookgate/auth/signature"
	"hookgate/gateway"
	"hookgate/gateway/mapping"
)

// Options is what compiling needs to know beside the resource itself.
type Options struct {
	// MaxBody is the most that a callback's body may have where its source says
	// nothing: public.max_body.
	MaxBody gateway.Size
	// Mapping bounds what rules may be and take; its Variables are for where a source or
	// webhook says nothing.
	Mapping mapping.Bounds
	// Rules is equal, and not "", for options whose functions say the same of everything.
	Rules string
	// CheckURL refuses what can be no target of an outbound request; trusted is
	// what the file names as platform, which the egress rules do not bind.
	CheckURL func(url string, trusted bool) error
	// CheckHeader refuses a header field that no operator may set.
	CheckHeader func(name, value string) error
	// Certificates gives the certificates that providers sign with; nil where
	// nothing but the check of a configuration is wanted.
	Certificates *signature.Certificates
	// Stored says that what is compiled was accepted before, maybe under fewer rules:
	// those that only keep from writing what cannot have been meant are left out.
	Stored bool
	// KeySets gives the keys that tokens are signed with; nil as Certificates.
	KeySets *signature.KeySets
}

// Same says whether what is compiled with either options is the same. Where that is not
// known it is not.
func (o Options) Same(as Options) bool {
	return o.Rules != "" && o.Rules == as.Rules && o.MaxBody == as.MaxBody && o.Mapping == as.Mapping && o.Stored == as.Stored &&
		o.Certificates == as.Certificates && o.KeySets == as.KeySets
}

// Bounds and defaults of what a tenant or a part of one says (SPEC 5, 7, 8, 14).
const (
	DefaultEarlyTTL     = 60 * time.Second
	MaxEarlyTTL         = 300 * time.Second
	DefaultEarlyMax     = 1000
	MaxEarlyMax         = 100_000
	DefaultDedupeWindow = 24 * time.Hour
	MinDedupeWindow     = time.Second
	MaxSourceBody       = 16 << 20 // bytes
	MaxVariablesBytes   = 16 << 20
	DefaultTimeout      = 15 * time.Second
	MinTimeout          = time.Millisecond
	MaxTimeout          = 60 * time.Second
	MaxRetention        = 365 * 24 * time.Hour
	DefaultTokenHeader  = "X-Webhook-Token"
	DefaultConcurrency  = 16
	MaxConcurrency      = 1000
	MaxEndpoints        = 100_000 // of one tenant with all below it: as many deliveries as a publish makes
	MaxBatchEvents      = 1000
	DefaultBatchWait    = time.Second
	MaxBatchWait        = 5 * time.Minute
	DefaultOrderedHold  = time.Hour
	MinOrderedHold      = time.Second
	MaxOrderedHold      = 7 * 24 * time.Hour
	DefaultDisableAfter = 120 * time.Hour
	MaxDisableAfter     = 365 * 24 * time.Hour
	MinExpireAfter      = 2 * time.Minute
	MaxExpireAfter      = 7 * 24 * time.Hour
	DefaultCallTimeout  = 5 * time.Second
	DefaultCallPause    = 200 * time.Millisecond // before a call's second attempt, where its retry names none
	maxName             = 256                    // bytes; of a webhook: characters
	storyID             = 24                     // characters
	maxCallToken        = 1024                   // characters
	maxQuery            = 50
	maxQueryName        = 256     // bytes
	maxCallBody         = 1 << 20 // bytes, as much as may be rendered
	maxAccountKeys      = 1000
	maxAccountKey       = 256 // bytes
	maxAbove            = 16  // tenants above one, when it is written
	maxWalk             = 64  // steps up the tree; more than maxAbove, since what has others below it may move
)

// tokenParam is the query parameter in which a chatbot call carries its token.
const tokenParam = "token"

// faults collects what is wrong with one resource.
type faults []gateway.Fault

func (f *faults) add(path, format string, args ...any) {
	*f = append(*f, gateway.Fault{Path: path, Message: fmt.Sprintf(format, args...)})
}

func (f *faults) under(place string, more []gateway.Fault) {
	*f = append(*f, gateway.Under(place, more)...)
}

// variables gives the bounds of mapping for what may have so many bytes of variables;
// nil is the default.
func (o Options) variables(path string, size *gateway.Size, f *faults) mapping.Bounds {
	b := o.Mapping.Filled()
	if size == nil {
		return b
	}
	if *size < 1 || *size > MaxVariablesBytes {
		f.add(path, "is %d: must be 1 to %d bytes", *size, MaxVariablesBytes)
	}
	b.Variables = int(*size)
	return b
}

// span gives a duration within its bounds; nil is the default.
func (f *faults) span(path string, d *gateway.Duration, unset, least, most time.Duration) time.Duration {
	if d == nil {
		return unset
	}
	if span := time.Duration(*d); span < least || span > most {
		f.add(path, "is %s: must be %s to %s", d, gateway.Duration(least), gateway.Duration(most))
	}
	return time.Duration(*d)
}

// count gives a number of 1 to most; nil is the default. hint ends the fault.
func (f *faults) count(path string, n *int, unset, most int, hint string) int {
	if n == nil {
		return unset
	}
	if *n < 1 || *n > most {
		f.add(path, "is %d: must be 1 to %d%s", *n, most, hint)
	}
	return *n
}
