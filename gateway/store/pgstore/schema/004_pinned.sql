-- The fence of a statement of promises: see fence.go and pinned.go.
CREATE FUNCTION {s}fence_1(int8, int2, int8, text, text, OUT held bool, OUT is_of text, OUT is_epoch int8) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM set_config('plan_cache_mode', 'force_generic_plan', true);
	IF current_setting('synchronous_commit') <> 'remote_apply' OR $5 <> 'on' THEN
		PERFORM set_config('synchronous_commit', $5, true);
	END IF;
	is_of := substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) || ' ' || extract(epoch FROM pg_postmaster_start_time())::text || ' ' || coalesce((SELECT id::text FROM {s}incarnation), '');
	PERFORM FROM {s}writers WHERE node = $1 AND n = $2 AND epoch = $3 AND is_of = $4 FOR SHARE;
	held := FOUND;
	is_epoch := coalesce((SELECT epoch FROM {s}writers WHERE node = $1 AND n = $2), -1);
END $$;

-- put a event
CREATE FUNCTION {s}do_01ece7349b50646b(bytea[], bytea[], int8[], bytea[], int8[], bytea[]) RETURNS int8[] LANGUAGE plpgsql AS $$
DECLARE
	met int8[];
BEGIN
	INSERT INTO {s}events (tenant, id, day, type, conversation, value) SELECT i.tenant, i.id, i.day, i.type, i.conversation, i.value FROM (SELECT * FROM unnest($1, $2, $3, $4, $5, $6) AS u(tenant, id, day, type, conversation, value) LIMIT (SELECT 1 << 30)) AS i ON CONFLICT (tenant, id, day) DO UPDATE SET type = excluded.type, conversation = excluded.conversation, value = excluded.value;
	RETURN met;
END $$;

-- put a delivery of an event
CREATE FUNCTION {s}do_4f0ed9d417887fb5(bytea[], bytea[], bytea[], int8[]) RETURNS int8[] LANGUAGE plpgsql AS $$
DECLARE
	met int8[];
BEGIN
	INSERT INTO {s}carried (tenant, event, delivery, day) SELECT i.tenant, i.event, i.delivery, i.day FROM (SELECT * FROM unnest($1, $2, $3, $4) AS u(tenant, event, delivery, day) LIMIT (SELECT 1 << 30)) AS i ON CONFLICT (tenant, event, delivery, day) DO NOTHING;
	RETURN met;
END $$;

-- put a delivery
CREATE FUNCTION {s}do_840c2022fc4e3924(bytea[], bytea[], int2[], bytea[], int8[], int2[], bytea[], int8[], bytea[], bytea[], int2[], bytea[]) RETURNS int8[] LANGUAGE plpgsql AS $$
DECLARE
	met int8[];
BEGIN
	WITH v AS (INSERT INTO {s}unfinished (tenant, id, slot, endpoint, due, state, type, conversation, events, also, lent, value) SELECT tenant, id, slot, endpoint, due, state, type, conversation, events, also, lent, value FROM (SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) AS u(tenant, id, slot, endpoint, due, state, type, conversation, events, also, lent, value) LIMIT (SELECT 1 << 30)) AS i ON CONFLICT DO NOTHING RETURNING slot, tenant, endpoint, due AS at, id, conversation, also, lent), v_0 AS (INSERT INTO {s}due (slot, tenant, endpoint, at, id, conversation, also, lent) SELECT slot, tenant, endpoint, at, id, conversation, also, lent FROM v) SELECT NULL::int8[] INTO met;
	RETURN met;
END $$;

-- ask for a drop
CREATE FUNCTION {s}do_03ad9b4d92be227d(bytea[], bytea[], bytea[]) RETURNS int8[] LANGUAGE plpgsql AS $$
DECLARE
	met int8[];
BEGIN
	WITH v AS (SELECT i.o FROM (SELECT * FROM unnest($1, $2, $3) WITH ORDINALITY AS u(tenant, endpoint, id, o) LIMIT (SELECT 1 << 30)) AS i, {s}drops AS t WHERE t.tenant = i.tenant AND t.endpoint = i.endpoint AND i.id <= t.last) SELECT ARRAY(SELECT o FROM v) INTO met;
	RETURN met;
END $$;

-- settle a delivery
CREATE FUNCTION {s}do_7a6f87a648399a53(bytea[], bytea[], int2[], bytea[], int8[], int2[], bytea[], int8[], bytea[], bytea[], int2[], bytea[], int8[], int8[], bytea[]) RETURNS int8[] LANGUAGE plpgsql AS $$
DECLARE
	met int8[];
