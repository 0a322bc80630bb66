//go:build linux

package main

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"hookgate/gateway/gatewaytest/postgres"
)

// TestMain makes the test binary serve as the echo, the sink and the backend, which are started
// as the program itself.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && slices.Contains([]string{"echo", "relay", "sink", "securesink", "backend", "reverseproxy"}, os.Args[1]) {
		main()
		return
	}
	code := m.Run()
	if theProgram.dir != "" {
		_ = os.RemoveAll(theProgram.dir) // what is left of it is the system's to clear
	}
	os.Exit(code)
}

// theProgram is built once for all.
var theProgram struct {
	sync.Once
	dir string
	err error
}

// built gives the path of the program as the tree has it.
func built(t *testing.T) string {
	t.Helper()
	theProgram.Do(func() {
		if theProgram.dir, theProgram.err = os.MkdirTemp("", "hookbench-"); theProgram.err == nil {
			theProgram.err = build(context.Background(), filepath.Join(theProgram.dir, "hookgate"))
		}
	})
	if theProgram.err != nil {
		t.Fatal(theProgram.err)
	}
	return filepath.Join(theProgram.dir, "hookgate")
}

// TestMeasures runs every measurement against the program as it is built now, too
// small for its figures to mean anything: each checks all answers itself.
func TestMeasures(t *testing.T) {
	program := built(t)
	for _, c := range []struct{ args, want string }{
		{"callbacks --count 100 --rounds 1", "callbacks / echo"},
		{"callbacks --count 100 --rounds 1 --verify token --early", "waits opened / echo"},
		{"callbacks --count 100 --rounds 1 --verify stripe --variables 50 --body 4096", "allocs a callback"},
		{"callbacks --count 100 --rounds 1 --verify github", "CPU a callback"},
		{"callbacks --count 100 --rounds 1 --soak 1s", "p99 / p50"},
		{"callbacks --soak 1s --rate 100", "p99 / p50"},
		{"holds --count 50", "all 50 holders had their own answer"},
		{"holds --count 50 --attach", "a hold"},
		{"timers --count 200 --held 5 --first 1 --spread 1", "205 waits: late"},
		{"events --accept --count 100 --rounds 1", "one a request / bare relay"},
		{"events --deliver --count 100 --rounds 1", "by the bare relay"},
		{"events --latency --rounds 1 --seconds 1", "on the way at 200/s"},
		{"events --hang --rounds 1 --seconds 1", "all delivered"},
		{"events --steady --seconds 1", "MiB at the end"},
		{"events --tls --endpoints 20 --rate 40 --seconds 1 --delay 1ms-5ms", "delivered over TLS  80 to 20 endpoints"},
		{"events --million=200", "all 200 queued again"},
		{"proxy --rounds 1 --seconds 1 --count 100 --nginx no-such-program", "hookgate / httputil.ReverseProxy"},
		{"tenants --tenants 20 --endpoints 2 --sources 1 --rounds 2 --puts 3", "file                20 tenants, 40 endpoints, 20 sources"},
		{"operations --for 1s --rate 50 --readers 3", "readers of 50 events a second"},
		{"operations --for 1s --rate 50 --backup 1048576", "p99 with / without"},
		{"console --tenants 20 --deliveries 300 --rounds 2 --for 100ms --idle 100ms", "deliveries of one"},
		{"operations --lists=1000", "of the plain"},
		{"calls --rounds 1 --seconds 1 --count 100", "added by the gateway"},
	} {
		t.Run(c.args, func(t *testing.T) {
			t.Parallel() // it waits, half of its time
			record := filepath.Join(t.TempDir(), "record.md")
			var out bytes.Buffer
			cmd := newRootCommand()
			cmd.SetArgs(append(strings.Fields(c.args), "--hookgate", program, "--dir", t.TempDir(), "--record", record))
			cmd.SetOut(&out)
			var figures []figure
			ctx := context.WithValue(t.Context(), figuresKey{}, func(f []figure) { figures = append(figures, f...) })
			if err := cmd.ExecuteContext(ctx); err != nil {
				t.Fatal(err)
			}
			if len(figures) == 0 {
				t.Error("no figure is named, for who compares two builds")
			}
			if !strings.Contains(out.String(), c.want) {
				t.Errorf("%q is not said:\n%s", c.want, out.String())
			}
			kept, err := os.ReadFile(record)
			if err != nil || !strings.HasSuffix(string(kept), "```\n"+out.String()+"```\n\n") {
				t.Errorf("the record does not end with what was printed (%v):\n%s", err, kept)
			}
		})
	}
}

