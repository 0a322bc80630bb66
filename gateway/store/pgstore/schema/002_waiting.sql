-- What waits, what was taken, what is configured, what is told of it. value is the record
-- (store/record), what stands before it is what it is found by. A conversation is its hash.
-- day is the days since 1970 of what a row expires by: such a table is parted by it. Where a
-- table has other indexes by tenant its primary key is made last: see 003_outbound.sql.
CREATE SEQUENCE {s}turns;
CREATE SEQUENCE {s}revisions;

CREATE TABLE {s}waits (
	tenant bytea NOT NULL, id bytea NOT NULL,
	slot int2 NOT NULL, source bytea NOT NULL, conversation int8 NOT NULL, value bytea NOT NULL
);
CREATE INDEX waits_slot ON {s}waits (slot);
CREATE INDEX waits_source ON {s}waits (tenant, source, id);
CREATE INDEX waits_conversation ON {s}waits (tenant, conversation, id);
ALTER TABLE {s}waits ADD PRIMARY KEY (tenant, id);

CREATE TABLE {s}ended_waits (
	day int8 NOT NULL, tenant bytea NOT NULL, id bytea NOT NULL,
	state int2 NOT NULL, source bytea NOT NULL, conversation int8 NOT NULL, ended int8 NOT NULL, value bytea NOT NULL
) PARTITION BY RANGE (day);
CREATE TABLE {s}ended_waits_default PARTITION OF {s}ended_waits DEFAULT;
CREATE INDEX ended_waits_source ON {s}ended_waits (tenant, source, id);
CREATE INDEX ended_waits_conversation ON {s}ended_waits (tenant, conversation, id);
CREATE INDEX ended_waits_state ON {s}ended_waits (tenant, state, id);
ALTER TABLE {s}ended_waits ADD PRIMARY KEY (tenant, id, day);

CREATE TABLE {s}wait_names (
	tenant bytea NOT NULL, name int8 NOT NULL, id bytea NOT NULL,
	day int8 NOT NULL,
	PRIMARY KEY (tenant, name, id)
);
CREATE INDEX wait_names_day ON {s}wait_names (day);

CREATE TABLE {s}marks (
	tenant bytea NOT NULL, key bytea NOT NULL, day int8 NOT NULL,
	turn int8 NOT NULL DEFAULT nextval('{s}turns'), value bytea NOT NULL,
	PRIMARY KEY (tenant, key, day)
) PARTITION BY RANGE (day);
CREATE TABLE {s}marks_default PARTITION OF {s}marks DEFAULT;

CREATE TABLE {s}names (
	tenant bytea NOT NULL, name bytea NOT NULL, day int8 NOT NULL,
	value bytea NOT NULL,
	PRIMARY KEY (tenant, name, day)
) PARTITION BY RANGE (day);
CREATE TABLE {s}names_default PARTITION OF {s}names DEFAULT;

CREATE TABLE {s}own (
	tenant bytea NOT NULL, key bytea NOT NULL, day int8 NOT NULL,
	PRIMARY KEY (tenant, key, day)
) PARTITION BY RANGE (day);
CREATE TABLE {s}own_default PARTITION OF {s}own DEFAULT;

CREATE TABLE {s}parked (
	tenant bytea NOT NULL, id bytea NOT NULL,
	slot int2 NOT NULL, expires int8 NOT NULL, value bytea NOT NULL
);
CREATE INDEX parked_slot ON {s}parked (slot);
ALTER TABLE {s}parked ADD PRIMARY KEY (tenant, id);

CREATE TABLE {s}callbacks (
	tenant bytea NOT NULL, id bytea NOT NULL, day int8 NOT NULL,
	source bytea NOT NULL, outcome bytea NOT NULL, conversation int8 NOT NULL, value bytea NOT NULL
) PARTITION BY RANGE (day);
CREATE TABLE {s}callbacks_default PARTITION OF {s}callbacks DEFAULT;
CREATE INDEX callbacks_source ON {s}callbacks (tenant, source, id);
CREATE INDEX callbacks_outcome ON {s}callbacks (tenant, outcome, id);
CREATE INDEX callbacks_conversation ON {s}callbacks (tenant, conversation, id);
ALTER TABLE {s}callbacks ADD PRIMARY KEY (tenant, id, day);

