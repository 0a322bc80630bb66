package configs

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"

	"github.com/caarlos0/env/v11"

	"hookgate/gateway"
	"hookgate/gateway/fields"
)

// maxFile bounds the configuration file in bytes.
const maxFile = 16 << 20

// Options say where a configuration comes from.
type Options struct {
	Flags   Flags
	Environ []string // as os.Environ gives it; also for ${NAME} in the file
	// Check finds what is wrong with the parts when they are compiled, so that
	// one report has it all; nil checks no further.
	Check func(*Config) []gateway.Fault
}

// Flags are what the command line says; "" leaves it to the environment, then to
// the file, then to the default.
type Flags struct {
	Config, Public, Internal, Data string
}

// environment is what SPEC 2 takes from the environment; set but empty is as
// good as not set.
type environment struct {
	Config     string         `env:"HOOKGATE_CONFIG"`
	Public     string         `env:"HOOKGATE_PUBLIC_ADDR"`
	Internal   string         `env:"HOOKGATE_INTERNAL_ADDR"`
	Data       string         `env:"HOOKGATE_DATA_DIR"`
	AdminToken gateway.Secret `env:"HOOKGATE_ADMIN_TOKEN"`
	MasterKey  gateway.Secret `env:"HOOKGATE_MASTER_KEY"`
	PublicURL  string         `env:"HOOKGATE_PUBLIC_URL"`
	LogLevel   string         `env:"HOOKGATE_LOG_LEVEL"`
	LogFormat  string         `env:"HOOKGATE_LOG_FORMAT"`
}

// File gives the path of the configuration file, "" for none.
func (o Options) File() (string, error) {
	e, err := o.environment()
	if o.Flags.Config != "" {
		return o.Flags.Config, nil
	}
	return e.Config, err
}

func (o Options) environment() (e environment, err error) {
	err = env.ParseWithOptions(&e, env.Options{Environment: env.ToMap(o.Environ)})
	return e, err
}

// Load gives the configuration: defaults, on top of them the file, the
// environment, and the flags. Everything that is wrong is in one error; where
// that is the file's contents, it is of type Mistakes.
func Load(o Options) (*Config, error) { return (&Loader{Options: o}).Load() }

func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err := errors.Join(err, f.Close()); err != nil {
		return nil, err
	}
	if len(text) > maxFile {
		return nil, fmt.Errorf("%s is larger than %d bytes", path, maxFile)
	}
	return text, nil
}

// readWhole gives what a file says on top of the defaults, and its mistakes.
func readWhole(name, text string, in *inputs) (*Config, []mistake) {
	d, found := readDocument(name, []byte(text), in.lookup)
	d.inputs = in
	c := Default()
	c.file, c.inputs, c.unknown = d, in, unknownVariables(in.environ, in.asked)
	if d.broken {
		return c, found
	}
	found = append(found, d.readSecrets()...)
	told := places{}
	told.add(found)
	for _, stage := range []func() []gateway.Fault{
		func() []gateway.Fault { return fields.Decode(d.tree, c, fields.EveryFault) },
		func() []gateway.Fault { c.delayDrain(d); return nil },
		func() []gateway.Fault { return c.readPEM(filepath.Dir(name)) },
		c.check,
	} {
		var more []mistake
		for _, fault := range stage() {
			if !told.follow(fault.Path) {
				more = append(more, mistake{fault.Path, d.find(fault.Path), fault.Message})
			}
		}
		found = append(found, more...)
		told.add(more)
	}
	return c, found
}

// places are where mistakes were found, and right around those. They are looked up, for
// there may be a hundred thousand.
type places map[string]bool // true: a mistake; false: one is right below it

func (p places) add(found []mistake) {
	for _, m := range found {
		if m.path == "" {
			continue
		}
		p[m.path] = true
		if parent, _ := fields.Parent(m.path); parent != "" && !p[parent] {
			p[parent] = false
		}
	}
}

// follow says whether a fault is but the consequence of a mistake that was found before it:
// at the same place or below it, or around it.
func (p places) follow(path string) bool {
	if _, around := p[path]; around {
		return true
	}
	for path != "" {
		if path, _ = fields.Parent(path); p[path] {
			return true
		}
	}
	return false
}

// known says whether a place is one that a configuration may have.
func known(path string) bool { return fields.TypeAt(reflect.TypeFor[Config](), path) != nil }

// overlay puts the environment's values on top of the file's, and the flags' on
// top of those. The faults are of what it put there.
func (c *Config) overlay(f Flags, e environment) (faults []gateway.Fault) {
	c.set = map[string]string{}
	for _, o := range []struct {
		path, flag, flagName, variable, name string
		value                                *string
	}{
		{"public.addr", f.Public, "--public", e.Public, "HOOKGATE_PUBLIC_ADDR", &c.Public.Addr},
		{"internal.addr", f.Internal, "--internal", e.Internal, "HOOKGATE_INTERNAL_ADDR", &c.Internal.Addr},
		{"store.dir", f.Data, "--data", e.Data, "HOOKGATE_DATA_DIR", &c.Store.Dir},
		{"public.url", "", "", e.PublicURL, "HOOKGATE_PUBLIC_URL", &c.Public.URL},
		{"log.level", "", "", e.LogLevel, "HOOKGATE_LOG_LEVEL", &c.Log.Level},
		{"log.format", "", "", e.LogFormat, "HOOKGATE_LOG_FORMAT", &c.Log.Format},
	} {
		switch {
		case o.flag != "":
			*o.value, c.set[o.path] = o.flag, o.flagName
		case o.variable != "":
			*o.value, c.set[o.path] = o.variable, o.name
		}
	}
	for _, fault := range c.checkProcess() {
		if c.set[fault.Path] != "" {
			faults = append(faults, fault)
		}
	}
	c.AdminToken, c.MasterKey = e.AdminToken, gateway.Secret(strings.TrimSpace(e.MasterKey.Reveal()))
	return append(faults, c.checkSecrets()...)
}
