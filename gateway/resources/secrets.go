package resources

import (
	"maps"
	"reflect"
	"strings"

	"hookgate/gateway"
	"hookgate/gateway/fields"
)

var (
	secretType = reflect.TypeFor[gateway.Secret]()
	timeType   = reflect.TypeFor[gateway.Time]()
)

// EachSecret visits every secret that v, a pointer, leads to, at its path.
func EachSecret(v any, visit func(path string, secret gateway.Secret)) {
	each(v, func(path string, secret gateway.Secret) gateway.Secret {
		visit(path, secret)
		return secret
	})
}

// each visits every secret that v, a pointer, leads to, at its path as JSON has
// it, and puts what visit returns in its place. Where that is the same nothing is
// written: v may be in use by readers.
func each(v any, visit func(path string, secret gateway.Secret) gateway.Secret) {
	eachIn(reflect.ValueOf(v), "", visit)
}

func eachIn(v reflect.Value, path string, visit func(string, gateway.Secret) gateway.Secret) (changed bool) {
	switch {
	case v.Type() == secretType:
		was := v.String()
		now := string(visit(path, gateway.Secret(was)))
		if changed = now != was; changed {
			v.SetString(now)
		}
	case v.Type() == timeType: // leads to a time zone, and to no secret
	case v.Kind() == reflect.Pointer:
		return !v.IsNil() && eachIn(v.Elem(), path, visit)
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			f := v.Type().Field(i)
			if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" || !f.Anonymous {
				changed = eachIn(v.Field(i), fields.Member(path, name), visit) || changed
				continue
			}
			changed = eachIn(v.Field(i), path, visit) || changed // its members stand among the others
		}
	case fields.KeepsOrder(v.Type()):
		for i := range v.Len() {
			m := v.Index(i)
			changed = eachIn(m.Field(1), fields.Member(path, m.Field(0).String()), visit) || changed
		}
	case v.Kind() == reflect.Slice && v.Type().Elem().Kind() != reflect.Uint8:
		for i := range v.Len() {
			changed = eachIn(v.Index(i), fields.Index(path, i), visit) || changed
		}
	case v.Kind() == reflect.Map:
		for _, key := range v.MapKeys() { // its elements cannot be set where they are
			element := reflect.New(v.Type().Elem()).Elem()
			element.Set(v.MapIndex(key))
			if eachIn(element, fields.Member(path, key.String()), visit) {
				v.SetMapIndex(key, element)
				changed = true
			}
		}
	}
	return changed
}

// keep puts the old secrets where the mask was written back, by their places. A
// mask with nothing to stand for is a fault, and so is one whose secret would now
// be sent to another: who may write a url need not know what is sent there, and
// must not learn it so (SPEC 16, "Rights").
func keep(spec, old any) (faults []gateway.Fault) {
	had := map[string]gateway.Secret{}
	each(old, func(path string, secret gateway.Secret) gateway.Secret {
		had[path] = secret
		return secret
	})
	each(spec, func(path string, secret gateway.Secret) gateway.Secret {
		if secret != gateway.Masked || len(faults) >= gateway.MaxFaults {
			return secret
		}
		why := ""
		switch {
		case had[path] == "":
			why = `is "***", which keeps an old value, and there is none here: write the value`
		case !staysPut(spec, old, path):
			why = `is "***", which keeps the old value only while ` + sentTo(spec, path).same + `: write the value again`
		default:
			return had[path]
		}
		faults = append(faults, gateway.Fault{Path: path, Message: why})
		return ""
	})
	return faults
}

// written leaves of the faults of secrets those that are written now. One that stands
// where it stood before was kept, by its mask, and works as it did.
func written(faults []gateway.Fault, spec, old any) (left []gateway.Fault) {
	if len(faults) == 0 {
		return nil
	}
	had := map[string]gateway.Secret{}
	each(old, func(path string, secret gateway.Secret) gateway.Secret {
		had[path] = secret
		return secret
	})
	kept := map[string]bool{}
	each(spec, func(path string, secret gateway.Secret) gateway.Secret {
		kept[path] = secret != "" && secret == had[path]
		return secret
	})
	for _, fault := range faults {
		if !kept[fault.Path] {
			left = append(left, fault)
		}
	}
	return left
}

// warnOfSecrets tells of stored secrets that would be refused if they were written now:
// they were taken by an earlier version, and work as they did.
func (r *ledger) warnOfSecrets(faults []gateway.Fault, of ...any) {
	for _, fault := range faults {
		r.log.Warn("a stored secret would be refused today: write it anew", append(of, "error", fault.String())...)
	}
}

// secretsSet gives since when a thing has the secrets that stand below a member of it: it
// had those of old since was.
func secretsSet(spec, old any, member string, was gateway.Time) gateway.Time {
	have := secretsBelow(spec, member)
	switch {
	case len(have) == 0:
		return gateway.Time{}
	case maps.Equal(have, secretsBelow(old, member)):
		return was
	}
	return now()
}

func secretsBelow(spec any, member string) map[string]gateway.Secret {
	all := map[string]gateway.Secret{}
	EachSecret(spec, func(path string, secret gateway.Secret) {
		if secret != "" && fields.Within(path, member) {
			all[path] = secret
		}
	})
	return all
}
