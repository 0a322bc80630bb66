package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"syscall"

	"github.com/spf13/cobra"

	"hookgate/configs"
	"hookgate/gateway/node"
)

func newServeCommand() *cobra.Command {
	var f configs.Flags
	var acceptLoss bool
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run the gateway",
		Long: `Run the gateway: the public listener for callbacks, the internal one for
everything else. Without a file it runs on defaults.

Flags win over the environment (HOOKGATE_CONFIG, HOOKGATE_PUBLIC_ADDR,
HOOKGATE_INTERNAL_ADDR, HOOKGATE_DATA_DIR, HOOKGATE_ADMIN_TOKEN,
HOOKGATE_MASTER_KEY, HOOKGATE_PUBLIC_URL, HOOKGATE_LOG_LEVEL,
HOOKGATE_LOG_FORMAT), the environment over the file, the file over the defaults.

SIGHUP loads the file again, all or nothing. SIGTERM and SIGINT stop: what is in
flight is finished first; a second one stops at once.

Sockets of a service manager (LISTEN_FDS) are taken instead of binding: one named public,
internal or console is that listener's, any other that of its address. Who connects during
a restart waits there. Under WATCHDOG_USEC the manager is told while this process works.

A data folder that holds less than it last knew is refused, and left as it is:
restore a backup. With --accept-data-loss this start goes on with what can be
read of it, and keeps what is damaged in a folder damaged-… inside it.`,
		Example: `  hookgate serve
  hookgate serve --config hookgate.yaml --data /var/lib/hookgate`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return serve(cmd.Context(), configs.Options{Flags: f, Environ: os.Environ()}, acceptLoss, cmd.ErrOrStderr())
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.Config, "config", "", "configuration file")
	flags.StringVar(&f.Public, "public", "", "address of the public listener (default :8080)")
	flags.StringVar(&f.Internal, "internal", "", "address of the internal listener (default 127.0.0.1:8081)")
	flags.StringVar(&f.Data, "data", "", "data folder (default ./hookgate-data)")
	flags.BoolVar(&acceptLoss, "accept-data-loss", false, "start with what can be read of a damaged data folder")
	return cmd
}

// collectLater puts the first collection of garbage off, until the heap has four times the size at
// which it comes else, 4 MB: a start that ends below that collects nothing before it is ready. It
// is that one time. What a large data folder takes is collected as ever, and GOGC and GOMEMLIMIT
// keep their meaning.
func collectLater() {
	usual := debug.SetGCPercent(-1)
	debug.SetGCPercent(4 * usual) // none stays none
	runtime.AddCleanup(&struct{ self *int }{}, func(usual int) { debug.SetGCPercent(usual) }, usual)
}

func serve(ctx context.Context, o configs.Options, acceptLoss bool, stderr io.Writer) error {
	collectLater()
	holdMemory()
	// From the first moment on: a signal while the store opens must not be lost.
	// Nothing undoes it: serve ends with the process.
	stop, hangup := make(chan os.Signal, 2), make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	signal.Notify(hangup, syscall.SIGHUP)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		<-stop
		cancel()
		<-stop
		fmt.Fprintln(stderr, "hookgate: stopped at once by a second signal")
		os.Exit(1)
	}()

	loader := configs.Loader{Options: o}
	prepared := node.Prepare(version())
	loader.Check = prepared.Check // all mistakes are in one report; what is compiled is kept for the node
	c, err := loader.Load()
	loader.Check = nil
	if err != nil {
		return fmt.Errorf("configuration:\n%w", err)
	}
	file, err := o.File()
	if err != nil {
		return err
	}
	n, err := node.New(node.Options{
		Load:    loader.Load,
		NoFile:  file == "",
		Log:     newLogger(c.Log, stderr),
		Stderr:  stderr,
		Version: version(), Prepared: prepared,

		AcceptDataLoss: acceptLoss,
	})
	if err != nil {
		return err
	}
	go func() {
		for range hangup {
			_, _ = n.Reload() // all or nothing; the node logs and counts how it went
		}
	}()
	return n.Run(ctx)
}

// newLogger makes the logger that the configuration asks for.
func newLogger(c configs.Log, w io.Writer) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.Level)); err != nil {
		level = slog.LevelInfo // configs has checked the word
	}
	o := &slog.HandlerOptions{Level: level}
	if c.Format == "text" {
		return slog.New(slog.NewTextHandler(w, o))
	}
	return slog.New(slog.NewJSONHandler(w, o))
}
