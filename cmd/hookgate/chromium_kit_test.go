package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"hookgate/gateway/gatewaytest/program"
)

// chromium is a real browser. What it finds wrong with a page fails the test: an error of
// a script, a breach of the policy, a request to another host.
type chromium struct {
	t    testing.TB
	host string
	also []string // other hosts that its pages are of, or frame
	context.Context

	mu    sync.Mutex
	wrong []string
	asked int // requests so far
}

// newChromium starts a browser that looks at base; without one the test is skipped.
func newChromium(t testing.TB, base string) *chromium {
	t.Helper()
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	c := &chromium{t: t, host: u.Host}
	browser, stop, err := startChromium(chromiumPath(t), time.Minute, t.TempDir)
	if err != nil {
		t.Fatal(err)
	}
	c.Context = browser
	t.Cleanup(func() {
		_ = chromedp.Cancel(c.Context) // it has ended, or is ended by stop
		stop()
		c.mu.Lock()
		defer c.mu.Unlock()
		for _, one := range c.wrong {
			t.Errorf("the browser says: %s", one)
		}
	})
	c.listen()
	c.do(chromedp.EmulateViewport(1280, 900))
	return c
}

// chromiumPath finds the browser; without one the test is skipped.
func chromiumPath(t testing.TB) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			return found
		}
	}
	t.Skip("chromium is not installed: the console is not looked at with a browser")
	return ""
}

// chromiumStarts is how often a browser is started at most: on a busy machine one may end, or
// be silent, before it takes its first word.
const chromiumStarts = 3

// startChromium starts a browser, each time on an empty folder, and says of one that never comes
// up what became of each start.
func startChromium(path string, patience time.Duration, folder func() string) (browser context.Context, stop func(), err error) {
	for range chromiumStarts {
		var said program.Log
		options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.UserDataDir(folder()), chromedp.NoSandbox, chromedp.DisableGPU,
			chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("no-proxy-server", true),
			chromedp.CombinedOutput(&said))
		allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
		browser, _ := chromedp.NewContext(allocator)
		late := time.AfterFunc(patience, stop)
		failed := chromedp.Do(browser)
		if late.Stop() && failed == nil {
			return browser, stop, nil
		}
		stop()
		text := said.Text()
		err = errors.Join(err, fmt.Errorf("the browser does not come up within %s, and says: %s", patience, text[max(0, len(text)-2000):]), failed)
	}
	return nil, nil, err
}

// frame gives the frame of another site within the page, once its address has a part.
func (c *chromium) frame(part string) *chromium {
	c.t.Helper()
	next := &chromium{t: c.t, host: c.host, also: c.also}
	program.Eventually(c.t, time.Minute, func() error {
		all, err := chromedp.Targets(c.Context)
		for _, one := range all {
			if one.Type == "iframe" && strings.Contains(one.URL, part) {
				next.Context, _ = chromedp.NewContext(c.Context, chromedp.WithTargetID(one.TargetID))
				return nil
			}
		}
		return errors.Join(err, fmt.Errorf("no frame is at %s", part))
	})
	c.alsoHears(next)
	return next
}

// says waits until the browser says that something is wrong which is to be so.
func (c *chromium) says(words string) {
	c.t.Helper()
	program.Eventually(c.t, time.Minute, func() error {
		c.mu.Lock()
		defer c.mu.Unlock()
		was := len(c.wrong)
		c.wrong = slices.DeleteFunc(c.wrong, func(one string) bool { return strings.Contains(one, words) })
		if len(c.wrong) == was {
			return fmt.Errorf("the browser does not say %q, but %q", words, c.wrong)
		}
		return nil
	})
}

// tab opens another tab of the same browser.
func (c *chromium) tab() *chromium {
	c.t.Helper()
	next := &chromium{t: c.t, host: c.host, also: c.also}
	next.Context, _ = chromedp.NewContext(c.Context)
	c.alsoHears(next)
	next.do(chromedp.EmulateViewport(1280, 900))
	return next
}

