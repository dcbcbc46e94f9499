-- Runtime overrides: every collector with postgres::overrides::enabled reads this table, and applies a change at once.
--
--   psql "$DATABASE_URL" -v ON_ERROR_STOP=1 -f overrides.sql
--
-- It can be run again: it brings an older table up to date, and changes no row. If existing rows prevent a change, it warns: correct
-- them, and run it again. Creating the roles needs CREATEROLE; where they exist, the owner of the database can run it. With another postgres::overrides::table, replace public.namespace_sampling_overrides everywhere below, and the
-- schema that USAGE is granted on; with another postgres::overrides::channel, the first argument of pg_notify.

BEGIN;
SET LOCAL client_min_messages = warning;  -- without what IF EXISTS and IF NOT EXISTS skip

CREATE TABLE IF NOT EXISTS public.namespace_sampling_overrides (
  namespace        text             NOT NULL,                 -- a name; a pattern: * any run of characters, ? one; '': items without one
  signal           text             NOT NULL DEFAULT 'all',   -- all | traces | metrics | logs
  sample_rate      double precision,                          -- 0 to 1; or else
  items_per_second double precision,                          -- a budget above 0, of traces or logs
  expires_at       timestamptz,                               -- NULL: until the row is deleted
  reason           text,
  updated_by       text,
  updated_at       timestamptz      NOT NULL DEFAULT now(),
  PRIMARY KEY (namespace, signal)
);

ALTER TABLE public.namespace_sampling_overrides
  ADD COLUMN IF NOT EXISTS signal           text DEFAULT 'all',
  ADD COLUMN IF NOT EXISTS items_per_second double precision,
  ADD COLUMN IF NOT EXISTS expires_at       timestamptz,
  ADD COLUMN IF NOT EXISTS reason           text,
  ADD COLUMN IF NOT EXISTS updated_by       text,
  ADD COLUMN IF NOT EXISTS updated_at       timestamptz DEFAULT now(),
  ALTER COLUMN signal     SET DEFAULT 'all',
  ALTER COLUMN updated_at SET DEFAULT now(),
  ALTER COLUMN sample_rate DROP NOT NULL,
  DROP CONSTRAINT IF EXISTS sample_rate_is_between_0_and_1,
  DROP CONSTRAINT IF EXISTS items_per_second_is_above_0,
  DROP CONSTRAINT IF EXISTS items_per_second_is_for_traces_or_logs,
  DROP CONSTRAINT IF EXISTS either_sample_rate_or_items_per_second,
  DROP CONSTRAINT IF EXISTS signal_is_all_traces_metrics_or_logs,
  DROP CONSTRAINT IF EXISTS namespace_is_not_null,
  -- Checked for all new rows, whatever is in the table. NaN is more than 1.
  ADD CONSTRAINT sample_rate_is_between_0_and_1 CHECK (sample_rate BETWEEN 0 AND 1) NOT VALID,
  ADD CONSTRAINT items_per_second_is_above_0
    CHECK (items_per_second > 0 AND items_per_second::text NOT IN ('Infinity', 'NaN')) NOT VALID,
  ADD CONSTRAINT items_per_second_is_for_traces_or_logs CHECK (items_per_second IS NULL OR signal::text IN ('traces', 'logs')) NOT VALID,
  ADD CONSTRAINT either_sample_rate_or_items_per_second CHECK ((sample_rate IS NULL) <> (items_per_second IS NULL)) NOT VALID,
  ADD CONSTRAINT signal_is_all_traces_metrics_or_logs
    CHECK (signal IS NOT NULL AND signal::text IN ('all', 'traces', 'metrics', 'logs')) NOT VALID,
  ADD CONSTRAINT namespace_is_not_null CHECK (namespace IS NOT NULL) NOT VALID;

