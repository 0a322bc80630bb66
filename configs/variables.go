package configs

import (
	"reflect"
	"slices"
	"strings"

	"hookgate/gateway"
	"hookgate/gateway/fields"
)

// prefix begins the names of the variables of the environment that are hookgate's own.
const prefix = "HOOKGATE_"

// ofCommands are variables that other commands than serve read: sign and verify, those that ask a running hookgate, and rekey.
var ofCommands = []string{"HOOKGATE_SECRET", "HOOKGATE_SERVER", "HOOKGATE_TOKEN", "HOOKGATE_TENANT", "HOOKGATE_CA", "HOOKGATE_CERT", "HOOKGATE_KEY", "HOOKGATE_NEW_MASTER_KEY"}

// ofServices are the variables that Kubernetes and Docker set for a service, or a
// container, that is called hookgate: nobody wrote them.
var ofServices = gateway.Pattern(`_SERVICE_HOST$|_SERVICE_PORT(_[A-Z0-9_]+)?$|_PORT_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?$`)

// linked is how the value of such a variable begins whose name alone could be anybody's.
var linked = gateway.Pattern(`^(tcp|udp|sctp)://`)

// UnknownVariables tells of each variable of the environment that looks as if it were
// hookgate's and has no effect, with the nearest that has one (SPEC 15). Its path is the
// variable's name; values are told nowhere. What the file takes by ${NAME} is known.
func (c *Config) UnknownVariables() []gateway.Fault { return c.unknown }

func unknownVariables(environ map[string]string, used map[string]bool) (faults []gateway.Fault) {
	known := slices.Clone(ofCommands)
	for f := range reflect.TypeFor[environment]().Fields() {
		known = append(known, f.Tag.Get("env"))
	}
	for name, value := range environ {
		rest, ours := strings.CutPrefix(name, prefix)
		if !ours || value == "" || used[name] || slices.Contains(known, name) || ofServices().MatchString(name) || strings.HasSuffix(name, "_PORT") && linked().MatchString(value) {
			continue
		}
		faults = append(faults, gateway.Fault{Path: name, Message: "is no variable of hookgate, and has no effect" + meant(rest, known)})
	}
	gateway.Sort(faults, func(a, b gateway.Fault) int { return strings.Compare(a.Path, b.Path) })
	return faults
}

// meant compares what stands behind the prefix, which all have.
func meant(rest string, known []string) string {
	var rests []string
	for _, name := range known {
		rests = append(rests, strings.ToLower(strings.TrimPrefix(name, prefix)))
	}
	if near := fields.Nearest(rest, rests); near != "" {
		return ": did you mean " + prefix + strings.ToUpper(near) + "?"
	}
	return ""
}