BEGIN
	WITH v AS (DELETE FROM {s}unfinished AS u USING (SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) AS u(tenant, id, slot, endpoint, due, state, type, conversation, events, also, lent, value, number, made, attempt) LIMIT (SELECT 1 << 30)) AS i WHERE u.tenant = i.tenant AND u.id = i.id RETURNING u.slot AS was_slot, u.endpoint AS was_endpoint, u.due AS was, i.tenant, i.id, i.slot, i.endpoint, i.due, i.state, u.type, u.conversation, u.events, i.also, i.lent, i.value, i.number, i.made, i.attempt), v_0 AS (DELETE FROM {s}due AS d USING v AS g WHERE d.slot = g.was_slot AND d.tenant = g.tenant AND d.endpoint = g.was_endpoint AND d.at = g.was AND d.id = g.id RETURNING 1), v_1 AS (INSERT INTO {s}unfinished (tenant, id, slot, endpoint, due, state, type, conversation, events, also, lent, value) SELECT tenant, id, slot, endpoint, due, state, type, conversation, events, also, lent, value FROM v RETURNING slot, tenant, endpoint, due AS at, id, conversation, also, lent), v_2 AS (INSERT INTO {s}due (slot, tenant, endpoint, at, id, conversation, also, lent) SELECT slot, tenant, endpoint, at, id, conversation, also, lent FROM v_1, (SELECT count(*) FROM v_0) AS taken), v_3 AS (INSERT INTO {s}attempts (tenant, id, number, day, value) SELECT tenant, id, number, made, attempt FROM v WHERE number > 0 ON CONFLICT (tenant, id, number, day) DO UPDATE SET value = excluded.value) SELECT NULL::int8[] INTO met;
	RETURN met;
END $$;

-- end a delivery
CREATE FUNCTION {s}do_798c4a4750151b01(bytea[], bytea[], int8[], int2[], bytea[], int8[], int8[], bytea[]) RETURNS int8[] LANGUAGE plpgsql AS $$
DECLARE
	met int8[];
BEGIN
	WITH v AS (DELETE FROM {s}unfinished AS u USING (SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8) AS u(tenant, id, day, state, value, number, made, attempt) LIMIT (SELECT 1 << 30)) AS i WHERE u.tenant = i.tenant AND u.id = i.id RETURNING u.slot AS was_slot, u.endpoint AS was_endpoint, u.due AS was, i.tenant, i.id, i.day, i.state, u.endpoint, u.type, u.conversation, i.value, i.number, i.made, i.attempt), v_0 AS (DELETE FROM {s}due AS d USING v AS g WHERE d.slot = g.was_slot AND d.tenant = g.tenant AND d.endpoint = g.was_endpoint AND d.at = g.was AND d.id = g.id RETURNING 1), v_1 AS (INSERT INTO {s}ended (tenant, id, day, state, endpoint, type, conversation, value) SELECT tenant, id, day, state, endpoint, type, conversation, value FROM v), v_2 AS (INSERT INTO {s}attempts (tenant, id, number, day, value) SELECT tenant, id, number, made, attempt FROM v WHERE number > 0 ON CONFLICT (tenant, id, number, day) DO UPDATE SET value = excluded.value) SELECT NULL::int8[] INTO met;
	RETURN met;
END $$;

-- put a wait
CREATE FUNCTION {s}do_8dad118194acc945(bytea[], bytea[], int2[], bytea[], int8[], bytea[]) RETURNS int8[] LANGUAGE plpgsql AS $$
DECLARE
	met int8[];
BEGIN
	INSERT INTO {s}waits (tenant, id, slot, source, conversation, value) SELECT i.tenant, i.id, i.slot, i.source, i.conversation, i.value FROM (SELECT * FROM unnest($1, $2, $3, $4, $5, $6) AS u(tenant, id, slot, source, conversation, value) LIMIT (SELECT 1 << 30)) AS i ON CONFLICT (tenant, id) DO UPDATE SET slot = excluded.slot, source = excluded.source, conversation = excluded.conversation, value = excluded.value;
	RETURN met;
END $$;

-- remove a wait
CREATE FUNCTION {s}do_1006102a70b14a6a(bytea[], bytea[]) RETURNS int8[] LANGUAGE plpgsql AS $$
DECLARE
	met int8[];