// alsoHears has what goes wrong elsewhere in the browser fail the test, too.
func (c *chromium) alsoHears(next *chromium) {
	c.t.Cleanup(func() {
		next.mu.Lock()
		defer next.mu.Unlock()
		for _, one := range next.wrong {
			c.t.Errorf("another tab or frame says: %s", one)
		}
	})
	next.listen()
}

// listen hears what the browser finds wrong.
func (c *chromium) listen() {
	c.t.Helper()
	err := chromedp.Listen(c.Context, func(event any) {
		c.mu.Lock()
		defer c.mu.Unlock()
		switch e := event.(type) {
		case *runtime.EventExceptionThrown:
			c.wrong = append(c.wrong, "an exception: "+e.ExceptionDetails.Text)
		case *cdplog.EventEntryAdded:
			// A page that is answered 404 or 422 on purpose is no fault of it.
			if e.Entry.Level == cdplog.EntryLevelError && e.Entry.Source != cdplog.EntrySourceNetwork {
				c.wrong = append(c.wrong, string(e.Entry.Source)+": "+e.Entry.Text)
			}
		case *network.EventRequestWillBeSent:
			c.asked++
			if u, err := url.Parse(e.Request.URL); err == nil && u.Host != c.host && !slices.Contains(c.also, u.Host) && u.Scheme != "data" && u.Scheme != "about" {
				c.wrong = append(c.wrong, "it asks another host: "+e.Request.URL)
			}
		}
	})
	if err != nil {
		c.t.Fatalf("starting the browser: %v", err)
	}
	c.do(chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, log := chromedp.Call(ctx, cdplog.Enable, cdp.Empty{})
		_, net := chromedp.Call(ctx, network.Enable, network.EnableParams{})
		_, run := chromedp.Call(ctx, runtime.Enable, cdp.Empty{})
		return errors.Join(log, net, run)
	}))
}

// do does something, and fails the test where it cannot be done in half a minute.
func (c *chromium) do(actions ...chromedp.Action[chromedp.Void]) {
	c.t.Helper()
	ctx, stop := context.WithTimeout(c.Context, time.Minute)
	defer stop()
	c.must(chromedp.Do(ctx, actions...))
}

func (c *chromium) must(err error) {
	c.t.Helper()
	if err != nil {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.t.Fatalf("in the browser: %v; %s", err, strings.Join(c.wrong, "; "))
	}
}

// prefers has the browser say that somebody prefers light, or dark.
func (c *chromium) prefers(scheme string) {
	c.t.Helper()
	_, err := chromedp.Call(c.Context, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
	c.must(err)
}

// open goes to a page.
func (c *chromium) open(path string) {
	c.t.Helper()
	c.do(chromedp.Navigate("http://"+c.host+path), chromedp.WaitReady("main"))
}

// signIn signs in as a person does.
func (c *chromium) signIn(token string) {
	c.t.Helper()
	c.open("/console/login")
	c.do(chromedp.SendKeys("#token", token+"\r"), chromedp.WaitReady("nav.places"))
}

// eval gives what an expression comes to, on the page.
func eval[T any](c *chromium, expression string) T {
	c.t.Helper()
	value, err := chromedp.Run(c.Context, chromedp.Evaluate[T](expression))
	c.must(err)
	return value
}

// until waits until an expression is true on the page, or on the one that it leads to.
func (c *chromium) until(expression string) {
	c.t.Helper()
	program.Eventually(c.t, time.Minute, func() error { // for a machine that is busy, and no measure of speed
		is, err := chromedp.Run(c.Context, chromedp.Evaluate[bool]("Boolean("+expression+")"))
		if err == nil && !is {
			err = errors.New("in the browser it is not so that " + expression)
		}
		return err // of a page that is being left, too
	})
}
