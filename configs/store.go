package configs

import (
	"path/filepath"

	"hookgate/gateway"
)

// schemaForm is what a schema may be called: it needs no quotes anywhere, and leaves room
// for what is called after it.
var schemaForm = gateway.Pattern(`^[a-z_][a-z0-9_]*$`)

const maxSchema = 48

// Bounds of store.connections: two write, one is for fences alone, the others read.
const minConnections, maxConnections = 4, 1000

func (s *Store) check(f *faults) {
	f.word("store.driver", s.Driver, DriverPebble, DriverPostgres)
	f.unless(len(s.Schema) <= maxSchema && schemaForm().MatchString(s.Schema), "store.schema", "must be 1 to 48 lower-case letters, digits and underscores, and no digit first")
	f.unless(s.Connections >= minConnections && s.Connections <= maxConnections, "store.connections", "must be %d to %d", minConnections, maxConnections)
	switch s.Driver {
	default:
		return
	case DriverPostgres:
		f.unless(s.URL != "" || s.URLFile != "", "store.url", "must name the database, as postgres://user:password@host:5432/database does; or set store.url_file")
		f.unless(s.URL == "" || s.URLFile == "", "store.url_file", "stands beside url: leave one of them out")
		return
	case DriverPebble:
	}
	f.unless(s.Dir != "", "store.dir", "must name the data folder")
	for _, key := range []struct {
		name string
		set  bool
	}{
		{"url", s.URL != ""}, {"url_file", s.URLFile != ""}, {"migrate_url", s.MigrateURL != ""},
	} {
		f.unless(!key.set, "store."+key.name, "is for the driver postgres only")
	}
}

// Database gives the URL of the database. That of a file is read anew each time: who
// changes the password there need not start this process again.
func (s *Store) Database() (string, error) {
	if s.URLFile == "" {
		return s.URL.Reveal(), nil
	}
	raw, err := readRegular(s.URLFile, maxSecretFile)
	if err != nil {
		return "", err
	}
	return secretOf(s.URLFile, raw, maxSecretFile)
}

// below makes the name of a file that is read again later one that is not relative to the
// working directory.
func below(folder string, file *string) {
	if *file != "" && !filepath.IsAbs(*file) {
		*file = filepath.Join(folder, *file)
	}
}
