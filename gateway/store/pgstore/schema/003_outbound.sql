-- What was published, and what becomes of it. An event is in the part of the day of its id. A
-- delivery lies in the place of its state: unfinished, with its place in the window of its lane
-- (due: narrow, rows are put and removed and never change); ended or dead, in the part of the
-- day on which it ended. events is the ids of what a delivery carries, 16 bytes each. What is
-- still needed of a part that goes is in kept_events, kept_carried and kept_attempts; since is
-- the day on which it was put there.
CREATE FUNCTION {s}day_of(id bytea) RETURNS int8 LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
	'SELECT ((get_byte(id, 0)::int8 << 40) | (get_byte(id, 1)::int8 << 32) | (get_byte(id, 2)::int8 << 24) | (get_byte(id, 3)::int8 << 16) | (get_byte(id, 4)::int8 << 8) | (get_byte(id, 5)::int8 << 0)) / 86400000';

-- The ids in events. It is no part of what it is used in, so that the planner counts on few.
CREATE FUNCTION {s}ids(events bytea) RETURNS SETOF bytea LANGUAGE sql VOLATILE ROWS 1 AS
	'SELECT substr(events, n * 16 + 1, 16) FROM generate_series(0, length(events) / 16 - 1) AS n';

-- The primary key of each table is made last. Where the planner believes a table to be empty,
-- for it was when it was looked at, all indexes cost the same, and it takes the newest: the
-- others begin with the tenant too, and each look at one row would read all of that tenant's.
CREATE TABLE {s}events (
	tenant bytea NOT NULL, id bytea NOT NULL, day int8 NOT NULL,
	type bytea NOT NULL, conversation int8 NOT NULL, value bytea NOT NULL
) PARTITION BY RANGE (day);
CREATE TABLE {s}events_default PARTITION OF {s}events DEFAULT;
CREATE INDEX events_type ON {s}events (tenant, type, id);
CREATE INDEX events_conversation ON {s}events (tenant, conversation, id);
ALTER TABLE {s}events ADD PRIMARY KEY (tenant, id, day);
CREATE TABLE {s}kept_events (
	tenant bytea NOT NULL, id bytea NOT NULL,
	since int8 NOT NULL, value bytea NOT NULL
);
ALTER TABLE {s}kept_events ADD PRIMARY KEY (tenant, id);

-- Deliveries of an event whose ids are not beside its own.
CREATE TABLE {s}carried (
	tenant bytea NOT NULL, event bytea NOT NULL, delivery bytea NOT NULL, day int8 NOT NULL
) PARTITION BY RANGE (day);
CREATE TABLE {s}carried_default PARTITION OF {s}carried DEFAULT;
ALTER TABLE {s}carried ADD PRIMARY KEY (tenant, event, delivery, day);
CREATE TABLE {s}kept_carried (
	tenant bytea NOT NULL, event bytea NOT NULL, delivery bytea NOT NULL,
	since int8 NOT NULL
);
ALTER TABLE {s}kept_carried ADD PRIMARY KEY (tenant, event, delivery);

CREATE TABLE {s}unfinished (
	tenant bytea NOT NULL, id bytea NOT NULL,
	slot int2 NOT NULL, endpoint bytea NOT NULL, due int8 NOT NULL, state int2 NOT NULL, type bytea NOT NULL, conversation int8 NOT NULL,
	events bytea NOT NULL, also bytea NOT NULL, lent int2 NOT NULL, value bytea NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0.02);
CREATE INDEX unfinished_endpoint ON {s}unfinished (tenant, endpoint, id);
CREATE INDEX unfinished_type ON {s}unfinished (tenant, type, id);
CREATE INDEX unfinished_conversation ON {s}unfinished (tenant, conversation, id);
CREATE INDEX unfinished_state ON {s}unfinished (tenant, state, id) WHERE state <> 0;
ALTER TABLE {s}unfinished ADD PRIMARY KEY (tenant, id);

