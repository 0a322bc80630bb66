package api

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"hookgate/gateway"
	"hookgate/gateway/audit"
	"hookgate/gateway/fields"
	"hookgate/gateway/waiting"
)

// What is done to a wait by hand (SPEC O2).

// resolve ends a wait as a callback would have.
func (h *waits) resolve(c *call) (answer, error) {
	as, err := readResolution(c)
	if err != nil {
		return answer{}, err
	}
	asked := []audit.Change{{Path: "branch", After: as.Branch}}
	if as.Match != "" {
		asked = append(asked, audit.Change{Path: "match", After: as.Match})
	}
	return h.byHand(c, audit.Resolve, "a wait was resolved by hand", func(ctx context.Context, by waiting.Doer) (*gateway.Wait, error) {
		return h.sessions.Resolve(ctx, c.params.tenant, c.params.id, as, by)
	}, asked...)
}

// extend gives a wait another deadline.
func (h *waits) extend(c *call) (answer, error) {
	tree, _, err := c.body()
	if err != nil {
		return answer{}, err
	}
	var b struct {
		TimeoutSeconds *int `json:"timeout_seconds"`
	}
	f := &faults{fields.Decode(tree, &b)}
	switch {
	case b.TimeoutSeconds == nil:
		f.add("timeout_seconds", "is missing")
	case *b.TimeoutSeconds < 1 || *b.TimeoutSeconds > gateway.MaxWaitSeconds:
		f.add("timeout_seconds", "must be a whole number from 1 to "+strconv.Itoa(gateway.MaxWaitSeconds))
	}
	if err := gateway.Invalid(f.list); err != nil {
		return answer{}, err
	}
	return h.byHand(c, audit.Extend, "a wait was extended by hand", func(ctx context.Context, by waiting.Doer) (*gateway.Wait, error) {
		return h.sessions.Extend(ctx, c.params.tenant, c.params.id, time.Duration(*b.TimeoutSeconds)*time.Second, by)
	}, audit.Change{Path: "timeout_seconds", After: *b.TimeoutSeconds})
}

// byHand does something to the path's wait and answers with it.
func (h *waits) byHand(c *call, action audit.Action, what string, do func(context.Context, waiting.Doer) (*gateway.Wait, error), asked ...audit.Change) (answer, error) {
	ctx, stop := context.WithTimeout(context.Background(), maxTurn)
	defer stop()
	var w *gateway.Wait
	err := c.deed(action, "waits/"+c.params.id, func(told gateway.AuditLine) (err error) {
		w, err = do(ctx, waiting.Doer{Scope: string(c.by.Scope), TokenID: c.by.TokenID, Told: []gateway.AuditLine{told}})
		return err
	}, asked...)
	if err != nil {
		return answer{}, busy(err)
	}
	c.audit(what, "tenant", w.Tenant, "source", w.Source, "wait_id", w.ID)
	return showWait(c, http.StatusOK, w)
}

const (
	maxOutcomeName = 64      // characters, as in a source's rules
	maxResolved    = 1 << 20 // bytes of JSON of the variables, as of a callback's by default
)

// readResolution reads the outcome that a wait is given by hand.
func readResolution(c *call) (as waiting.Resolution, err error) {
	tree, raw, err := c.body()
	if err != nil {
		return as, err
	}
	var b struct {
		Branch    gateway.Branch `json:"branch"`
		Match     string         `json:"match"`
		Variables gateway.Raw    `json:"variables"`
	}
	f := &faults{fields.Decode(tree, &b)}
	switch b.Branch {
	case gateway.Success, gateway.Failure:
	case "":
		f.add("branch", "is missing")
	default:
		f.add("branch", "must be SUCCESS or FAILURE")
	}
	if utf8.RuneCountInString(b.Match) > maxOutcomeName || strings.ContainsFunc(b.Match, func(r rune) bool { return !unicode.IsPrint(r) }) {
		f.add("match", "must have at most "+strconv.Itoa(maxOutcomeName)+" characters, all of them visible")
	}
	as = waiting.Resolution{Branch: b.Branch, Match: b.Match, Variables: written(raw, "variables")}
	if as.Variables != nil {
		checkVariables(f, tree, len(as.Variables))
	}
	return as, gateway.Invalid(f.list)
}

// checkVariables looks at the variables of a body, which have so many bytes.
func checkVariables(f *faults, tree any, size int) {
	body, _ := tree.(*fields.Object)
	if body == nil {
		return // that it is no object is a fault already
	}
	value, _ := body.Get("variables")
	variables, is := value.(*fields.Object)
	switch {
	case !is:
		f.add("variables", "must be an object")
		return
	case variables.Len() > gateway.MaxVariables:
		f.add("variables", "are over "+strconv.Itoa(gateway.MaxVariables))
		return
	case size > maxResolved:
		f.add("variables", "have over "+strconv.Itoa(maxResolved)+" bytes of JSON")
		return
	}
	for name := range variables.All() {
		if !gateway.IsVariableName(name) {
			f.add(fields.Member("variables", name), "a name has 1 to "+strconv.Itoa(gateway.MaxVariableName)+" letters, digits, _ - .")
		}
	}
}
