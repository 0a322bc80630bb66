// Hookgate is a webhook relay gateway for bot platforms. This command reads the
// line, the environment and the file, and hands over to package gateway/node.
package main

import (
	"context"
	"errors"
	"os"

	"github.com/spf13/cobra"
)

func main() { os.Exit(run(os.Args[1:])) }

// errShown ends the program with status 1 where everything has been said.
var errShown = errors.New("shown already")

// run is the whole program; it gives the exit status.
func run(args []string) int {
	root := newRootCommand()
	var b begun
	b.watch(root)
	nameArguments(root)
	root.SetArgs(args)
	cmd, err := root.ExecuteContextC(context.Background())
	status := b.status(err)
	if err != nil && !errors.Is(err, errShown) {
		tell(root.ErrOrStderr(), cmd, err, status)
	}
	return status
}

func newRootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "hookgate",
		Short: "A webhook relay gateway for bot platforms",
		Long: `hookgate stands in front of a bot platform. Callbacks of third parties find the
chat session that waits for them, whole, durable, and exactly once; what happens in
chats reaches the endpoints of the tenants, signed, and again until it is there.`,
		Example:       "  hookgate demo\n  hookgate serve --config hookgate.yaml",
		Args:          cobra.NoArgs,
		RunE:          helpOrVersion,
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	// Not by cobra's SetVersionTemplate: text/template, which that links, keeps every exported
	// method in the program (package markup has more of it).
	root.Flags().BoolP("version", "v", false, "version for hookgate")
	root.AddCommand(newResourceCommands()...)
	root.AddCommand(
		newServeCommand(),
		newDemoCommand(),
		newCheckCommand(),
		newBackupCommand(),
		newRestoreCommand(),
		newRekeyCommand(),
		newMigrateCommand(),
		newStoreCommand(),
		newConfigCommand(),
		newDoctorCommand(),
		newHealthcheckCommand(),
		newSignCommand(),
		newVerifyCommand(),
		newVersionCommand(),
		newApplyCommand(),
		newExportCommand(),
		newWaitCommand(),
		newEventCommand(),
		newDeliveryCommand(),
		newConversationCommand(),
		newCallbackCommand(),
		newNodeCommand(),
		newRouteCommand(),
		newMapCommand(),
		newTailCommand(),
		newStatsCommand(),
		newListenCommand(),
		newTriggerCommand(),
		newManCommand(),
	)
	return root
}

// help is what a command does that only has others below it. As it runs, cobra
// refuses words that are no command of it.
func help(cmd *cobra.Command, _ []string) error { return cmd.Help() }

// helpOrVersion is what hookgate does without a command.
func helpOrVersion(cmd *cobra.Command, args []string) error {
	if asked, err := cmd.Flags().GetBool("version"); err != nil || !asked {
		return help(cmd, args)
	}
	return printVersion(cmd, args)
}
