//go:build linux

package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// report is what a measurement says: printed at once, and kept for a record.
type report struct {
	out     io.Writer
	text    bytes.Buffer
	figures []figure
}

func (r *report) printf(format string, args ...any) {
	line := fmt.Sprintf(format, args...)
	r.text.WriteString(line)
	_, _ = io.WriteString(r.out, line) // whoever closed it does not read it
}

// table prints rows of tab-separated cells, aligned to the right.
func (r *report) table(rows []string) {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, row := range rows {
		_, _ = fmt.Fprintln(w, row+"\t") // to memory
	}
	_ = w.Flush()
	r.printf("%s", b.String())
}

// describe says how the figures that follow came about. Paths stay out: they say
// nothing to a stranger.
func (r *report) describe(cmd *cobra.Command, g *gateway) {
	command := "hookbench " + cmd.Name()
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if f.Name != "hookgate" && f.Name != "dir" && f.Name != "record" && f.Name != "write" {
			command += fmt.Sprintf(" --%s=%s", f.Name, f.Value)
		}
	})
	r.printf("$ %s\n", command)
	built := builtFrom(g.program)
	if built == unknownCommit {
		built = commit()
	}
	r.printf("%s, hookgate %s, %s, %d x %s, load %s, fsync of the data folder %s\n",
		time.Now().UTC().Format(time.DateOnly), built, runtime.Version(), runtime.NumCPU(), processor(), loadAverage(), fsyncTime(g.folder))
}

// keep appends the report to a record.
func (r *report) keep(file string) error {
	if file == "" {
		return nil
	}
	f, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(f, "```\n%s```\n\n", r.text.String()); err != nil {
		_ = f.Close() // the write's error says more
		return err
	}
	return f.Close()
}

const unknownCommit = "of an unknown commit"

// commit names the source in the current folder, which is that of the program
// unless another one was given.
func commit() string {
	out, err := exec.Command("git", "describe", "--always", "--dirty", "--exclude=*").Output()
	if err != nil {
		return unknownCommit
	}
	return strings.TrimSpace(string(out))
}

func processor() string {
	info, _ := os.ReadFile("/proc/cpuinfo") // unknown where there is none
	for line := range strings.Lines(string(info)) {
		if name, value, found := strings.Cut(line, ":"); found && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}

// fsyncTime measures what durability costs at least: a small append and fsync.
func fsyncTime(folder string) time.Duration {
	f, err := os.Create(filepath.Join(folder, "fsync"))
	if err != nil {
		return 0
	}
	defer f.Close()
	took := &histogram{}
	for range 200 {
		start := time.Now()
		if _, err := f.Write(make([]byte, 512)); err != nil || f.Sync() != nil {
			return 0
		}
		took.add(time.Since(start))
	}
	return short(took.quantile(0.5))
}

// short rounds to three digits or so, for people.
func short(d time.Duration) time.Duration {
	for unit := time.Duration(1); ; unit *= 10 {
		if d < 1000*unit {
			return d.Round(unit)
		}
	}
}

// verdict says whether a figure is within its goal.
func verdict(ok bool) string {
	if ok {
		return "reached"
	}
	return "MISSED"
}
