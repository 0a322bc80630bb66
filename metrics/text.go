package metrics

import (
	"io"
	"strconv"
	"strings"
)

// text writes families in Prometheus' text format, version 0.0.4, a piece at a time.
type text struct {
	to     io.Writer
	buffer []byte
	family *family
	headed bool // what the family is was said: one without rows is not there
}

// piece is how many bytes are written at once.
const piece = 32 << 10

func (t *text) begin(f *family) error {
	t.family, t.headed = f, false
	return nil
}

func (t *text) head() {
	if t.headed {
		return
	}
	t.headed = true
	f, kind := t.family, "counter"
	switch {
	case f.bounds != nil:
		kind = "histogram"
	case f.gauge:
		kind = "gauge"
	}
	t.buffer = append(t.buffer, "# HELP "+f.name+" "+f.help+"\n# TYPE "+f.name+" "+kind+"\n"...)
}

func (t *text) end() error { return t.flush(1) }

// flush writes what there is, if it is as much as that.
func (t *text) flush(most int) (err error) {
	if len(t.buffer) >= most {
		_, err = t.to.Write(t.buffer)
		t.buffer = t.buffer[:0]
	}
	return err
}

func (t *text) row(n float64, labels [3]string, _ int64) error {
	t.head()
	t.sample("", "", n, labels)
	return t.flush(piece)
}

func (t *text) spans(below [maxBounds + 1]uint64, sum float64, labels [3]string, _ int64) error {
	t.head()
	for i, n := range below {
		le := "+Inf"
		if i < len(t.family.bounds) {
			le = strconv.FormatFloat(t.family.bounds[i], 'g', -1, 64)
		}
		t.sample("_bucket", le, float64(n), labels)
	}
	t.sample("_sum", "", sum, labels)
	t.sample("_count", "", float64(below[maxBounds]), labels)
	return t.flush(piece)
}

// sample writes one line. le is the bound of a bucket, "" of none.
func (t *text) sample(suffix, le string, n float64, labels [3]string) {
	b := append(append(t.buffer, t.family.name...), suffix...)
	between := byte('{')
	for i, name := range t.family.labels {
		b = append(append(b, between), name...)
		b = appendQuoted(append(b, '='), labels[i])
		between = ','
	}
	if le != "" {
		b = appendQuoted(append(b, ",le="...), le)
	}
	b = append(b, "} "...)
	if whole := int64(n); float64(whole) == n {
		b = strconv.AppendInt(b, whole, 10)
	} else {
		b = strconv.AppendFloat(b, n, 'g', -1, 64)
	}
	t.buffer = append(b, '\n')
}

var escapes = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)

func appendQuoted(b []byte, value string) []byte {
	b = append(b, '"')
	if strings.IndexByte(value, '"') >= 0 || strings.IndexByte(value, '\\') >= 0 || strings.IndexByte(value, '\n') >= 0 {
		value = escapes.Replace(value)
	}
	return append(append(b, value...), '"')
}