CREATE TABLE {s}due (
	slot int2 NOT NULL, tenant bytea NOT NULL, endpoint bytea NOT NULL, at int8 NOT NULL, id bytea NOT NULL,
	conversation int8 NOT NULL, also bytea NOT NULL, lent int2 NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0.02);
ALTER TABLE {s}due ADD PRIMARY KEY (slot, tenant, endpoint, at, id);

CREATE TABLE {s}ended (
	tenant bytea NOT NULL, id bytea NOT NULL, day int8 NOT NULL,
	state int2 NOT NULL, endpoint bytea NOT NULL, type bytea NOT NULL, conversation int8 NOT NULL, value bytea NOT NULL
) PARTITION BY RANGE (day);
CREATE TABLE {s}ended_default PARTITION OF {s}ended DEFAULT;
CREATE INDEX ended_endpoint ON {s}ended (tenant, endpoint, id);
CREATE INDEX ended_type ON {s}ended (tenant, type, id);
CREATE INDEX ended_conversation ON {s}ended (tenant, conversation, id);
CREATE INDEX ended_state ON {s}ended (tenant, state, id) WHERE state <> 2;
ALTER TABLE {s}ended ADD PRIMARY KEY (tenant, id, day);

CREATE TABLE {s}dead (
	tenant bytea NOT NULL, id bytea NOT NULL, day int8 NOT NULL,
	endpoint bytea NOT NULL, type bytea NOT NULL, conversation int8 NOT NULL, value bytea NOT NULL
) PARTITION BY RANGE (day);
CREATE TABLE {s}dead_default PARTITION OF {s}dead DEFAULT;
CREATE INDEX dead_endpoint ON {s}dead (tenant, endpoint, id);
CREATE INDEX dead_type ON {s}dead (tenant, type, id);
CREATE INDEX dead_conversation ON {s}dead (tenant, conversation, id);
ALTER TABLE {s}dead ADD PRIMARY KEY (tenant, id, day);
CREATE TABLE {s}dead_events (
	tenant bytea NOT NULL, id bytea NOT NULL, day int8 NOT NULL,
	value bytea NOT NULL
) PARTITION BY RANGE (day);
CREATE TABLE {s}dead_events_default PARTITION OF {s}dead_events DEFAULT;
ALTER TABLE {s}dead_events ADD PRIMARY KEY (tenant, id, day);
CREATE TABLE {s}dead_attempts (
	tenant bytea NOT NULL, id bytea NOT NULL, number int8 NOT NULL, day int8 NOT NULL,
	value bytea NOT NULL
) PARTITION BY RANGE (day);
CREATE TABLE {s}dead_attempts_default PARTITION OF {s}dead_attempts DEFAULT;
ALTER TABLE {s}dead_attempts ADD PRIMARY KEY (tenant, id, number, day);

-- Attempts are in the part of the day on which they were made.
CREATE TABLE {s}attempts (
	tenant bytea NOT NULL, id bytea NOT NULL, number int8 NOT NULL, day int8 NOT NULL,
	value bytea NOT NULL
) PARTITION BY RANGE (day);
CREATE TABLE {s}attempts_default PARTITION OF {s}attempts DEFAULT;
ALTER TABLE {s}attempts ADD PRIMARY KEY (tenant, id, number, day);
CREATE TABLE {s}kept_attempts (
	tenant bytea NOT NULL, id bytea NOT NULL, number int8 NOT NULL,
	since int8 NOT NULL, value bytea NOT NULL
);
ALTER TABLE {s}kept_attempts ADD PRIMARY KEY (tenant, id, number);

-- What was promised and is made by and by: done is how many of it.
CREATE TABLE {s}fanouts (
	tenant bytea NOT NULL, id bytea NOT NULL,
	slot int2 NOT NULL, done int8 NOT NULL, value bytea NOT NULL
);
CREATE INDEX fanouts_slot ON {s}fanouts (slot);
ALTER TABLE {s}fanouts ADD PRIMARY KEY (tenant, id);

