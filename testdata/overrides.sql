-- Runtime overrides: every collector with postgres::overrides::enabled reads this table, and applies a change at once.
--
--   psql "$DATABASE_URL" -v ON_ERROR_STOP=1 -f overrides.sql
--
-- It can be run again: it brings an older table up to date, and changes no row. What rows that are there already prevent, it says as a
-- warning; then run it again once they are right. The roles have to be made by somebody who may: where they exist, the owner of the
-- database can run it. With another postgres::overrides::table, replace public.namespace_sampling_overrides everywhere below, and the
-- schema that USAGE is granted on; with another postgres::overrides::channel, the first argument of pg_notify.

BEGIN;

CREATE TABLE IF NOT EXISTS public.namespace_sampling_overrides (
  namespace   text             NOT NULL,                 -- a name, or a pattern: * any run of characters, ? one
  signal      text             NOT NULL DEFAULT 'all',   -- all | traces | metrics | logs
  sample_rate double precision NOT NULL,                 -- 0 to 1
  expires_at  timestamptz,                               -- NULL: until the row is deleted
  reason      text,
  updated_by  text,
  updated_at  timestamptz      NOT NULL DEFAULT now(),
  PRIMARY KEY (namespace, signal)
);

ALTER TABLE public.namespace_sampling_overrides
  ADD COLUMN IF NOT EXISTS signal     text DEFAULT 'all',
  ADD COLUMN IF NOT EXISTS expires_at timestamptz,
  ADD COLUMN IF NOT EXISTS reason     text,
  ADD COLUMN IF NOT EXISTS updated_by text,
  ADD COLUMN IF NOT EXISTS updated_at timestamptz DEFAULT now(),
  ALTER COLUMN signal     SET DEFAULT 'all',
  ALTER COLUMN updated_at SET DEFAULT now(),
  DROP CONSTRAINT IF EXISTS sample_rate_is_between_0_and_1,
  DROP CONSTRAINT IF EXISTS signal_is_all_traces_metrics_or_logs,
  -- Checked for all new rows, whatever is in the table. NaN is more than 1.
  ADD CONSTRAINT sample_rate_is_between_0_and_1 CHECK (sample_rate >= 0 AND sample_rate <= 1) NOT VALID,
  ADD CONSTRAINT signal_is_all_traces_metrics_or_logs CHECK (signal IN ('all', 'traces', 'metrics', 'logs')) NOT VALID;

DO $$
DECLARE
  change text;
BEGIN
  FOREACH change IN ARRAY ARRAY[
    'VALIDATE CONSTRAINT sample_rate_is_between_0_and_1',
    'VALIDATE CONSTRAINT signal_is_all_traces_metrics_or_logs',
    'ALTER COLUMN namespace SET NOT NULL',
    'ALTER COLUMN signal SET NOT NULL',
    'ALTER COLUMN sample_rate SET NOT NULL',
    'ALTER COLUMN updated_at SET NOT NULL'
  ] LOOP
    BEGIN
      EXECUTE 'ALTER TABLE public.namespace_sampling_overrides ' || change;
    EXCEPTION WHEN check_violation OR not_null_violation THEN
      RAISE WARNING '%; collectors skip such rows', SQLERRM;
    END;
  END LOOP;
  IF NOT EXISTS (SELECT FROM pg_constraint
      WHERE conrelid = 'public.namespace_sampling_overrides'::regclass AND contype = 'p') THEN
    BEGIN
      ALTER TABLE public.namespace_sampling_overrides ADD PRIMARY KEY (namespace, signal);
    EXCEPTION
      WHEN unique_violation THEN
        RAISE WARNING 'some rows have the same namespace and signal, so there is no primary key; collectors skip such rows';
      WHEN not_null_violation THEN  -- warned of above
    END;
  END IF;
  IF NOT EXISTS (SELECT FROM pg_attribute
      WHERE attrelid = 'public.namespace_sampling_overrides'::regclass AND attname = 'expires_at' AND atttypid = 'timestamptz'::regtype) THEN
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