CREATE TABLE {s}calls (
	tenant bytea NOT NULL, id bytea NOT NULL, day int8 NOT NULL,
	webhook bytea NOT NULL, outcome bytea NOT NULL, reason bytea NOT NULL, conversation int8 NOT NULL, value bytea NOT NULL
) PARTITION BY RANGE (day);
CREATE TABLE {s}calls_default PARTITION OF {s}calls DEFAULT;
CREATE INDEX calls_webhook ON {s}calls (tenant, webhook, id);
CREATE INDEX calls_outcome ON {s}calls (tenant, outcome, id);
CREATE INDEX calls_reason ON {s}calls (tenant, reason, id) WHERE reason <> '';
CREATE INDEX calls_conversation ON {s}calls (tenant, conversation, id);
ALTER TABLE {s}calls ADD PRIMARY KEY (tenant, id, day);

CREATE TABLE {s}pending (
	tenant bytea NOT NULL, id bytea NOT NULL,
	slot int2 NOT NULL, value bytea NOT NULL
);
CREATE INDEX pending_slot ON {s}pending (slot);
ALTER TABLE {s}pending ADD PRIMARY KEY (tenant, id);

CREATE TABLE {s}traces (
	tenant bytea NOT NULL, name bytea NOT NULL, at int8 NOT NULL, id bytea NOT NULL, day int8 NOT NULL,
	value bytea NOT NULL,
	PRIMARY KEY (tenant, name, at, id, day)
) PARTITION BY RANGE (day);
CREATE TABLE {s}traces_default PARTITION OF {s}traces DEFAULT;

CREATE TABLE {s}jobs (
	tenant bytea NOT NULL, id bytea NOT NULL,
	ended int8 NOT NULL, value bytea NOT NULL,
	PRIMARY KEY (tenant, id)
);
CREATE INDEX jobs_running ON {s}jobs (tenant, id) WHERE ended = 0;

CREATE TABLE {s}job_parts (
	tenant bytea NOT NULL, id bytea NOT NULL, part int8 NOT NULL,
	value bytea NOT NULL,
	PRIMARY KEY (tenant, id, part)
);

CREATE TABLE {s}resources (
	kind bytea NOT NULL, tenant bytea NOT NULL, id bytea NOT NULL,
	revision int8 NOT NULL, gone int8 NOT NULL, value bytea NOT NULL,
	PRIMARY KEY (kind, tenant, id)
);
CREATE INDEX resources_revision ON {s}resources (revision);
CREATE INDEX resources_tenant ON {s}resources (tenant);

CREATE TABLE {s}audit (
	id bytea NOT NULL, day int8 NOT NULL,
	value bytea NOT NULL,
	PRIMARY KEY (id, day)
) PARTITION BY RANGE (day);
CREATE TABLE {s}audit_default PARTITION OF {s}audit DEFAULT;
CREATE TABLE {s}audit_of (
	tenant bytea NOT NULL, id bytea NOT NULL, day int8 NOT NULL,
	PRIMARY KEY (tenant, id, day)
) PARTITION BY RANGE (day);
CREATE TABLE {s}audit_of_default PARTITION OF {s}audit_of DEFAULT;

CREATE TABLE {s}changes (
	id bytea NOT NULL, day int8 NOT NULL,
	value bytea NOT NULL,
	PRIMARY KEY (id, day)
) PARTITION BY RANGE (day);
CREATE TABLE {s}changes_default PARTITION OF {s}changes DEFAULT;
CREATE TABLE {s}changes_of (
	tenant bytea NOT NULL, id bytea NOT NULL, day int8 NOT NULL,
	PRIMARY KEY (tenant, id, day)
) PARTITION BY RANGE (day);
CREATE TABLE {s}changes_of_default PARTITION OF {s}changes_of DEFAULT;

CREATE TABLE {s}minutes (
	tenant bytea NOT NULL, series bytea NOT NULL, at int8 NOT NULL, day int8 NOT NULL,
	value bytea NOT NULL,
	PRIMARY KEY (tenant, series, at, day)
) PARTITION BY RANGE (day);
CREATE TABLE {s}minutes_default PARTITION OF {s}minutes DEFAULT;
CREATE TABLE {s}hours (
	tenant bytea NOT NULL, series bytea NOT NULL, at int8 NOT NULL, day int8 NOT NULL,
	value bytea NOT NULL,
	PRIMARY KEY (tenant, series, at, day)
) PARTITION BY RANGE (day);
CREATE TABLE {s}hours_default PARTITION OF {s}hours DEFAULT;

-- Ballast, as in 003_outbound.sql: these are empty most of the time.
INSERT INTO {s}waits SELECT '\x00', int8send(n) || int8send(n), -1, '', n, '' FROM generate_series(1, 200) AS n;
INSERT INTO {s}parked SELECT '\x00', id, -1, 9223372036854775807, '' FROM {s}waits;
INSERT INTO {s}pending SELECT '\x00', id, -1, '' FROM {s}waits