-- Lanes that were dropped, with what was in them: deliveries up to last.
CREATE TABLE {s}drops (
	tenant bytea NOT NULL, endpoint bytea NOT NULL,
	last bytea NOT NULL, at int8 NOT NULL
);
ALTER TABLE {s}drops ADD PRIMARY KEY (tenant, endpoint);
CREATE TABLE {s}holds (
	tenant bytea NOT NULL, endpoint bytea NOT NULL, conversation int8 NOT NULL,
	value bytea NOT NULL
);
ALTER TABLE {s}holds ADD PRIMARY KEY (tenant, endpoint, conversation);
CREATE TABLE {s}statuses (
	tenant bytea NOT NULL, endpoint bytea NOT NULL,
	value bytea NOT NULL
)
;
ALTER TABLE {s}statuses ADD PRIMARY KEY (tenant, endpoint);

-- Ballast: of no tenant, for none has a zero byte, and of no slot. These two are empty most of
-- the time. A planner that saw one so takes it for one row and each index of it for one page,
-- until somebody counts again: it then reads all of it for each look at a row, while it grows
-- to a million. With a few rows that never go it goes by how large the index is by now.
INSERT INTO {s}unfinished SELECT '\x00', int8send(n) || int8send(n), -1, '', 0, 0, '', 0, '', '', 0, '' FROM generate_series(1, 200) AS n;
INSERT INTO {s}due SELECT slot, tenant, endpoint, due, id, conversation, also, lent FROM {s}unfinished;

-- A part of a table is made with what the default part has for it already, and dropped whole.
-- Both are tried for a moment only, and again later, lest anybody wait behind a long reader.
-- They run as who made the schema, so that serve needs no right to make or drop a table.
CREATE FUNCTION {s}make_part(parent text, low int8, high int8) RETURNS bool LANGUAGE plpgsql SECURITY DEFINER
	SET search_path = pg_catalog SET lock_timeout = '200ms' AS $$
DECLARE
	s text := rtrim('{s}', '.');
	part text := parent || '_' || low;
BEGIN
	PERFORM pg_advisory_xact_lock(hashtextextended(s || ' parts', 0));
	IF to_regclass(s || '.' || part) IS NOT NULL THEN
		RETURN false;
	END IF;
	PERFORM FROM pg_partitioned_table AS p JOIN pg_class AS c ON c.oid = p.partrelid WHERE c.relname = parent AND c.relnamespace = s::regnamespace;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'no table of parts: %', parent;
	END IF;
	EXECUTE format('CREATE TABLE %I.%I (LIKE %I.%I INCLUDING ALL)', s, part, s, parent);
	EXECUTE format('LOCK TABLE %I.%I IN ACCESS EXCLUSIVE MODE', s, parent || '_default');
	EXECUTE format('WITH m AS (DELETE FROM %I.%I WHERE day >= %s AND day < %s RETURNING *) INSERT INTO %I.%I SELECT * FROM m', s, parent || '_default', low, high, s, part);
	EXECUTE format('ALTER TABLE %I.%I ATTACH PARTITION %I.%I FOR VALUES FROM (%s) TO (%s)', s, parent, s, part, low, high);
	RETURN true;
END $$;

CREATE FUNCTION {s}drop_parts(parent text, span int8, below int8) RETURNS int8 LANGUAGE plpgsql SECURITY DEFINER
	SET search_path = pg_catalog SET lock_timeout = '200ms' AS $$
DECLARE
	s text := rtrim('{s}', '.');
	part name;
	n int8 := 0;
BEGIN
	PERFORM pg_advisory_xact_lock(hashtextextended(s || ' parts', 0));
	FOR part IN
		SELECT c.relname FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid JOIN pg_class AS p ON p.oid = i.inhparent
			WHERE p.relname = parent AND p.relkind = 'p' AND p.relnamespace = s::regnamespace AND c.relname ~ ('^' || parent || '_[0-9]+$')
	LOOP
		IF substr(part, length(parent) + 2)::int8 + span <= below THEN
			EXECUTE format('DROP TABLE %I.%I', s, part);
			n := n + 1;
		END IF;
	END LOOP;
	RETURN n;
END $$
