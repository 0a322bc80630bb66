package directory

import (
	"strings"

	"hookgate/gateway"
	"hookgate/gateway/secure"
)

// SettingsOf gives what secures the connections of settings that were checked.
func SettingsOf(t *gateway.TLS) *secure.Settings {
	var f faults
	return compileTLS(t, "", &f)
}

// compileTLS makes what secures the connections to a url, of which a part may be a
// template; nil for what holds for all.
func compileTLS(t *gateway.TLS, url string, f *faults) *secure.Settings {
	if t == nil {
		return nil
	}
	for _, file := range []struct{ name, value string }{{"ca", t.CAFile}, {"cert", t.CertFile}, {"key", t.KeyFile}} {
		if file.value != "" { // the configuration file has read its own
			f.add("tls."+file.name+"_file", "is for the configuration file alone: write the PEM itself as %s", file.name)
			return nil
		}
	}
	made, wrong := secure.Compile(secure.Spec{CA: t.CA, Cert: t.Cert, Key: t.Key.Reveal(), ServerName: t.ServerName})
	for _, fault := range wrong {
		f.add("tls."+fault.Member, "%s", fault.Message)
	}
	if made != nil && strings.HasPrefix(strings.ToLower(url), "http://") {
		f.add("tls", "is for an https url")
	}
	return made
}
