-- Rows that are not there are put without a look for them first: see verb.fresh in table.go.

-- The fence of a statement of promises: see fence.go and pinned.go.
CREATE FUNCTION {s}fence_2(int8, int2, int8, text, text, OUT held bool, OUT is_of text, OUT is_epoch int8) LANGUAGE plpgsql AS $$
DECLARE
	seen text := set_config('plan_cache_mode', 'force_generic_plan', true) || set_config('enable_seqscan', 'off', true) || set_config('jit', 'off', true);
BEGIN
	IF current_setting('synchronous_commit') <> 'remote_apply' OR $5 <> 'on' THEN
		seen := set_config('synchronous_commit', $5, true);
	END IF;
	SELECT substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) || ' ' || extract(epoch FROM pg_postmaster_start_time())::text || ' ' || coalesce((SELECT id::text FROM {s}incarnation), ''), w.epoch INTO is_of, is_epoch FROM {s}writers AS w WHERE w.node = $1 AND w.n = $2 FOR SHARE;
	IF NOT FOUND THEN
		is_of := substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) || ' ' || extract(epoch FROM pg_postmaster_start_time())::text || ' ' || coalesce((SELECT id::text FROM {s}incarnation), '');
		is_epoch := -1;
	END IF;
	held := is_epoch = $3 AND is_of = $4;
END $$;

-- What pinned verbs do.

-- settle a delivery
CREATE FUNCTION {s}do_7a8cf65c5563bf3d(bytea[], bytea[], int2[], bytea[], int8[], int2[], bytea[], int8[], bytea[], bytea[], int2[], bytea[], int2[], int8[], int8[], bytea[]) RETURNS int8[] LANGUAGE plpgsql AS $$
DECLARE
	met int8[];
BEGIN
	WITH v AS (DELETE FROM {s}unfinished AS u USING (SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) AS u(tenant, id, slot, endpoint, due, state, type, conversation, events, also, lent, value, follows, number, made, attempt) LIMIT (SELECT 1 << 30)) AS i WHERE u.tenant = i.tenant AND u.id = i.id RETURNING u.slot AS was_slot, u.endpoint AS was_endpoint, u.due AS was, i.tenant, i.id, i.slot, i.endpoint, i.due, i.state, u.type, u.conversation, u.events, i.also, i.lent, i.value, u.follows, i.number, i.made, i.attempt), v_0 AS (DELETE FROM {s}due WHERE ctid = ANY (ARRAY(SELECT k.ctid FROM v AS g, LATERAL (SELECT d.ctid FROM {s}due AS d WHERE d.slot = g.was_slot AND d.tenant = g.tenant AND d.endpoint = g.was_endpoint AND d.at = g.was AND d.id = g.id OFFSET 0) AS k)) RETURNING 1), v_1 AS (INSERT INTO {s}unfinished (tenant, id, slot, endpoint, due, state, type, conversation, events, also, lent, value, follows) SELECT tenant, id, slot, endpoint, due, state, type, conversation, events, also, lent, value, follows FROM v RETURNING slot, tenant, endpoint, due AS at, id, conversation, also, lent), v_2 AS (INSERT INTO {s}due (slot, tenant, endpoint, at, id, conversation, also, lent) SELECT slot, tenant, endpoint, at, id, conversation, also, lent FROM v_1, (SELECT count(*) FROM v_0) AS taken), v_3 AS (INSERT INTO {s}attempts (tenant, id, number, day, value) SELECT tenant, id, number, made, attempt FROM v WHERE number > 0 ON CONFLICT (tenant, id, number, day) DO UPDATE SET value = excluded.value) SELECT NULL::int8[] INTO met;
	RETURN met;
END $$;

-- end a delivery
CREATE FUNCTION {s}do_b5dfc61703ceee87(bytea[], bytea[], int8[], int2[], bytea[], int8[], int8[], bytea[]) RETURNS int8[] LANGUAGE plpgsql AS $$
DECLARE
	met int8[];
