-- Runtime overrides: every collector with postgres::overrides::enabled reads this table, and applies a change at once.
--
--   psql "$DATABASE_URL" -v ON_ERROR_STOP=1 -f overrides.sql
--
-- It can be run again, and changes nothing then. The roles have to be made by somebody who may: where they exist, the owner of the
-- database can run it. With another postgres::overrides::table, replace public.namespace_sampling_overrides everywhere below, and the
-- schema that USAGE is granted on; with another postgres::overrides::channel, the first argument of pg_notify.

BEGIN;

CREATE TABLE IF NOT EXISTS public.namespace_sampling_overrides (
  namespace   text             NOT NULL,                 -- a name, or a pattern: * any run of characters, ? one
  signal      text             NOT NULL DEFAULT 'all',   -- all | traces | metrics
  sample_rate double precision NOT NULL,                 -- 0 to 1
  expires_at  timestamptz,                               -- NULL: until the row is deleted
  reason      text,
  updated_by  text,
  updated_at  timestamptz      NOT NULL DEFAULT now(),
  PRIMARY KEY (namespace, signal)
);

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