DO $$
DECLARE
  overrides CONSTANT regclass := 'public.namespace_sampling_overrides';
  identity  CONSTANT int2[] := ARRAY(
    SELECT attnum FROM pg_attribute WHERE attrelid = overrides AND attname IN ('namespace', 'signal'));
  change    text;
  changes   text[] := ARRAY[
    'VALIDATE CONSTRAINT sample_rate_is_between_0_and_1',
    'VALIDATE CONSTRAINT items_per_second_is_above_0',
    'VALIDATE CONSTRAINT items_per_second_is_for_traces_or_logs',
    'VALIDATE CONSTRAINT either_sample_rate_or_items_per_second',
    'VALIDATE CONSTRAINT signal_is_all_traces_metrics_or_logs',
    'VALIDATE CONSTRAINT namespace_is_not_null',
    'ALTER COLUMN namespace SET NOT NULL',
    'ALTER COLUMN signal SET NOT NULL',
    'ALTER COLUMN updated_at SET NOT NULL'];
BEGIN
  IF NOT EXISTS (  -- ON CONFLICT (namespace, signal) needs it
      SELECT FROM pg_constraint
      WHERE conrelid = overrides AND contype IN ('p', 'u') AND conkey @> identity AND conkey <@ identity) THEN
    changes := changes || (
      SELECT CASE count(*) WHEN 0 THEN 'ADD PRIMARY KEY (namespace, signal)' ELSE 'ADD UNIQUE (namespace, signal)' END
      FROM pg_constraint WHERE conrelid = overrides AND contype = 'p');
  END IF;
  FOREACH change IN ARRAY changes LOOP
    BEGIN
      EXECUTE format('ALTER TABLE %s %s', overrides, change);
    EXCEPTION
      WHEN unique_violation THEN
        RAISE WARNING 'several rows have the same namespace and signal, so there is no key; collectors skip such rows';
      WHEN check_violation OR not_null_violation THEN
        RAISE WARNING '%; collectors skip rows that make no sense', SQLERRM;
    END;
  END LOOP;
  IF EXISTS (
      SELECT FROM pg_attribute JOIN pg_type t ON t.oid = atttypid
      WHERE attrelid = overrides AND attname = 'expires_at' AND COALESCE(NULLIF(typbasetype, 0), t.oid) <> 'timestamptz'::regtype) THEN
    RAISE WARNING 'expires_at has no time zone; collectors refuse the table until you run ALTER TABLE '
      'public.namespace_sampling_overrides ALTER COLUMN expires_at TYPE timestamptz USING expires_at::timestamp AT TIME ZONE ''UTC'', '
      'with the time zone in which the times are meant';
  END IF;
END
$$;

CREATE OR REPLACE FUNCTION public.notify_namespace_sampling_overrides() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('namespace_sampling_overrides', '');  -- postgres::overrides::channel
  RETURN NULL;
END
$$;

-- CREATE OR REPLACE TRIGGER would need Postgres 14.
DROP TRIGGER IF EXISTS notify_namespace_sampling_overrides ON public.namespace_sampling_overrides;
CREATE TRIGGER notify_namespace_sampling_overrides
  AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON public.namespace_sampling_overrides
  FOR EACH STATEMENT EXECUTE FUNCTION public.notify_namespace_sampling_overrides();

-- Collectors log in as namespace_sampler_reader, once it has a password: ALTER ROLE namespace_sampler_reader PASSWORD '...'.
-- Whoever steers is made a member: GRANT namespace_sampler_operator TO alice.
DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'namespace_sampler_reader') THEN
    CREATE ROLE namespace_sampler_reader LOGIN;
  END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN  -- another session made it meanwhile
END
$$;

DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'namespace_sampler_operator') THEN
    CREATE ROLE namespace_sampler_operator;
  END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN  -- another session made it meanwhile
END
$$;

GRANT USAGE ON SCHEMA public TO namespace_sampler_reader, namespace_sampler_operator;
GRANT SELECT ON public.namespace_sampling_overrides TO namespace_sampler_reader;
GRANT SELECT, INSERT, UPDATE, DELETE ON public.namespace_sampling_overrides TO namespace_sampler_operator;

COMMIT;
