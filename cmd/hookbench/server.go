//go:build linux

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/valyala/fasthttp"
)

// The gateway of a measurement has one tenant with one source.
const (
	adminToken = "hookbench-admin-token"
	tenantPath = "/v1/tenants/bench"
	waitsPath  = tenantPath + "/waits"
	sourcePath = tenantPath + "/sources/payments"
	hookPath   = "/hooks/bench/payments"
)

// patience bounds what should take a moment: to start, to stop, to answer.
const patience = 30 * time.Second

// gateway is a hookgate that was started to be measured.
type gateway struct {
	public, internal string // addresses
	cmd              *exec.Cmd
	exited           chan error
	folder           string // the program when it was built, the data, the log
	log, program     string
	env              []string      // more of its environment
	patience         time.Duration // for each thing it is asked
	took, startCPU   time.Duration // of its start until it was ready
}

// ownInternal stands for the gateway's internal address in its configuration.
const ownInternal = "INTERNAL"

// config lets the gateway reach endpoints on this machine.
const config = `egress: { allow: ["127.0.0.0/8"] }` + "\n"

// startGateway runs the program (built when none is named) on free ports of the
// loopback, with an empty data folder.
func startGateway(ctx context.Context, c *common) (g *gateway, err error) {
	if g, err = newGateway(ctx, c, build); err != nil {
		return nil, err
	}
	start := time.Now()
	if err := g.start(ctx); err != nil {
		return nil, errors.Join(err, os.RemoveAll(g.folder))
	}
	if err := g.waitReady(ctx); err != nil {
		return nil, errors.Join(err, g.stop())
	}
	g.took = time.Since(start)
	if g.startCPU, err = cpuTime(g.pid()); err != nil {
		return nil, errors.Join(err, g.stop())
	}
	return g, nil
}

// newGateway makes all that a gateway needs to be started, and builds the program when none
// is named.
func newGateway(ctx context.Context, c *common, build func(context.Context, string) error) (g *gateway, err error) {
	folder, err := os.MkdirTemp(c.dir, "hookbench-")
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(folder))
		}
	}()
	g = &gateway{exited: make(chan error, 1), folder: folder, env: c.env, patience: max(c.patience, patience)}
	program := c.hookgate
	if program == "" {
		program = filepath.Join(folder, "hookgate")
		if err := build(ctx, program); err != nil {
			return nil, err
		}
	}
	if g.public, err = freeAddr(); err != nil {
		return nil, err
	}
	if g.internal, err = freeAddr(); err != nil {
		return nil, err
	}
	g.log, g.program = filepath.Join(folder, "log"), program
	return g, os.WriteFile(g.config(), []byte(strings.ReplaceAll(config+c.config, ownInternal, g.internal)), 0o600)
}

// build makes the program of the module that the current folder is in.
func build(ctx context.Context, program string) error {
	return goBuild(exec.CommandContext(ctx, "go", "build", "-o", program, "hookgate/cmd/hookgate"))
}

func goBuild(c *exec.Cmd) error {
	out, err := c.CombinedOutput()
	if err != nil {
		return fmt.Errorf("go build (run hookbench within the module, or give --hookgate): %w\n%s", err, out)
	}
	return nil
}

func (g *gateway) config() string { return filepath.Join(g.folder, "config.yaml") }

func (g *gateway) start(ctx context.Context) error {
	log, err := os.Create(g.log)
	if err != nil {
		return err
	}
	defer log.Close() // the child has its own
	g.cmd = exec.CommandContext(ctx, g.program, "serve", "--config", g.config(),
		"--public", g.public, "--internal", g.internal, "--data", filepath.Join(g.folder, "data"))
	g.cmd.Env = append(append(os.Environ(), "HOOKGATE_ADMIN_TOKEN="+adminToken, "HOOKGATE_LOG_LEVEL=warn"), g.env...)
	g.cmd.Stderr = log
	g.cmd.Cancel = func() error { return g.cmd.Process.Signal(syscall.SIGTERM) }
	g.cmd.WaitDelay = patience
	if err := g.cmd.Start(); err != nil {
		return err
	}
	go func() { g.exited <- g.cmd.Wait() }()
	return nil
}

