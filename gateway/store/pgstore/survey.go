package pgstore

import (
	"strconv"
	"time"

	"hookgate/gateway"
)

// survey is what the store says of the database that it is on.
type survey struct{ *writers }

// Survey is how the database stands. What this role may not see is unknown, and named.
type Survey struct {
	Version           string // of PostgreSQL
	VersionNumber     int    // 150004 is 15.4
	Role              string // of who asks
	SynchronousCommit string // of this role; promises set it to on, or leave remote_apply
	StandbyNames      string // synchronous_standby_names; "": no commit waits for a standby
	Fsync             bool
	FullPageWrites    bool
	MaxConnections    int
	Bytes             int64         // of the schema's tables and indexes
	DeadRows          int64         // that vacuum has not removed yet, of the schema
	OldestTransaction time.Duration // holds vacuum back; of any that this role sees
	Unseen            []string      // what this role may not see
}

const surveySQL = `SELECT current_setting('server_version'), current_setting('synchronous_commit'), current_setting('synchronous_standby_names'),
	(current_setting('fsync') = 'on')::int::int8, (current_setting('full_page_writes') = 'on')::int::int8, current_setting('max_connections')::int8,
	coalesce((SELECT sum(pg_relation_size(c.oid)) FROM pg_class AS c WHERE c.relnamespace = n.oid AND c.relkind IN ('r', 'i')), 0)::int8,
	coalesce((SELECT sum(s.n_dead_tup) FROM pg_stat_user_tables AS s WHERE s.schemaname = n.nspname), 0)::int8,
	coalesce((SELECT max(extract(epoch FROM clock_timestamp() - a.xact_start) * 1000000) FROM pg_stat_activity AS a WHERE a.pid <> pg_backend_pid()), 0)::int8,
	(SELECT count(*) FROM pg_stat_activity AS a WHERE a.backend_type IS NULL OR a.query = '<insufficient privilege>'), current_setting('server_version_num')::int8, current_user::text
	FROM (SELECT 1) AS one LEFT JOIN pg_namespace AS n ON n.nspname = `

// Survey asks how the database stands. It looks at the sizes of all tables: not often.
func (s *survey) Survey() (v Survey, err error) {
	p := &params{}
	_, err = s.one(surveySQL+p.word(s.opts.Schema), p, func(row [][]byte) error {
		v = Survey{
			Version: string(row[0]), SynchronousCommit: string(row[1]), StandbyNames: string(row[2]),
			Fsync: longAt(row[3]) != 0, FullPageWrites: longAt(row[4]) != 0, MaxConnections: int(longAt(row[5])),
			Bytes: longAt(row[6]), DeadRows: longAt(row[7]), OldestTransaction: time.Duration(longAt(row[8])) * time.Microsecond,
		}
		v.VersionNumber, v.Role = int(longAt(row[10])), string(row[11])
		if n := longAt(row[9]); n > 0 {
			v.Unseen = append(v.Unseen, "transactions of "+strconv.FormatInt(n, 10)+" processes of other roles: grant pg_read_all_stats to see them")
		}
		return nil
	})
	return v, err
}

var (
	claimMeta = &verb{
		name: "claim a name", table: "meta", keys: 1, in: columns("name bytea, value bytea"),
		sql: "INSERT INTO {s}meta (name, value) SELECT i.name, i.value FROM {in} ON CONFLICT (name) DO NOTHING",
	}
	metaTable = newTable("value of the schema", "meta", "name bytea", "value bytea")
)

// Claim keeps a value of the whole schema under a name, if it has none, and gives the one
// that it has: so who comes with another sees that. Keyed digests of secrets stand so, by
// which a node with another secret is told apart.
func (s *survey) Claim(name string, value []byte) (is []byte, err error) {
	p := newPromise()
	p.do(claimMeta, text(name), raw(value))
	if err := s.write(p); err != nil {
		return nil, err
	}
	return s.Claimed(name)
}

// Claimed gives the value of a name; gateway.ErrNotFound where it has none.
func (s *survey) Claimed(name string) (is []byte, err error) {
	p := &params{}
	found, err := s.one("SELECT value FROM {s}meta WHERE name = "+p.text(name), p, func(row [][]byte) error {
		is = append([]byte{}, row[0]...)
		return nil
	})
	if err == nil && !found {
		err = gateway.ErrNotFound
	}
	return is, err
}

// Reclaim puts a value in place of the one that a name has, as when a secret was changed.
func (s *survey) Reclaim(name string, value []byte) error {
	p := newPromise()
	p.put(metaTable, text(name), raw(value))
	return s.write(p)
}