BEGIN
	DELETE FROM {s}waits WHERE ctid = ANY (ARRAY(SELECT k.ctid FROM (SELECT * FROM unnest($1, $2) AS u(tenant, id) LIMIT (SELECT 1 << 30)) AS i, LATERAL (SELECT t.ctid FROM {s}waits AS t WHERE t.tenant = i.tenant AND t.id = i.id OFFSET 0) AS k));
	RETURN met;
END $$;

-- put a wait
CREATE FUNCTION {s}do_220d7fdf2582f6e0(bytea[], bytea[], int8[], int2[], bytea[], int8[], int8[], bytea[]) RETURNS int8[] LANGUAGE plpgsql AS $$
DECLARE
	met int8[];
BEGIN
	INSERT INTO {s}ended_waits (tenant, id, day, state, source, conversation, ended, value) SELECT i.tenant, i.id, i.day, i.state, i.source, i.conversation, i.ended, i.value FROM (SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8) AS u(tenant, id, day, state, source, conversation, ended, value) LIMIT (SELECT 1 << 30)) AS i ON CONFLICT (tenant, id, day) DO UPDATE SET state = excluded.state, source = excluded.source, conversation = excluded.conversation, ended = excluded.ended, value = excluded.value;
	RETURN met;
END $$;

-- put a name of a wait
CREATE FUNCTION {s}do_497dd2868eb4588d(bytea[], int8[], bytea[], int8[]) RETURNS int8[] LANGUAGE plpgsql AS $$
DECLARE
	met int8[];
BEGIN
	INSERT INTO {s}wait_names (tenant, name, id, day) SELECT i.tenant, i.name, i.id, i.day FROM (SELECT * FROM unnest($1, $2, $3, $4) AS u(tenant, name, id, day) LIMIT (SELECT 1 << 30)) AS i ON CONFLICT (tenant, name, id) DO UPDATE SET day = excluded.day;
	RETURN met;
END $$;

-- put a mark
CREATE FUNCTION {s}do_da3701dad8d27d16(bytea[], bytea[], int8[], bytea[]) RETURNS int8[] LANGUAGE plpgsql AS $$
DECLARE
	met int8[];
BEGIN
	INSERT INTO {s}marks (tenant, key, day, value) SELECT i.tenant, i.key, i.day, i.value FROM (SELECT * FROM unnest($1, $2, $3, $4) AS u(tenant, key, day, value) LIMIT (SELECT 1 << 30)) AS i ON CONFLICT (tenant, key, day) DO UPDATE SET turn = excluded.turn, value = excluded.value;
	RETURN met;
END $$;

-- put a name
CREATE FUNCTION {s}do_e796720ced85fffd(bytea[], bytea[], int8[], bytea[]) RETURNS int8[] LANGUAGE plpgsql AS $$
DECLARE
	met int8[];
BEGIN
	INSERT INTO {s}names (tenant, name, day, value) SELECT i.tenant, i.name, i.day, i.value FROM (SELECT * FROM unnest($1, $2, $3, $4) AS u(tenant, name, day, value) LIMIT (SELECT 1 << 30)) AS i ON CONFLICT (tenant, name, day) DO UPDATE SET value = excluded.value;
	RETURN met;
END $$;

-- put a own key
CREATE FUNCTION {s}do_160f67a9f1979530(bytea[], bytea[], int8[]) RETURNS int8[] LANGUAGE plpgsql AS $$
DECLARE
	met int8[];
BEGIN
	INSERT INTO {s}own (tenant, key, day) SELECT i.tenant, i.key, i.day FROM (SELECT * FROM unnest($1, $2, $3) AS u(tenant, key, day) LIMIT (SELECT 1 << 30)) AS i ON CONFLICT (tenant, key, day) DO NOTHING;
	RETURN met;
END $$;

-- put a parked callback
CREATE FUNCTION {s}do_74d5b1fac881689c(bytea[], bytea[], int2[], int8[], bytea[]) RETURNS int8[] LANGUAGE plpgsql AS $$
DECLARE
	met int8[];
BEGIN
	INSERT INTO {s}parked (tenant, id, slot, expires, value) SELECT i.tenant, i.id, i.slot, i.expires, i.value FROM (SELECT * FROM unnest($1, $2, $3, $4, $5) AS u(tenant, id, slot, expires, value) LIMIT (SELECT 1 << 30)) AS i ON CONFLICT (tenant, id) DO UPDATE SET slot = excluded.slot, expires = excluded.expires, value = excluded.value;
	RETURN met;