BEGIN
	WITH v AS (DELETE FROM {s}unfinished AS u USING (SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8) AS u(tenant, id, day, state, value, number, made, attempt) LIMIT (SELECT 1 << 30)) AS i WHERE u.tenant = i.tenant AND u.id = i.id RETURNING u.slot AS was_slot, u.endpoint AS was_endpoint, u.due AS was, i.tenant, i.id, i.day, i.state, u.endpoint, u.type, u.conversation, i.value, u.follows, i.number, i.made, i.attempt), v_0 AS (DELETE FROM {s}due WHERE ctid = ANY (ARRAY(SELECT k.ctid FROM v AS g, LATERAL (SELECT d.ctid FROM {s}due AS d WHERE d.slot = g.was_slot AND d.tenant = g.tenant AND d.endpoint = g.was_endpoint AND d.at = g.was AND d.id = g.id OFFSET 0) AS k)) RETURNING 1), v_1 AS (INSERT INTO {s}ended (tenant, id, day, state, endpoint, type, conversation, value, follows) SELECT tenant, id, day, state, endpoint, type, conversation, value, follows FROM v ON CONFLICT (tenant, id, day) DO UPDATE SET state = excluded.state, endpoint = excluded.endpoint, type = excluded.type, conversation = excluded.conversation, value = excluded.value, follows = excluded.follows), v_2 AS (INSERT INTO {s}attempts (tenant, id, number, day, value) SELECT tenant, id, number, made, attempt FROM v WHERE number > 0 ON CONFLICT (tenant, id, number, day) DO UPDATE SET value = excluded.value) SELECT NULL::int8[] INTO met;
	RETURN met;
END $$;

-- end a delivery with its record
CREATE FUNCTION {s}do_34de67f763bf6fc2(bytea[], bytea[], int8[], int2[], bytea[]) RETURNS int8[] LANGUAGE plpgsql AS $$
DECLARE
	met int8[];
BEGIN
	WITH v AS (DELETE FROM {s}unfinished AS u USING (SELECT * FROM unnest($1, $2, $3, $4, $5) AS u(tenant, id, day, state, value) LIMIT (SELECT 1 << 30)) AS i WHERE u.tenant = i.tenant AND u.id = i.id RETURNING u.slot AS was_slot, u.endpoint AS was_endpoint, u.due AS was, i.tenant, i.id, i.day, i.state, u.endpoint, u.type, u.conversation, i.value, u.follows), v_0 AS (DELETE FROM {s}due WHERE ctid = ANY (ARRAY(SELECT k.ctid FROM v AS g, LATERAL (SELECT d.ctid FROM {s}due AS d WHERE d.slot = g.was_slot AND d.tenant = g.tenant AND d.endpoint = g.was_endpoint AND d.at = g.was AND d.id = g.id OFFSET 0) AS k)) RETURNING 1), v_1 AS (INSERT INTO {s}ended (tenant, id, day, state, endpoint, type, conversation, value, follows) SELECT tenant, id, day, state, endpoint, type, conversation, value, follows FROM v ON CONFLICT (tenant, id, day) DO UPDATE SET state = excluded.state, endpoint = excluded.endpoint, type = excluded.type, conversation = excluded.conversation, value = excluded.value, follows = excluded.follows) SELECT NULL::int8[] INTO met;
	RETURN met;
END $$;

-- end a delivery with its record that is not there
CREATE FUNCTION {s}do_5ab243cd1021bb2b(bytea[], bytea[], int8[], int2[], bytea[]) RETURNS int8[] LANGUAGE plpgsql AS $$
DECLARE
	met int8[];
BEGIN
	WITH v AS (DELETE FROM {s}unfinished AS u USING (SELECT * FROM unnest($1, $2, $3, $4, $5) AS u(tenant, id, day, state, value) LIMIT (SELECT 1 << 30)) AS i WHERE u.tenant = i.tenant AND u.id = i.id RETURNING u.slot AS was_slot, u.endpoint AS was_endpoint, u.due AS was, i.tenant, i.id, i.day, i.state, u.endpoint, u.type, u.conversation, i.value, u.follows), v_0 AS (DELETE FROM {s}due WHERE ctid = ANY (ARRAY(SELECT k.ctid FROM v AS g, LATERAL (SELECT d.ctid FROM {s}due AS d WHERE d.slot = g.was_slot AND d.tenant = g.tenant AND d.endpoint = g.was_endpoint AND d.at = g.was AND d.id = g.id OFFSET 0) AS k)) RETURNING 1), v_1 AS (INSERT INTO {s}ended (tenant, id, day, state, endpoint, type, conversation, value, follows) SELECT tenant, id, day, state, endpoint, type, conversation, value, follows FROM v) SELECT NULL::int8[] INTO met;
	RETURN met;
END $$;

-- put a delivery that is not there
CREATE FUNCTION {s}do_9d68bd5b8b53e958(bytea[], bytea[], int2[], bytea[], int8[], int2[], bytea[], int8[], bytea[], bytea[], int2[], bytea[], int2[]) RETURNS int8[] LANGUAGE plpgsql AS $$
DECLARE
	met int8[];
