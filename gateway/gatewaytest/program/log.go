package program

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"sync"
)

// Log collects what a process writes, line by line. It is an io.Writer that any
// number of goroutines may read meanwhile; the zero Log is ready.
type Log struct {
	mu      sync.Mutex
	text    []byte
	lines   []Line
	rest    int           // where the unfinished last line starts in text
	changed chan struct{} // closed and made anew with each write
}

// Line is one line of a log.
type Line struct {
	Text  string
	Attrs map[string]any // of a JSON line; else nil
}

// Message gives the msg of a JSON line.
func (l Line) Message() string { return l.String("msg") }

// String gives an attribute that is text; "" for any other.
func (l Line) String(name string) string {
	s, _ := l.Attrs[name].(string)
	return s
}

// Write is io.Writer.
func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text = append(l.text, p...)
	for {
		end := bytes.IndexByte(l.text[l.rest:], '\n')
		if end < 0 {
			break
		}
		line := Line{Text: string(l.text[l.rest : l.rest+end])}
		if strings.HasPrefix(line.Text, "{") {
			_ = json.Unmarshal([]byte(line.Text), &line.Attrs) // what is no JSON stays a plain line
		}
		l.lines = append(l.lines, line)
		l.rest += end + 1
	}
	if l.changed != nil {
		close(l.changed)
		l.changed = nil
	}
	return len(p), nil
}

// Text gives all that was written so far.
func (l *Log) Text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return string(l.text)
}

// Lines gives the whole lines so far.
func (l *Log) Lines() []Line {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lines[:len(l.lines):len(l.lines)]
}

// Await gives the first line that fits, as soon as it is there.
func (l *Log) Await(ctx context.Context, fits func(Line) bool) (Line, error) {
	for seen := 0; ; {
		l.mu.Lock()
		fresh := l.lines[seen:]
		if l.changed == nil {
			l.changed = make(chan struct{})
		}
		changed := l.changed
		l.mu.Unlock()
		for _, line := range fresh {
			if fits(line) {
				return line, nil
			}
		}
		seen += len(fresh)
		select {
		case <-changed:
		case <-ctx.Done():
			return Line{}, ctx.Err()
		}
	}
}
