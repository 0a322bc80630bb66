package configs

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"

	"hookgate/gateway"
	"hookgate/gateway/fields"
)

// mistake is one thing wrong in the file. Its path is empty where the notation
// itself is broken, and its message where only what follows from it is to be left out.
type mistake struct {
	path    string
	at      position
	message string
}

// Mistakes is the error that holds everything wrong with a configuration.
type Mistakes []string

// Error gives one mistake after the other, each FILE:LINE:COL: message with its
// source line and a caret where it stands in a file.
func (m Mistakes) Error() string { return strings.Join(m, "\n") }

// Mistake is one of Mistakes taken apart. Of what is wrong elsewhere than in the file
// File is "", and Line and Column are 0.
type Mistake struct {
	File         string
	Line, Column int
	Message      string
	Excerpt      string // the line, secrets masked, and a caret below the place; "": it is not shown
}

var mistakePlace = gateway.Pattern(`^(.+?):(\d+):(\d+): `)

// Apart takes the mistakes apart.
func (m Mistakes) Apart() []Mistake {
	all := make([]Mistake, len(m))
	for i, text := range m {
		message, excerpt, _ := strings.Cut(text, "\n")
		one := Mistake{Message: message, Excerpt: excerpt}
		if at := mistakePlace().FindStringSubmatch(message); at != nil {
			one.File, one.Message = at[1], strings.TrimPrefix(message, at[0])
			one.Line, _ = strconv.Atoi(at[2])
			one.Column, _ = strconv.Atoi(at[3])
		}
		all[i] = one
	}
	return all
}

// Report gives the error for faults whose paths are from the file's root, such
// as tenants.acme.sources.payments.verify; nil for none. A fault of something
// that is missing is shown at the nearest thing around it that is there.
func (c *Config) Report(faults []gateway.Fault) error { return c.report(nil, faults) }

func (c *Config) report(found []mistake, faults []gateway.Fault) error {
	if c.file != nil && c.file.again != nil && len(faults) > 0 {
		c.file = c.file.again()
	}
	var report Mistakes
	for _, fault := range faults {
		switch from := c.set[fault.Path]; {
		case from != "":
			report = append(report, from+": "+fault.Message)
		case c.file == nil || strings.HasPrefix(fault.Path, "HOOKGATE_"):
			report = append(report, fault.String())
		default:
			found = append(found, mistake{fault.Path, c.file.find(fault.Path), fault.Message})
		}
	}
	if c.file != nil {
		report = append(report, c.file.render(found)...)
	}
	if len(report) == 0 {
		return nil
	}
	return report
}

// find gives the position for a fault: the value at fault, or the file that holds it,
// the name of what should not be there, the name around what is missing.
func (d *document) find(path string) position {
	if at, ok := d.places[path]; ok {
		if known(path) {
			return at.value
		}
		return at.name
	}
	if at, ok := d.places[path+fileSuffix]; ok {
		return at.value
	}
	for path != "" {
		path, _ = fields.Parent(path)
		if at, ok := d.places[path]; ok && path != "" && d.single(path) {
			return at.value
		} else if ok {
			return at.name
		}
	}
	return position{1, 1}
}

// render sorts mistakes by their place and writes each as
// FILE:LINE:COL: message, with its line and a caret.
func (d *document) render(mistakes []mistake) (report Mistakes) {
	gateway.SortStable(mistakes, func(a, b mistake) int {
		return cmp.Or(cmp.Compare(a.at.line, b.at.line), cmp.Compare(a.at.column, b.at.column))
	})
	mistakes = slices.DeleteFunc(slices.Clone(mistakes), func(m mistake) bool { return m.message == "" })
	left := 0
	for i, m := range mistakes {
		if i > 0 && m.at == mistakes[i-1].at && m.message == mistakes[i-1].message {
			continue // the same lines under another name: an alias
		}
		if len(report) >= maxMistakes {
			left++
			continue
		}
		text := gateway.Fault{Path: m.path, Message: m.message}.String()
		if file := d.from[m.path]; file != "" {
			text += ", as it was read from " + file
		}
		report = append(report, fmt.Sprintf("%s:%d:%d: %s%s", d.name, m.at.line, m.at.column, text, d.excerpt(m.at)))
	}
	if left > 0 {
		report = append(report, fmt.Sprintf("%s: has %d mistakes more", d.name, left))
	}
	return report
}

// maxMistakes is how many are told, the first of the file: nobody reads more at once, and a
// file of 16 MiB may have a million, each with its line.
const maxMistakes = 1000

// syntaxMistake places an error of the parser. Its message has no values in it.
func syntaxMistake(err error) mistake {
	if syntax, ok := errors.AsType[yaml.Error](err); ok && syntax.GetToken() != nil {
		return mistake{at: tokenStart(syntax.GetToken()), message: syntax.GetMessage()}
	}
	if bound, ok := errors.AsType[boundError](err); ok {
		return mistake{at: tokenStart(bound.at), message: bound.rule}
	}
	return mistake{at: position{1, 1}, message: err.Error()}
}
