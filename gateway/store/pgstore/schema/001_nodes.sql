-- Who writes: see fence.go.
CREATE SEQUENCE {s}epochs;
CREATE TABLE {s}nodes (
	node int8 PRIMARY KEY,
	beat int8 NOT NULL,
	gone int2 NOT NULL,
	told bytea NOT NULL
);
CREATE TABLE {s}slots (
	slot int2 PRIMARY KEY,
	owner int8 NOT NULL,
	epoch int8 NOT NULL
);
INSERT INTO {s}slots SELECT n, 0, 0 FROM generate_series(0, 255) AS n;
CREATE TABLE {s}writers (
	node int8 NOT NULL,
	n int2 NOT NULL,
	epoch int8 NOT NULL,
	PRIMARY KEY (node, n)
) WITH (fillfactor = 50);
CREATE UNLOGGED TABLE {s}incarnation (
	one bool PRIMARY KEY CHECK (one),
	id int8 NOT NULL
);
CREATE TABLE {s}meta (
	name bytea PRIMARY KEY,
	value bytea NOT NULL
)
