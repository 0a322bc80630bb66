// Hookgate is a webhook relay gateway for bot platforms. This command reads the
// line, the environment and the file, and hands over to package gateway/node.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"
)

func main() { os.Exit(run(os.Args[1:])) }

// errShown ends the program with status 1 where everything has been said.
var errShown = errors.New("shown already")

// run is the whole program; it gives the exit status.
func run(args []string) int {
	root := newRootCommand()
	root.SetArgs(args)
	err := root.ExecuteContext(context.Background())
	if err == nil {
		return 0
	}
	if !errors.Is(err, errShown) {
		fmt.Fprintf(root.ErrOrStderr(), "hookgate: %v\n", err)
	}
	return 1
}

func newRootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "hookgate",
		Short: "A webhook relay gateway for bot platforms",
		Long: `hookgate stands in front of a bot platform. Callbacks of third parties find the
chat session that waits for them, whole, durable, and exactly once; what happens in
chats reaches the endpoints of the tenants, signed, and again until it is there.`,
		Args:          cobra.NoArgs,
		RunE:          help,
		Version:       version(),
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	root.SetVersionTemplate(versionLine())
	root.AddCommand(
		newServeCommand(),
		newDemoCommand(),
		newCheckCommand(),
		newTokenCommand(),
		newSignCommand(),
		newVerifyCommand(),
		newVersionCommand(),
	)
	return root
}

// help is what a command does that only has others below it. As it runs, cobra
// refuses words that are no command of it.
func help(cmd *cobra.Command, _ []string) error { return cmd.Help() }
