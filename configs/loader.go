package configs

import (
	"crypto/sha256"
	"fmt"

	"github.com/caarlos0/env/v11"
)

// Loader loads one configuration again and again, as Load does, and remembers the last one
// that was without a mistake: while nothing is otherwise it gives the same, and of a file
// that was changed it reads the tenants that were. It is for one caller at a time.
type Loader struct {
	Options
	last memory
}

// memory is what is known of the last load.
type memory struct {
	config *Config
	text   [sha256.Size]byte
	parts  map[string]*tenantPart // by id; nil where the file was read as a whole
}

// Load gives the configuration. It is the one that was given before where file, variables
// and all files that it names are as they were: whoever has it must not change it, but by
// KeepFrom.
func (l *Loader) Load() (*Config, error) {
	e, err := l.environment()
	if err != nil {
		return nil, fmt.Errorf("read environment: %w", err)
	}
	path, err := l.File()
	if err != nil {
		return nil, err
	}
	environ := env.ToMap(l.Environ)
	if path == "" {
		c := Default()
		c.unknown = unknownVariables(environ, nil)
		return l.finish(c, nil, e)
	}
	text, err := readFile(path)
	if err != nil {
		return nil, fmt.Errorf("read configuration: %w", err)
	}
	sum := sha256.Sum256(text)
	if c := l.last.config; c != nil && l.last.text == sum && c.inputs.same(environ) {
		return c, nil
	}
	c, found, parts := l.last.load(path, normalized(text), environ)
	if c, err = l.finish(c, found, e); err == nil {
		l.last = memory{config: c, text: sum, parts: parts}
	}
	return c, err
}

// load reads a file: tenant by tenant, or the whole where that does not go.
func (m *memory) load(path, text string, environ map[string]string) (*Config, []mistake, map[string]*tenantPart) {
	c, parts := m.readTenants(path, text, environ)
	if c == nil {
		c, found := readWhole(path, text, newInputs(environ))
		return c, found, nil
	}
	c.file = &document{name: path, again: func() *document {
		whole, _ := readWhole(path, text, newInputs(environ))
		return whole.file
	}}
	return c, nil, parts
}

// finish puts flags and environment on top of a file, and has the whole checked.
func (l *Loader) finish(c *Config, found []mistake, e environment) (*Config, error) {
	faults := c.overlay(l.Flags, e)
	if l.Check != nil && (c.file == nil || !c.file.broken) {
		told := places{}
		told.add(found)
		for _, fault := range l.Check(c) {
			if !told.follow(fault.Path) {
				faults = append(faults, fault)
			}
		}
	}
	if err := c.report(found, faults); err != nil {
		return nil, err
	}
	if c.Public.URL != "" {
		c.Public.URL = normalURL(c.Public.URL)
	}
	return c, nil
}