BEGIN
	WITH v AS (INSERT INTO {s}unfinished (tenant, id, slot, endpoint, due, state, type, conversation, events, also, lent, value, follows) SELECT tenant, id, slot, endpoint, due, state, type, conversation, events, also, lent, value, follows FROM (SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) AS u(tenant, id, slot, endpoint, due, state, type, conversation, events, also, lent, value, follows) LIMIT (SELECT 1 << 30)) AS i RETURNING slot, tenant, endpoint, due AS at, id, conversation, also, lent), v_0 AS (INSERT INTO {s}due (slot, tenant, endpoint, at, id, conversation, also, lent) SELECT slot, tenant, endpoint, at, id, conversation, also, lent FROM v) SELECT NULL::int8[] INTO met;
	RETURN met;
END $$;

-- put a mark that is not there
CREATE FUNCTION {s}do_c9d93da7edd9e339(bytea[], bytea[], int8[], bytea[]) RETURNS int8[] LANGUAGE plpgsql AS $$
DECLARE
	met int8[];
BEGIN
	INSERT INTO {s}marks (tenant, key, day, value) SELECT i.tenant, i.key, i.day, i.value FROM (SELECT * FROM unnest($1, $2, $3, $4) AS u(tenant, key, day, value) LIMIT (SELECT 1 << 30)) AS i;
	RETURN met;
END $$;

-- put a event that is not there
CREATE FUNCTION {s}do_1f1a0602bd0af953(bytea[], bytea[], int8[], bytea[], int8[], bytea[]) RETURNS int8[] LANGUAGE plpgsql AS $$
DECLARE
	met int8[];
BEGIN
	INSERT INTO {s}events (tenant, id, day, type, conversation, value) SELECT i.tenant, i.id, i.day, i.type, i.conversation, i.value FROM (SELECT * FROM unnest($1, $2, $3, $4, $5, $6) AS u(tenant, id, day, type, conversation, value) LIMIT (SELECT 1 << 30)) AS i;
	RETURN met;
END $$;

-- put a delivery of an event that is not there
CREATE FUNCTION {s}do_1c3da5cf13930561(bytea[], bytea[], bytea[], int8[]) RETURNS int8[] LANGUAGE plpgsql AS $$
DECLARE
	met int8[];
BEGIN
	INSERT INTO {s}carried (tenant, event, delivery, day) SELECT i.tenant, i.event, i.delivery, i.day FROM (SELECT * FROM unnest($1, $2, $3, $4) AS u(tenant, event, delivery, day) LIMIT (SELECT 1 << 30)) AS i;
	RETURN met;
END $$;

-- put a wait that is not there
CREATE FUNCTION {s}do_b3ac715d1f9abcb5(bytea[], bytea[], int2[], bytea[], int8[], bytea[]) RETURNS int8[] LANGUAGE plpgsql AS $$
DECLARE
	met int8[];
BEGIN
	INSERT INTO {s}waits (tenant, id, slot, source, conversation, value) SELECT i.tenant, i.id, i.slot, i.source, i.conversation, i.value FROM (SELECT * FROM unnest($1, $2, $3, $4, $5, $6) AS u(tenant, id, slot, source, conversation, value) LIMIT (SELECT 1 << 30)) AS i;
	RETURN met;
END $$;

-- put a wait that is not there
CREATE FUNCTION {s}do_5ba2ae8bd55b56bf(bytea[], bytea[], int8[], int2[], bytea[], int8[], int8[], bytea[]) RETURNS int8[] LANGUAGE plpgsql AS $$
DECLARE
	met int8[];
BEGIN
	INSERT INTO {s}ended_waits (tenant, id, day, state, source, conversation, ended, value) SELECT i.tenant, i.id, i.day, i.state, i.source, i.conversation, i.ended, i.value FROM (SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8) AS u(tenant, id, day, state, source, conversation, ended, value) LIMIT (SELECT 1 << 30)) AS i;
	RETURN met;
END $$;

-- put a callback that is not there
CREATE FUNCTION {s}do_df6c9f039070afad(bytea[], bytea[], int8[], bytea[], bytea[], int8[], bytea[]) RETURNS int8[] LANGUAGE plpgsql AS $$
DECLARE
	met int8[];
BEGIN
	INSERT INTO {s}callbacks (tenant, id, day, source, outcome, conversation, value) SELECT i.tenant, i.id, i.day, i.source, i.outcome, i.conversation, i.value FROM (SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7) AS u(tenant, id, day, source, outcome, conversation, value) LIMIT (SELECT 1 << 30)) AS i;
	RETURN met;
END $$;
