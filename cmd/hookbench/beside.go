//go:build linux

package main

import (
	"context"
	"debug/buildinfo"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// pairs compares two builds in one run.
type pairs struct {
	common
	before string // the program of before
	n      int
	most   float64
}

func newBesideCommand() *cobra.Command {
	p := &pairs{}
	cmd := &cobra.Command{
		Use:   "beside --with PROGRAM [flags] MEASUREMENT [its flags]",
		Short: "Two builds beside each other, in one run",
		Long: `Runs a measurement of the build of before and of that of now in pairs, each with a
gateway of its own: before, now; now, before; and so on, so that a slow moment of the
machine falls on both, and neither always comes first. A measurement that has rounds
makes one, unless --rounds says otherwise: many short pairs tell more than few long ones.

Of each figure it says the middle of both builds, then the middle and the quartiles of
what each pair has as the ratio. It is WORSE where the middle is worse by more than
--most percent and three quarters of all pairs are worse; where not so many are, that
is unclear: more pairs tell. CPU, allocations and what is a ratio to the echo carry
over from one run to the next; latencies hardly do.`,
		Example: `  hookbench beside --with ./hookgate-before callbacks
  hookbench beside --with ./hookgate-before --pairs 20 events --deliver --count 10000`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if p.before == "" || p.n < 1 || p.n > 1000 || p.most < 0 {
				return fmt.Errorf("--with names the program of before, --pairs is 1 to 1000, --most 0 or more")
			}
			return p.run(cmd, args)
		},
	}
	p.add(cmd)
	flags := cmd.Flags()
	flags.SetInterspersed(false) // what follows the measurement's name is the measurement's
	flags.StringVar(&p.before, "with", "", "the program of before")
	flags.IntVar(&p.n, "pairs", 10, "how often each of the two is measured")
	flags.Float64Var(&p.most, "most", 2, "percent that a figure may be worse by")
	return cmd
}

func (p *pairs) run(cmd *cobra.Command, args []string) error {
	folder, err := os.MkdirTemp(p.dir, "hookbench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	now := p.hookgate
	if now == "" {
		now = filepath.Join(folder, "hookgate")
		if err := build(cmd.Context(), now); err != nil {
			return err
		}
	}
	r := &report{out: cmd.OutOrStdout()}
	r.printf("$ hookbench beside --with=BEFORE --pairs=%d --most=%g %s\n", p.n, p.most, strings.Join(args, " "))
	r.printf("%s, hookgate %s beside %s of before, %s, %d x %s, load %s\n",
		time.Now().UTC().Format(time.DateOnly), builtFrom(now), builtFrom(p.before), runtime.Version(), runtime.NumCPU(), processor(), loadAverage())
	all := &paired{}
	err = all.measure(p.n, func(old bool) ([]figure, error) {
		program := now
		if old {
			program = p.before
		}
		return once(cmd.Context(), args, "--hookgate", program, "--dir", folder, "--record", "")
	})
	if err != nil {
		return err
	}
	all.tell(r, p.most/100)
	return r.keep(p.record)
}

// builtFrom gives the commit that a program says it was built from.
func builtFrom(program string) string {
	info, err := buildinfo.ReadFile(program)
	if err != nil {
		return unknownCommit
	}
	said := map[string]string{}
	for _, s := range info.Settings {
		said[s.Key] = s.Value
	}
	name := said["vcs.revision"]
	if name == "" {
		return unknownCommit
	}
	name = name[:min(7, len(name))]
	if said["vcs.modified"] == "true" {
		name += "-dirty"
	}
	return name
}

// once runs one measurement, and gives its figures.
func once(ctx context.Context, args []string, ours ...string) (all []figure, err error) {
	root := newRootCommand()
	args = slices.Clone(args)
	if cmd, _, err := root.Find(args); err == nil && cmd.Flags().Lookup("rounds") != nil {
		args = slices.Insert(args, 1, "--rounds=1")
	}
	root.SetArgs(append(args, ours...))
	root.SetOut(io.Discard)
	root.SetErr(io.Discard)
	err = root.ExecuteContext(context.WithValue(ctx, figuresKey{}, func(f []figure) { all = append(all, f...) }))
	if err == nil && len(all) == 0 {
		err = fmt.Errorf("%s has no figures to compare", args[0])
	}
	return all, err
}
