//go:build linux

package main

import (
	"encoding/binary"
	"fmt"
	"os"
	"strconv"
	"sync"

	"github.com/spf13/cobra"
	"github.com/valyala/fasthttp"
	"golang.org/x/sys/unix"
)

// newRelayCommand is the other measure: as little as can be called a durable relay. It
// appends each body to one file, with one fsync for all that came together, and answers
// 202 after it. With a TARGET it then passes each on, over kept connections. It signs
// nothing, tries nothing again, and does not look at the file when it starts.
func newRelayCommand() *cobra.Command {
	return &cobra.Command{
		Use:    "relay FILE [TARGET CONNECTIONS]",
		Short:  "Serve as the bare relay",
		Hidden: true,
		Args:   cobra.RangeArgs(1, 3),
		RunE: func(cmd *cobra.Command, args []string) error {
			file, err := os.OpenFile(args[0], os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
			if err != nil {
				return err
			}
			defer file.Close()
			j := &journal{file: file, wake: make(chan struct{}, 1), next: newTogether(0)}
			if len(args) == 3 {
				n, err := strconv.Atoi(args[2])
				if err != nil {
					return err
				}
				if j.forward, err = passOn(args[1], n); err != nil {
					return err
				}
			}
			go j.commit()
			return serveChild(cmd, func(ctx *fasthttp.RequestCtx) {
				if err := j.keep(ctx.PostBody()); err != nil {
					ctx.Error(err.Error(), fasthttp.StatusInternalServerError)
					return
				}
				ctx.SetStatusCode(fasthttp.StatusAccepted)
			})
		},
	}
}

// together is what one fsync makes durable.
type together struct {
	log  []byte // each body behind its length, in four bytes
	ends []int  // of each in log
	done chan struct{}
	err  error // when done
}

func newTogether(size int) *together {
	return &together{log: make([]byte, 0, size), done: make(chan struct{})}
}

// journal is the relay's file.
type journal struct {
	file    *os.File
	forward chan<- []byte // nil: nothing is passed on
	wake    chan struct{} // next has something
	mu      sync.Mutex
	next    *together
}

// keep returns when a body is durable.
func (j *journal) keep(body []byte) error {
	j.mu.Lock()
	t := j.next
	t.log = binary.BigEndian.AppendUint32(t.log, uint32(len(body)))
	t.log = append(t.log, body...)
	t.ends = append(t.ends, len(t.log))
	first := len(t.ends) == 1
	j.mu.Unlock()
	if first {
		j.wake <- struct{}{}
	}
	<-t.done
	return t.err
}

// commit makes durable what has come while it did so for what came before.
func (j *journal) commit() {
	size := 0
	for range j.wake {
		j.mu.Lock()
		t := j.next
		j.next = newTogether(size)
		j.mu.Unlock()
		size = len(t.log)
		if _, t.err = j.file.Write(t.log); t.err == nil {
			t.err = unix.Fdatasync(int(j.file.Fd()))
		}
		close(t.done)
		if t.err == nil && j.forward != nil {
			j.send(t)
		}
	}
}

func (j *journal) send(t *together) {
	from := 0
	for _, end := range t.ends {
		j.forward <- t.log[from+4 : end]
		from = end
	}
}

// passOn sends what comes out of the channel to a target, over n connections.
func passOn(target string, n int) (chan<- []byte, error) {
	queue := make(chan []byte, 1<<16)
	var uri fasthttp.URI
	if err := uri.Parse(nil, []byte(target)); err != nil {
		return nil, err
	}
	client := &fasthttp.HostClient{Addr: string(uri.Host()), MaxConns: n, ReadTimeout: patience, WriteTimeout: patience, NoDefaultUserAgentHeader: true}
	for range n {
		go func() {
			req, res := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
			req.Header.SetMethod(fasthttp.MethodPost)
			req.SetRequestURI(target)
			req.Header.SetContentType("application/json")
			for body := range queue {
				req.SetBodyRaw(body)
				if err := client.Do(req, res); err != nil || res.StatusCode() >= 300 {
					fmt.Fprintf(os.Stderr, "the bare relay lost one: %d %v\n", res.StatusCode(), err) // what misses it fails
				}
			}
		}()
	}
	return queue, nil
}
