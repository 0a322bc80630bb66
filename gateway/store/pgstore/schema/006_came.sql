-- What came into windows since a moment: see came.go. An older node does not name the column,
-- and its rows have it all the same.
ALTER TABLE {s}due ADD COLUMN came int8 NOT NULL DEFAULT pg_current_xact_id()::text::int8;
CREATE INDEX due_came ON {s}due (came) WHERE conversation <> 0;
