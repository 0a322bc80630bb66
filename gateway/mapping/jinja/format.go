package jinja

import (
	"strings"
)

// format formats a value.
func (m *meter) format(v Value, f spec) (string, error) {
	numeric := strings.IndexByte("bcdoxXneEfFgG%", f.kind) >= 0 && f.kind != 0
	switch {
	case v.kind == Int, v.kind == Float, v.kind == Bool && numeric:
		return f.number(v)
	case v.kind == Undefined && f == (spec{fill: " ", precision: -1}):
		return "", nil
	case v.kind != String && v.kind != Bool && f != (spec{fill: " ", precision: -1}), f.kind != 0 && f.kind != 's',
		f.sign != 0, f.align == '=', f.grouping != 0:
		return "", errFormat
	}
	s, err := m.say(v)
	if err != nil {
		return "", err
	}
	if f.precision >= 0 && runes(s) > f.precision {
		s = string([]rune(s)[:f.precision])
	}
	return f.pad("", s, '<'), nil
}

// converted is str(), or repr().
func (m *meter) converted(v Value, how byte) (string, error) {
	if how != 's' && v.kind == String {
		s := v.text()
		quote := "'"
		if strings.Contains(s, "'") && !strings.Contains(s, `"`) {
			quote = `"`
		}
		s = strings.NewReplacer(`\`, `\\`, "\n", `\n`, "\r", `\r`, "\t", `\t`, quote, `\`+quote).Replace(s)
		return quote + s + quote, m.work(len(s))
	}
	return m.say(v)
}
