//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/spf13/cobra"
)

// What issue 15 asks of a gateway with nothing to do.
const (
	goalFirstSize  = 32 << 20              // bytes of the program, stripped
	goalFirstReady = 20 * time.Millisecond // until it is ready
	goalFirstRest  = 32 << 20              // bytes resident
	goalFirstData  = 16 << 20              // bytes of the data folder on the disk
)

// first measures a gateway that nobody uses.
type first struct {
	common
	rounds int
	idle   time.Duration
}

func newFirstCommand() *cobra.Command {
	f := &first{}
	cmd := &cobra.Command{
		Use:   "first",
		Short: "The size, the start and the rest of a gateway with nothing to do",
		Long: `Builds the program as a release is built, and starts it again and again: each time with an
empty data folder, and once more with the folder of the time before. It is ready when it says
so to the service manager (sd_notify), which no poll delays. Then it is left alone for a while,
and what it takes of memory and disk is read.`,
		Example: "  hookbench first --rounds 20 --idle 1m",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if f.rounds < 1 || f.rounds > 1000 {
				return errors.New("--rounds 1 to 1000")
			}
			r := &report{out: cmd.OutOrStdout()}
			if err := f.run(cmd, r); err != nil {
				return err
			}
			return r.keep(f.record)
		},
	}
	f.add(cmd)
	cmd.Flags().IntVar(&f.rounds, "rounds", 11, "starts with an empty folder, and as many with one that is there")
	cmd.Flags().DurationVar(&f.idle, "idle", 30*time.Second, "how long it is left alone")
	return cmd
}

// buildStripped makes the program as configs/release does.
func buildStripped(ctx context.Context, program string) error {
	c := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", program, "hookgate/cmd/hookgate")
	c.Env = append(os.Environ(), "CGO_ENABLED=0")
	return goBuild(c)
}

// begun is one start.
type begun struct{ took, cpu time.Duration }

func (f *first) run(cmd *cobra.Command, r *report) (err error) {
	g, err := newGateway(cmd.Context(), &f.common, buildStripped)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(g.folder)) }()
	program, err := os.Stat(g.program)
	if err != nil {
		return err
	}
	r.describe(cmd, g)
	r.printf("program             %.1f MiB; goal at most %s: %s\n", float64(program.Size())/(1<<20), mib(goalFirstSize), verdict(program.Size() <= goalFirstSize))
	fresh, again := make([]*begun, f.rounds), make([]*begun, f.rounds)
	for i := range f.rounds {
		if err := os.RemoveAll(g.data()); err != nil {
			return err
		}
		if fresh[i], err = g.begin(cmd.Context()); err == nil {
			err = g.halt()
		}
		if err != nil {
			return err
		}
		if again[i], err = g.begin(cmd.Context()); err == nil && i < f.rounds-1 {
			err = g.halt()
		}
		if err != nil {
			return err
		}
	}
	defer func() { err = errors.Join(err, g.halt()) }()
	for _, kind := range []struct {
		name string
		all  []*begun
	}{{"empty", fresh}, {"there", again}} {
		took := time.Duration(middle(kind.all, func(b *begun) float64 { return float64(b.took) }))
		cpu := time.Duration(middle(kind.all, func(b *begun) float64 { return float64(b.cpu) }))
		least := kind.all[0].took
		for _, b := range kind.all {
			least = min(least, b.took)
		}
		r.printf("ready, folder %s %s in the middle of %d, %s at least, CPU %s; goal %s: %s\n",
			kind.name, short(took), f.rounds, short(least), short(cpu), goalFirstReady, verdict(took <= goalFirstReady))
	}
	return f.rest(cmd.Context(), g, r)
}

// rest reads what it takes once it was left alone.
func (f *first) rest(ctx context.Context, g *gateway, r *report) error {
	select {
	case <-time.After(f.idle):
	case <-ctx.Done():
		return ctx.Err()
	}
	memory, err := resident(g.pid())
	if err != nil {
		return err
	}
	own, err := procField(g.pid(), "status", "RssAnon:")
	if err != nil {
		return err
	}
	disk, err := blocks(g.data())
	if err != nil {
		return err
	}
	r.printf("resident at rest    %.1f MiB, %.1f of them not of the program's file, after %s; goal at most %s: %s\n",
		float64(memory)/(1<<20), float64(own<<10)/(1<<20), f.idle, mib(goalFirstRest), verdict(memory <= goalFirstRest))
	r.printf("data folder         %.1f MiB on the disk; goal at most %s: %s\n", float64(disk)/(1<<20), mib(goalFirstData), verdict(disk <= goalFirstData))
	return nil
}

func (g *gateway) data() string { return filepath.Join(g.folder, "data") }

// begin starts the gateway, and waits until it says that it is ready.
func (g *gateway) begin(ctx context.Context) (*begun, error) {
	socket := filepath.Join(g.folder, "notify")
	if err := os.Remove(socket); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	heard, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: socket, Net: "unixgram"})
	if err != nil {
		return nil, err
	}
	defer heard.Close()
	g.env = []string{"NOTIFY_SOCKET=" + socket}
	if err := heard.SetReadDeadline(time.Now().Add(g.patience)); err != nil {
		return nil, err
	}
	start := time.Now()
	if err := g.start(ctx); err != nil {
		return nil, err
	}
	text := make([]byte, 256)
	n, err := heard.Read(text)
	b := &begun{took: time.Since(start)}
	if err == nil && string(text[:n]) != "READY=1" {
		err = fmt.Errorf("it says %q", text[:n])
	}
	if err == nil {
		b.cpu, err = cpuTime(g.pid())
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("hookgate is not ready: %w\n%s", err, g.logged()), g.halt())
	}
	return b, nil
}

// blocks gives what a folder takes on the disk, in bytes.
func blocks(folder string) (sum int64, err error) {
	err = filepath.WalkDir(folder, func(_ string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if s, is := info.Sys().(*syscall.Stat_t); is {
			sum += s.Blocks * 512
		}
		return nil
	})
	return sum, err
}
