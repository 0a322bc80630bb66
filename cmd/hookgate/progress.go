package main

import (
	"fmt"
	"io"
	"os"
	"time"
)

// progress shows how far something long has come: every few seconds, on standard error.
type progress struct {
	to          io.Writer
	total, done int64 // bytes; total is 0 or less where nobody knows
	began, told time.Time
	terminal    bool
}

func newProgress(to io.Writer, total int64) *progress {
	now := time.Now()
	p := &progress{to: to, total: total, began: now, told: now}
	if f, is := to.(*os.File); is {
		if info, err := f.Stat(); err == nil {
			p.terminal = info.Mode()&os.ModeCharDevice != 0
		}
	}
	return p
}

// reader counts what is read of r.
func (p *progress) reader(r io.Reader) io.Reader { return &progressReader{r, p} }

type progressReader struct {
	io.Reader
	p *progress
}

func (r *progressReader) Read(b []byte) (int, error) {
	n, err := r.Reader.Read(b)
	r.p.done += int64(n)
	every := 5 * time.Second
	if r.p.terminal {
		every = 200 * time.Millisecond
	}
	if now := time.Now(); now.Sub(r.p.told) >= every {
		r.p.told = now
		r.p.show()
	}
	return n, err
}

func (p *progress) show() {
	text := bytesText(p.done)
	if p.total > 0 {
		text += fmt.Sprintf(" of %s, %d %%", bytesText(p.total), p.done*100/p.total)
	}
	text += fmt.Sprintf(", %s a second", bytesText(int64(float64(p.done)/time.Since(p.began).Seconds())))
	if p.terminal {
		fmt.Fprintf(p.to, "\r\x1b[K%s", text)
		return
	}
	fmt.Fprintln(p.to, text)
}

// end shows how far it came.
func (p *progress) end(err error) {
	if p.terminal {
		fmt.Fprint(p.to, "\r\x1b[K")
	}
	if err == nil {
		fmt.Fprintf(p.to, "%s in %s\n", bytesText(p.done), time.Since(p.began).Round(100*time.Millisecond))
	}
}

func bytesText(n int64) string {
	switch {
	case n >= 1<<30:
		return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30))
	case n >= 1<<20:
		return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
	}
	return fmt.Sprintf("%.1f KiB", float64(n)/(1<<10))
}