// TestCluster measures on PostgreSQL beside Pebble, too little for its figures to mean anything.
func TestCluster(t *testing.T) {
	t.Parallel() // it waits, most of its time
	db, err := postgres.Make()
	if errors.Is(err, postgres.ErrMissing) {
		t.Skip(postgres.HowTo)
	}
	if err != nil {
		t.Fatal(err)
	}
	db.Remove()
	program := built(t)
	for args, want := range map[string]string{
		"cluster --count 40 --connections 10 --ten 2 --rounds 1 --seconds 1": "two       delivered / pebble",
		"cluster --million=200":      "all 200 queued again",
		"cluster --moves --rounds 1": "owner killed to served again",
	} {
		var out bytes.Buffer
		cmd := newRootCommand()
		cmd.SetArgs(append(strings.Fields(args), "--hookgate", program, "--dir", t.TempDir()))
		cmd.SetOut(&out)
		if err := cmd.ExecuteContext(t.Context()); err != nil {
			t.Fatalf("%v\n%s", err, out.String())
		}
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not said:\n%s", want, out.String())
		}
	}
}

// TestBeside compares the program with itself; the record holds what was printed, once.
func TestBeside(t *testing.T) {
	t.Parallel()
	program, record := built(t), filepath.Join(t.TempDir(), "record.md")
	var out bytes.Buffer
	cmd := newRootCommand()
	cmd.SetArgs([]string{"beside", "--with", program, "--hookgate", program, "--dir", t.TempDir(), "--record", record, "--pairs", "2", "callbacks", "--count", "100"})
	cmd.SetOut(&out)
	if err := cmd.ExecuteContext(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"--pairs=2 --most=2 callbacks --count 100", "CPU a callback", "the middles of 2 pairs"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not said:\n%s", want, out.String())
		}
	}
	kept, err := os.ReadFile(record)
	if err != nil || string(kept) != "```\n"+out.String()+"```\n\n" {
		t.Errorf("the record is not what was printed (%v):\n%s", err, kept)
	}
}

// TestPairs compares figures that are made up: who comes first takes turns, and each
// figure is judged by the ratios within the pairs, in the direction that is its own.
func TestPairs(t *testing.T) {
	var order string
	drift := 1.0
	once := func(slower []float64) func(bool) ([]figure, error) {
		runs := 0
		return func(old bool) ([]figure, error) {
			order += map[bool]string{true: "A", false: "B"}[old]
			by := 1.0
			if !old {
				by = slower[runs/2%len(slower)]
			}
			if runs++; runs%2 == 1 {
				drift *= 1.5 // the machine gets slower from pair to pair
			}
			return []figure{{name: "rate", value: 100 / drift / by, more: true}, {name: "cost", unit: "us", value: 10 * drift * by}}, nil
		}
	}
	for _, c := range []struct {
		slower []float64
		want   string
		says   string
	}{
		{[]float64{1}, "kept", "+0.0 %"},
		{[]float64{1.01, 1.02, 1.019, 1.015}, "kept", "+1.7 %"},
		{[]float64{0.5}, "kept", "-50.0 %"},
		{[]float64{1.05, 1.01, 1.06, 1.07}, "WORSE", "+5.5 %"},
		{[]float64{0.9, 0.95, 1.2, 1.3}, "unclear", "+7.5 %"},
	} {
		order = ""
		var out bytes.Buffer
		all := &paired{}
		if err := all.measure(4, once(c.slower)); err != nil {
			t.Fatal(err)
		}
		if order != "ABBAABBA" {
			t.Errorf("the order is %s", order)
		}
		all.tell(&report{out: &out}, 0.02)
		for _, line := range strings.Split(out.String(), "\n")[1:3] {
			if !strings.Contains(line, c.says) || !strings.HasSuffix(strings.TrimSpace(line), c.want) {
				t.Errorf("slower by %v: %q, want %s and %s", c.slower, line, c.says, c.want)
			}
		}
	}
	other := func(old bool) ([]figure, error) { return make([]figure, map[bool]int{true: 1, false: 2}[old]), nil }
	if err := (&paired{}).measure(1, other); err == nil {
		t.Error("builds that have not the same figures are compared")
	}
}