END $$;

-- remove a parked callback
CREATE FUNCTION {s}do_c8fcc975e838a423(bytea[], bytea[]) RETURNS int8[] LANGUAGE plpgsql AS $$
DECLARE
	met int8[];
BEGIN
	DELETE FROM {s}parked WHERE ctid = ANY (ARRAY(SELECT k.ctid FROM (SELECT * FROM unnest($1, $2) AS u(tenant, id) LIMIT (SELECT 1 << 30)) AS i, LATERAL (SELECT t.ctid FROM {s}parked AS t WHERE t.tenant = i.tenant AND t.id = i.id OFFSET 0) AS k));
	RETURN met;
END $$;

-- put a callback
CREATE FUNCTION {s}do_46fdbb8be9b1d877(bytea[], bytea[], int8[], bytea[], bytea[], int8[], bytea[]) RETURNS int8[] LANGUAGE plpgsql AS $$
DECLARE
	met int8[];
BEGIN
	INSERT INTO {s}callbacks (tenant, id, day, source, outcome, conversation, value) SELECT i.tenant, i.id, i.day, i.source, i.outcome, i.conversation, i.value FROM (SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7) AS u(tenant, id, day, source, outcome, conversation, value) LIMIT (SELECT 1 << 30)) AS i ON CONFLICT (tenant, id, day) DO UPDATE SET source = excluded.source, outcome = excluded.outcome, conversation = excluded.conversation, value = excluded.value;
	RETURN met;
END $$;

-- put a call
CREATE FUNCTION {s}do_368be728cc1ae69a(bytea[], bytea[], int8[], bytea[], bytea[], bytea[], int8[], bytea[]) RETURNS int8[] LANGUAGE plpgsql AS $$
DECLARE
	met int8[];
BEGIN
	INSERT INTO {s}calls (tenant, id, day, webhook, outcome, reason, conversation, value) SELECT i.tenant, i.id, i.day, i.webhook, i.outcome, i.reason, i.conversation, i.value FROM (SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8) AS u(tenant, id, day, webhook, outcome, reason, conversation, value) LIMIT (SELECT 1 << 30)) AS i ON CONFLICT (tenant, id, day) DO UPDATE SET webhook = excluded.webhook, outcome = excluded.outcome, reason = excluded.reason, conversation = excluded.conversation, value = excluded.value;
	RETURN met;
END $$;

-- put a trace
CREATE FUNCTION {s}do_cba84a8d3f597d6c(bytea[], bytea[], int8[], bytea[], int8[], bytea[]) RETURNS int8[] LANGUAGE plpgsql AS $$
DECLARE
	met int8[];
BEGIN
	INSERT INTO {s}traces (tenant, name, at, id, day, value) SELECT i.tenant, i.name, i.at, i.id, i.day, i.value FROM (SELECT * FROM unnest($1, $2, $3, $4, $5, $6) AS u(tenant, name, at, id, day, value) LIMIT (SELECT 1 << 30)) AS i ON CONFLICT (tenant, name, at, id, day) DO UPDATE SET value = excluded.value;
	RETURN met;
END $$;

-- put a pending call
CREATE FUNCTION {s}do_1c85000c88aacb23(bytea[], bytea[], int2[], bytea[]) RETURNS int8[] LANGUAGE plpgsql AS $$
DECLARE
	met int8[];
BEGIN
	INSERT INTO {s}pending (tenant, id, slot, value) SELECT i.tenant, i.id, i.slot, i.value FROM (SELECT * FROM unnest($1, $2, $3, $4) AS u(tenant, id, slot, value) LIMIT (SELECT 1 << 30)) AS i ON CONFLICT (tenant, id) DO UPDATE SET slot = excluded.slot, value = excluded.value;
	RETURN met;
END $$;

-- remove a pending call
CREATE FUNCTION {s}do_8c3c5c9cf652e9d2(bytea[], bytea[]) RETURNS int8[] LANGUAGE plpgsql AS $$
DECLARE
	met int8[];
BEGIN
	DELETE FROM {s}pending WHERE ctid = ANY (ARRAY(SELECT k.ctid FROM (SELECT * FROM unnest($1, $2) AS u(tenant, id) LIMIT (SELECT 1 << 30)) AS i, LATERAL (SELECT t.ctid FROM {s}pending AS t WHERE t.tenant = i.tenant AND t.id = i.id OFFSET 0) AS k));
	RETURN met;
END $$;

