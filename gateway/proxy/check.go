package proxy

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"hookgate/gateway/wire"
)

// mostChecksFailed in a row leave an upstream out; one that passes lets it in.
const mostChecksFailed = 2

// check asks the upstream from now on whether it is well; stop ends that and waits
// for it.
func (u *upstream) check() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var wait sync.WaitGroup
	wait.Go(func() {
		every := time.NewTicker(u.health.Interval)
		defer every.Stop()
		for failed := 0; ; {
			if err := u.ask(ctx); err == nil {
				failed = 0
			} else if failed++; ctx.Err() == nil {
				u.judge(failed, err)
			}
			if failed == 0 && u.sick.Swap(false) {
				u.log.Info("an upstream is well again: its check passes")
			}
			select {
			case <-ctx.Done():
				return
			case <-every.C:
			}
		}
	})
	return func() {
		cancel()
		wait.Wait()
	}
}

func (u *upstream) judge(failed int, err error) {
	if failed >= mostChecksFailed && !u.sick.Swap(true) {
		u.log.Warn("an upstream is left out: its check fails", "error", err)
	}
}

// ask makes one check, on a connection of its own: it is well when it can make one.
func (u *upstream) ask(ctx context.Context) error {
	until := time.Now().Add(u.health.Timeout)
	c, err := u.dialer.Dial(ctx, u.health.Timeout)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	defer context.AfterFunc(ctx, func() { _ = c.SetDeadline(time.Unix(1, 0)) })()
	if err := c.SetDeadline(until); err != nil {
		return err
	}
	_, err = c.Write([]byte("GET " + u.dialer.Base() + u.health.Path + " HTTP/1.1\r\nHost: " + u.dialer.Host() +
		"\r\nUser-Agent: hookgate-check\r\nConnection: close\r\n\r\n"))
	if err != nil {
		return err
	}
	return statusOf(bufio.NewReaderSize(c, 256))
}

// statusOf reads the status line of a check's answer, and no further.
func statusOf(r *bufio.Reader) error {
	line, err := r.ReadSlice('\n')
	if err != nil {
		return fmt.Errorf("its check is not answered: %w", err)
	}
	start, ok := wire.ParseStatusLine(bytes.TrimRight(line, "\r\n"))
	if !ok {
		return errors.New("the answer to its check is not HTTP")
	}
	if start.Status < 200 || start.Status > 399 {
		return fmt.Errorf("its check is answered %d", start.Status)
	}
	return nil
}
