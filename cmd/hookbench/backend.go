//go:build linux

package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/valyala/fasthttp"
)

// answerTail is what a backend answers behind the number of the call: ten fields to
// map, and some more, 2 KB in all.
var answerTail = func() string {
	var b strings.Builder
	b.WriteString(`,"account":{`)
	for i := range 10 {
		fmt.Fprintf(&b, `"field_%d":"value %d",`, i, i)
	}
	b.WriteString(`"balance":1200.50},"note":"`)
	b.WriteString(strings.Repeat("x", 2048-b.Len()))
	return b.String() + `"}`
}()

// newBackendCommand is a backend that answers at once, whatever way it is asked.
func newBackendCommand() *cobra.Command {
	return &cobra.Command{
		Use:    "backend",
		Short:  "Serve as the backend of calls",
		Hidden: true,
		Args:   cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return serveChild(cmd, func(ctx *fasthttp.RequestCtx) {
				seq, _, found := number(ctx.PostBody(), seqMember)
				if !found {
					ctx.Error("no call", fasthttp.StatusBadRequest)
					return
				}
				ctx.SetContentType("application/json")
				body := strconv.AppendInt(append(ctx.Response.Body()[:0], `{`+seqMember...), seq, 10)
				ctx.SetBody(append(body, answerTail...))
			})
		},
	}
}