-- a question
CREATE FUNCTION {s}ask_e9c5a4bf33d72ffa(bytea[], bytea[], int8[], int8[], int8, int8) RETURNS TABLE (a_o int8, a_first bytea, a_second bytea) LANGUAGE plpgsql STABLE SET plan_cache_mode = force_generic_plan AS $$
BEGIN
	RETURN QUERY SELECT i.o, ''::bytea, x.value FROM unnest($1, $2, $3, $4) WITH ORDINALITY AS i(tenant, key, low, high, o), LATERAL (SELECT t.value FROM {s}marks AS t WHERE t.tenant = i.tenant AND t.key = i.key AND t.day >= i.low AND t.day <= i.high AND t.day >= $5 AND t.day <= $6 ORDER BY t.turn DESC LIMIT 1) AS x;
END $$;

-- a question
CREATE FUNCTION {s}ask_e81d24852fd65e33(bytea[], int8[], bytea[], int8[], int8[], int8, int8) RETURNS TABLE (a_o int8, a_first bytea, a_second bytea) LANGUAGE plpgsql STABLE SET plan_cache_mode = force_custom_plan AS $$
BEGIN
	RETURN QUERY SELECT i.o, x.id, x.value FROM unnest($1, $2, $3, $4, $5) WITH ORDINALITY AS i(tenant, conversation, source, low, high, o), LATERAL (SELECT t.id, t.value FROM {s}ended_waits AS t WHERE t.tenant = i.tenant AND t.conversation = i.conversation AND t.source = i.source AND t.day >= i.low AND t.day <= i.high AND t.day >= $6 AND t.day <= $7 ORDER BY t.ended DESC, t.id DESC LIMIT 4) AS x;
END $$;

-- a question
CREATE FUNCTION {s}ask_447acb0fafd4c4d0(bytea[], bytea[], int8[], int8[], int8, int8) RETURNS TABLE (a_o int8, a_first bytea, a_second bytea) LANGUAGE plpgsql STABLE SET plan_cache_mode = force_generic_plan AS $$
BEGIN
	RETURN QUERY SELECT i.o, ''::bytea, x.value FROM unnest($1, $2, $3, $4) WITH ORDINALITY AS i(tenant, name, low, high, o), LATERAL (SELECT t.value FROM {s}names AS t WHERE t.tenant = i.tenant AND t.name = i.name AND t.day >= i.low AND t.day <= i.high AND t.day >= $5 AND t.day <= $6 ORDER BY t.day DESC LIMIT 1) AS x;
END $$;

-- a question
CREATE FUNCTION {s}ask_c47faa5cfe47bf21(bytea[], bytea[], int8[], int8[], int8, int8) RETURNS TABLE (a_o int8, a_first bytea, a_second bytea) LANGUAGE plpgsql STABLE SET plan_cache_mode = force_generic_plan AS $$
BEGIN
	RETURN QUERY SELECT i.o, ''::bytea, x.key FROM unnest($1, $2, $3, $4) WITH ORDINALITY AS i(tenant, key, low, high, o), LATERAL (SELECT t.key FROM {s}own AS t WHERE t.tenant = i.tenant AND t.key = i.key AND t.day >= i.low AND t.day <= i.high AND t.day >= $5 AND t.day <= $6 LIMIT 1) AS x;
END $$;

-- a question
CREATE FUNCTION {s}ask_c7c66ae0055fb31b(bytea[], bytea[], int8[], int8[], int8, int8) RETURNS TABLE (a_o int8, a_first bytea, a_second bytea) LANGUAGE plpgsql STABLE SET plan_cache_mode = force_custom_plan AS $$
BEGIN
	RETURN QUERY SELECT i.o, u.value, u.events || e.value FROM unnest($1, $2, $3, $4) WITH ORDINALITY AS i(tenant, id, low, high, o),
		LATERAL (SELECT t.tenant, t.events, t.value FROM {s}unfinished AS t WHERE t.tenant = i.tenant AND t.id = i.id AND length(t.events) = 16 AND length(t.value) <= 65536 OFFSET 0) AS u,
		LATERAL ((SELECT t.value FROM {s}events AS t WHERE t.tenant = u.tenant AND t.id = u.events AND t.day = {s}day_of(u.events) AND length(t.value) <= 65536)
			UNION ALL (SELECT t.value FROM {s}kept_events AS t WHERE t.tenant = u.tenant AND t.id = u.events AND length(t.value) <= 65536) LIMIT 1) AS e;
END $$;