func TestRefuses(t *testing.T) {
	dir := t.TempDir()
	for _, args := range []string{
		"callbacks --verify magic", "callbacks --variables 51", "callbacks --count 10", "callbacks --rounds 0", "callbacks --soak 1m --early", "callbacks --soak 48h", "callbacks --rate 100",
		"holds --count 0", "timers --spread 300", "events --count 75", "events --rate 0", "events --million=150", "events --tls --delay 5ms-1ms", "events --tls --delay soon", "events --tls --endpoints 0", "proxy --body 1", "calls --rate 0", "tenants --tenants 0", "tenants --tenants 100000 --endpoints 50", "tenants --puts 0", "calls --count 1", "beside callbacks", "beside --with no-such-program", "beside --with x --pairs 0 callbacks", "beside --with x --hookgate no-such-program callbacks",
		"beside --with x --hookgate x echo", "holds --hookgate no-such-program", "extra",
	} {
		cmd := newRootCommand()
		cmd.SetArgs(append(strings.Fields(args), "--dir", dir))
		cmd.SetOut(&bytes.Buffer{})
		cmd.SetErr(&bytes.Buffer{})
		if err := cmd.ExecuteContext(t.Context()); err == nil {
			t.Errorf("%s is taken", args)
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// A quantile is at most a bucket below the true one, and never above it.
func TestHistogramQuantiles(t *testing.T) {
	for _, most := range []time.Duration{40, time.Microsecond, 50 * time.Millisecond, time.Hour} {
		halves := [2]histogram{}
		var all []time.Duration
		for i := range 10_000 {
			d := rand.N(most)
			halves[i%2].add(d)
			all = append(all, d)
		}
		slices.Sort(all)
		h := &halves[0]
		h.merge(&halves[1])
		for _, q := range []float64{0, 0.5, 0.9, 0.99, 0.9999} {
			want, got := all[int(q*float64(len(all)))], h.quantile(q)
			if got > want || got < want-want/32 {
				t.Errorf("up to %s, quantile %g is %s, want %s or at most 1/32 less", most, q, got, want)
			}
		}
		if h.most != all[len(all)-1] || h.quantile(1) != h.most {
			t.Errorf("up to %s, the most is %s, quantile 1 is %s, want %s", most, h.most, h.quantile(1), all[len(all)-1])
		}
	}
}

func TestBodiesHaveTheirSize(t *testing.T) {
	for _, size := range []int{0, 512, 10 << 10} {
		s, err := newSender("none", 3, size)
		if err != nil {
			t.Fatal(err)
		}
		if got := len(s.body("key", 1)); got < size || size > 0 && got > size+16 {
			t.Errorf("a body of %d bytes has %d", size, got)
		}
	}
}

func TestShort(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0s", 999: "999ns", 1234: "1.23µs", 123456: "123µs", 61 * time.Second: "1m1s",
	} {
		if got := short(d).String(); got != want {
			t.Errorf("%d ns is %s, want %s", d, got, want)
		}
	}
}