func (g *gateway) pid() int { return g.cmd.Process.Pid }

func (g *gateway) waitReady(ctx context.Context) error {
	for end := time.Now().Add(g.patience); time.Now().Before(end) && ctx.Err() == nil; time.Sleep(10 * time.Millisecond) {
		if status, _, err := fasthttp.GetTimeout(nil, "http://"+g.internal+"/readyz", time.Second); err == nil && status == fasthttp.StatusOK {
			return nil
		}
		select {
		case err := <-g.exited:
			g.exited <- err
			return fmt.Errorf("hookgate ended: %w\n%s", err, g.logged())
		default:
		}
	}
	return fmt.Errorf("hookgate is not ready after %s\n%s", g.patience, g.logged())
}

// crash ends the gateway as a power cut would, as far as a process can tell.
func (g *gateway) crash() error {
	if err := g.cmd.Process.Kill(); err != nil {
		return err
	}
	<-g.exited // how it ended is known
	return nil
}

// stop ends the gateway as an operator would, and removes what was made for it.
func (g *gateway) stop() error { return errors.Join(g.halt(), os.RemoveAll(g.folder)) }

// halt ends the gateway as an operator would.
func (g *gateway) halt() error {
	_ = g.cmd.Process.Signal(syscall.SIGTERM) // it may have ended by itself: then Wait says how
	var err error
	select {
	case err = <-g.exited:
	case <-time.After(patience):
		err = errors.Join(fmt.Errorf("hookgate did not stop within %s", patience), g.cmd.Process.Kill(), <-g.exited)
	}
	if err != nil {
		err = fmt.Errorf("hookgate: %w\n%s", err, g.logged())
	}
	return err
}

// logged gives the end of what the gateway has logged.
func (g *gateway) logged() []byte {
	text, err := os.ReadFile(g.log)
	if err != nil {
		return []byte(err.Error())
	}
	return bytes.TrimSpace(text[max(0, len(text)-4<<10):])
}

// prepare makes the tenant, and a source that takes whatever comes.
func (g *gateway) prepare() error {
	if _, err := g.call("PUT", tenantPath, `{"name":"bench"}`, fasthttp.StatusCreated); err != nil {
		return err
	}
	return g.putSource(`{"verify":{"type":"none"}}`)
}

// putSource creates or replaces the source.
func (g *gateway) putSource(spec string) error {
	_, err := g.call("PUT", sourcePath, spec, fasthttp.StatusCreated, fasthttp.StatusOK)
	return err
}

// call sends one request to the internal API and wants one of the statuses.
func (g *gateway) call(method, path, body string, want ...int) ([]byte, error) {
	req, res := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
	defer fasthttp.ReleaseRequest(req)
	defer fasthttp.ReleaseResponse(res)
	internalRequest(req, method, g.internal, path)
	req.SetBodyString(body)
	if err := fasthttp.DoTimeout(req, res, g.patience); err != nil {
		return nil, fmt.Errorf("%s %s: %w", method, path, err)
	}
	for _, status := range want {
		if res.StatusCode() == status {
			return bytes.Clone(res.Body()), nil
		}
	}
	return nil, fmt.Errorf("%s %s: %d %s", method, path, res.StatusCode(), res.Body())
}

func internalRequest(req *fasthttp.Request, method, addr, path string) {
	req.Header.SetMethod(method)
	req.SetRequestURI("http://" + addr + path)
	req.Header.Set("Authorization", "Bearer "+adminToken)
	req.Header.SetContentType("application/json")
}

// freeAddr gives an address of the loopback that nobody listened on just now.
func freeAddr() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// raiseFileLimit lets this process, and what it starts, open as many files as it
// may: each connection is one at both ends.
func raiseFileLimit() error {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return err
	}
	limit.Cur = limit.Max
	// Set by hand, for the runtime gives its own raise back to children.
	return syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit)
}
