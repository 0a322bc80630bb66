package configs

import (
	"encoding/json"
	"fmt"
	"reflect"

	"hookgate/gateway/fields"
)

// Origin is one key of the configuration with its value, secrets masked, and where that
// comes from.
type Origin struct {
	Key   string `json:"key"`
	Value string `json:"value"` // as JSON; of what has names or is a list, how many there are
	From  string `json:"from"`  // a flag, a variable, FILE:LINE, or default
}

// Origins tells of every key where its value comes from, in the order in which they are
// declared.
func (c *Config) Origins() (all []Origin) {
	file := c.file
	if file != nil && file.again != nil {
		file = file.again()
	}
	v := reflect.ValueOf(c).Elem()
	for _, k := range Keys() {
		o := Origin{Key: k.Name, From: "default"}
		if file != nil {
			if at, is := file.placeOf(k); is {
				o.From = fmt.Sprintf("%s:%d", file.name, at.name.line)
			}
		}
		if from := c.set[k.Name]; from != "" {
			o.From = from
		}
		o.Value = shownValue(v.FieldByIndex(k.index))
		all = append(all, o)
	}
	return all
}

// Place gives where a thing stands in the file, as FILE:LINE; "": the file does not have it.
// path is its own: tenants.acme.endpoints.crm.
func (c *Config) Place(path string) string {
	file := c.file
	if file != nil && file.again != nil {
		file = file.again()
	}
	if file == nil {
		return ""
	}
	at, is := file.places[path]
	if !is {
		return ""
	}
	return fmt.Sprintf("%s:%d", file.name, at.name.line)
}

// placeOf gives where a key stands in the file.
func (d *document) placeOf(k Key) (place, bool) {
	at, is := d.places[k.Name]
	if is || !k.alone {
		return at, is
	}
	section, _ := fields.Parent(k.Name)
	at, is = d.places[section]
	return at, is && d.single(section)
}

// single says whether a section that is written is not written with its keys: a value
// stands in its place.
func (d *document) single(section string) bool {
	if fields.Alone(fields.TypeAt(reflect.TypeFor[Config](), section)) == nil {
		return false
	}
	for name := range d.places {
		if name != section && fields.Within(name, section) {
			return false
		}
	}
	return true
}

func shownValue(v reflect.Value) string {
	if v.Kind() == reflect.Map || v.Kind() == reflect.Slice && v.Len() > 0 && v.Type().Elem().Kind() == reflect.Struct {
		return fmt.Sprintf("%d", v.Len())
	}
	text, err := json.Marshal(v.Interface()) // secrets mask themselves
	if err != nil {
		return "cannot be shown"
	}
	return string(text)
}
