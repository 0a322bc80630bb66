-- What follows its event is found by the indexes of that: see follows.go. A node of the version
-- before puts rows that follow nothing, and goes on: its own questions cost more meanwhile.
ALTER TABLE {s}unfinished ADD COLUMN follows int2 NOT NULL DEFAULT 0;
ALTER TABLE {s}ended ADD COLUMN follows int2 NOT NULL DEFAULT 0;
DROP INDEX {s}unfinished_type, {s}unfinished_conversation, {s}ended_type, {s}ended_conversation;
CREATE INDEX unfinished_type ON {s}unfinished (tenant, type, id) WHERE follows = 0;
CREATE INDEX unfinished_conversation ON {s}unfinished (tenant, conversation, id) WHERE follows = 0;
CREATE INDEX ended_type ON {s}ended (tenant, type, id) WHERE follows = 0;
CREATE INDEX ended_conversation ON {s}ended (tenant, conversation, id) WHERE follows = 0;

-- What pinned verbs do.

-- put a delivery
CREATE FUNCTION {s}do_c4f57eab7d1c8641(bytea[], bytea[], int2[], bytea[], int8[], int2[], bytea[], int8[], bytea[], bytea[], int2[], bytea[], int2[]) RETURNS int8[] LANGUAGE plpgsql AS $$
DECLARE
	met int8[];
BEGIN
	WITH v AS (INSERT INTO {s}unfinished (tenant, id, slot, endpoint, due, state, type, conversation, events, also, lent, value, follows) SELECT tenant, id, slot, endpoint, due, state, type, conversation, events, also, lent, value, follows FROM (SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) AS u(tenant, id, slot, endpoint, due, state, type, conversation, events, also, lent, value, follows) LIMIT (SELECT 1 << 30)) AS i ON CONFLICT DO NOTHING RETURNING slot, tenant, endpoint, due AS at, id, conversation, also, lent), v_0 AS (INSERT INTO {s}due (slot, tenant, endpoint, at, id, conversation, also, lent) SELECT slot, tenant, endpoint, at, id, conversation, also, lent FROM v) SELECT NULL::int8[] INTO met;
	RETURN met;
END $$;

-- settle a delivery
CREATE FUNCTION {s}do_12dd37aa9922eda4(bytea[], bytea[], int2[], bytea[], int8[], int2[], bytea[], int8[], bytea[], bytea[], int2[], bytea[], int2[], int8[], int8[], bytea[]) RETURNS int8[] LANGUAGE plpgsql AS $$
DECLARE
	met int8[];
BEGIN
	WITH v AS (DELETE FROM {s}unfinished AS u USING (SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) AS u(tenant, id, slot, endpoint, due, state, type, conversation, events, also, lent, value, follows, number, made, attempt) LIMIT (SELECT 1 << 30)) AS i WHERE u.tenant = i.tenant AND u.id = i.id RETURNING u.slot AS was_slot, u.endpoint AS was_endpoint, u.due AS was, i.tenant, i.id, i.slot, i.endpoint, i.due, i.state, u.type, u.conversation, u.events, i.also, i.lent, i.value, u.follows, i.number, i.made, i.attempt), v_0 AS (DELETE FROM {s}due AS d USING v AS g WHERE d.slot = g.was_slot AND d.tenant = g.tenant AND d.endpoint = g.was_endpoint AND d.at = g.was AND d.id = g.id RETURNING 1), v_1 AS (INSERT INTO {s}unfinished (tenant, id, slot, endpoint, due, state, type, conversation, events, also, lent, value, follows) SELECT tenant, id, slot, endpoint, due, state, type, conversation, events, also, lent, value, follows FROM v RETURNING slot, tenant, endpoint, due AS at, id, conversation, also, lent), v_2 AS (INSERT INTO {s}due (slot, tenant, endpoint, at, id, conversation, also, lent) SELECT slot, tenant, endpoint, at, id, conversation, also, lent FROM v_1, (SELECT count(*) FROM v_0) AS taken), v_3 AS (INSERT INTO {s}attempts (tenant, id, number, day, value) SELECT tenant, id, number, made, attempt FROM v WHERE number > 0 ON CONFLICT (tenant, id, number, day) DO UPDATE SET value = excluded.value) SELECT NULL::int8[] INTO met;
	RETURN met;
END $$;

-- end a delivery
CREATE FUNCTION {s}do_9fcf45e5ec7e1fa9(bytea[], bytea[], int8[], int2[], bytea[], int8[], int8[], bytea[]) RETURNS int8[] LANGUAGE plpgsql AS $$
DECLARE
	met int8[];
BEGIN
	WITH v AS (DELETE FROM {s}unfinished AS u USING (SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8) AS u(tenant, id, day, state, value, number, made, attempt) LIMIT (SELECT 1 << 30)) AS i WHERE u.tenant = i.tenant AND u.id = i.id RETURNING u.slot AS was_slot, u.endpoint AS was_endpoint, u.due AS was, i.tenant, i.id, i.day, i.state, u.endpoint, u.type, u.conversation, i.value, u.follows, i.number, i.made, i.attempt), v_0 AS (DELETE FROM {s}due AS d USING v AS g WHERE d.slot = g.was_slot AND d.tenant = g.tenant AND d.endpoint = g.was_endpoint AND d.at = g.was AND d.id = g.id RETURNING 1), v_1 AS (INSERT INTO {s}ended (tenant, id, day, state, endpoint, type, conversation, value, follows) SELECT tenant, id, day, state, endpoint, type, conversation, value, follows FROM v), v_2 AS (INSERT INTO {s}attempts (tenant, id, number, day, value) SELECT tenant, id, number, made, attempt FROM v WHERE number > 0 ON CONFLICT (tenant, id, number, day) DO UPDATE SET value = excluded.value) SELECT NULL::int8[] INTO met;
	RETURN met;
END $$;
