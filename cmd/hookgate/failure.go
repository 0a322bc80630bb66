package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/spf13/cobra"

	"hookgate/gateway"
	"hookgate/gateway/client"
)

// Exit statuses (SPEC-operations O7).
const (
	exitDone   = 0
	exitFailed = 1 // refused, or failed
	exitUsage  = 2 // wrong usage: nothing was done
)

// usageError is of a line that is no command of ours.
type usageError struct{ error }

func (u usageError) Unwrap() error { return u.error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// begun is set when a command's own work begins: what fails before is wrong usage.
type begun struct{ yes bool }

// watch has all commands below cmd say when their work begins.
func (b *begun) watch(cmd *cobra.Command) {
	if run := cmd.RunE; run != nil {
		cmd.RunE = func(cmd *cobra.Command, args []string) error {
			b.yes = true
			return run(cmd, args)
		}
	}
	for _, below := range cmd.Commands() {
		b.watch(below)
	}
}

// status is what the program exits with.
func (b *begun) status(err error) int {
	_, usage := errors.AsType[usageError](err)
	switch {
	case err == nil:
		return exitDone
	case usage || !b.yes:
		return exitUsage
	}
	return exitFailed
}

// tell says why a command failed, and what can be done next.
func tell(to io.Writer, cmd *cobra.Command, err error, status int) {
	problem, refused := errors.AsType[*client.Problem](err)
	if !refused || len(problem.Errors) < 2 {
		fmt.Fprintf(to, "hookgate: %v\n", err)
	} else { // each fault on a line of its own
		text, _, _ := strings.Cut(err.Error(), "; "+problem.Errors[0].String())
		fmt.Fprintf(to, "hookgate: %s\n", text)
		for _, fault := range problem.Errors {
			fmt.Fprintf(to, "  %s\n", fault)
		}
	}
	if next := nextStep(cmd, err, problem, status); next != "" {
		fmt.Fprintf(to, "%s\n", next)
	}
	if refused && problem.RequestID != "" {
		fmt.Fprintf(to, "Its log has more under request %s.\n", problem.RequestID)
	}
}

// nextStep is what somebody does about a failure; "" where the failure says it.
func nextStep(cmd *cobra.Command, err error, p *client.Problem, status int) string {
	switch {
	case status == exitUsage && cmd != nil:
		return fmt.Sprintf("See %s --help.", cmd.CommandPath())
	case p != nil:
		return steps[p.Code]
	}
	if op, is := errors.AsType[*net.OpError](err); is && op.Op == "dial" {
		return "Is it running there? --server or HOOKGATE_SERVER says where its internal listener is."
	}
	return ""
}

// steps are what somebody does about a refusal.
var steps = map[gateway.Code]string{
	gateway.CodeUnauthenticated:       "Set HOOKGATE_TOKEN to a token that is in force; hookgate token create makes one.",
	gateway.CodeForbidden:             "It takes a token of another scope: see hookgate token list.",
	gateway.CodeNotFound:              "The list command beside it shows what there is, and hookgate tenant list which tenants.",
	gateway.CodeInvalidField:          "Correct what is said, and do it again: nothing was changed.",
	gateway.CodeInvalidBody:           "Correct what is said, and do it again: nothing was changed.",
	gateway.CodeRateLimited:           "Try again later.",
	gateway.CodeUnavailable:           "Try again later; hookgate's log says what it lacks.",
	gateway.CodeDraining:              "It is stopping: try again when it is back.",
	gateway.CodeChangedMeanwhile:      "Do it again: it will see what somebody else has changed.",
	gateway.CodeManagedByFile:         "Change it in the configuration file, and reload.",
	gateway.CodeWaitExists:            "See it with hookgate wait list, or end it with hookgate wait cancel.",
	gateway.CodeTenantHasChildren:     "hookgate tenant list shows them by their parent.",
	gateway.CodePlatformNotConfigured: "Set platform.url of the tenant, or open the wait with --mode poll.",
}
