package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

//go:generate go run . man ../../configs/man

// newManCommand writes the manual's pages, for packages. The library that does so for cobra
// makes them by way of Markdown, with two more modules in the program; these are a page.
func newManCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "man DIR",
		Short:   "Write the pages of the manual",
		Long:    "Write the pages of the manual into a folder, one a command, for man: what packages bring\nalong.",
		Example: "  hookgate man man1",
		Args:    cobra.ExactArgs(1),
		Hidden:  true,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := os.MkdirAll(args[0], 0o755); err != nil {
				return err
			}
			for name, page := range manPages(cmd.Root()) {
				if err := os.WriteFile(filepath.Join(args[0], name), []byte(page), 0o644); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

// manPages gives the pages by the names of their files: one of the program, and one of each
// of its commands, with all below it.
func manPages(root *cobra.Command) map[string]string {
	pages := map[string]string{}
	var also []string
	for _, cmd := range root.Commands() {
		if cmd.Hidden || cmd.Name() == "help" || cmd.Name() == "completion" {
			continue
		}
		name := "hookgate-" + cmd.Name()
		also = append(also, "\\fB"+roff(name)+"\\fR(1)")
		page := manHead(name, cmd) + manCommand(cmd, "SYNOPSIS")
		page += ".SH EXIT STATUS\n0: done. 1: refused, or failed. 2: wrong usage, and nothing was done.\n.SH SEE ALSO\n\\fBhookgate\\fR(1)\n"
		pages[name+".1"] = page
	}
	pages["hookgate.1"] = manHead("hookgate", root) + manCommand(root, "SYNOPSIS") + manEnvironment + ".SH SEE ALSO\n" + strings.Join(also, ",\n") + "\n"
	return pages
}

// manEnvironment is what all commands that ask a gateway take from the environment.
const manEnvironment = `.SH ENVIRONMENT
.TP
\fBHOOKGATE_SERVER\fR
URL of the internal listener of the hookgate that is asked.
.TP
\fBHOOKGATE_TOKEN\fR
The token.
.TP
\fBHOOKGATE_TENANT\fR
The tenant.
.TP
\fBNO_COLOR\fR
No colours.
`

func manHead(name string, cmd *cobra.Command) string {
	return fmt.Sprintf(".TH %s 1 \"\" hookgate\n.SH NAME\n%s \\- %s\n", strings.ToUpper(roff(name)), roff(name), roff(cmd.Short))
}

// manCommand tells of a command, and of those below it.
func manCommand(cmd *cobra.Command, head string) string {
	var b strings.Builder
	fmt.Fprintf(&b, ".SH %s\n\\fB%s\\fR\n.PP\n", roff(strings.ToUpper(head)), roff(cmd.UseLine()))
	for paragraph := range strings.SplitSeq(cmd.Long, "\n\n") {
		fmt.Fprintf(&b, "%s\n.PP\n", roff(paragraph))
	}
	cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
		if !f.Hidden && f.Name != "help" {
			b.WriteString(manFlag(f))
		}
	})
	fmt.Fprintf(&b, ".PP\n.nf\n%s\n.fi\n", roff(cmd.Example))
	if !cmd.HasParent() {
		return b.String() // its commands have pages of their own
	}
	for _, below := range cmd.Commands() {
		if !below.Hidden && below.Name() != "help" {
			b.WriteString(manCommand(below, strings.TrimPrefix(below.CommandPath(), cmd.Root().Name()+" ")))
		}
	}
	return b.String()
}

func manFlag(f *pflag.Flag) string {
	value, usage := pflag.UnquoteUsage(f)
	name := "\\-\\-" + roff(f.Name)
	if f.Shorthand != "" {
		name = "\\-" + roff(f.Shorthand) + ", " + name
	}
	if value != "" {
		name += " \\fI" + roff(value) + "\\fR"
	}
	return fmt.Sprintf(".TP\n\\fB%s\\fR\n%s\n", name, roff(usage))
}

// roff has a text read as it is: no line of it is a request.
func roff(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`).Replace(text)
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, ".") || strings.HasPrefix(line, "'") {
			lines[i] = `\&` + line
		}
	}
	return strings.Join(lines, "\n")
}
