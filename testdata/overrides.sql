-- Runtime overrides: every collector with postgres::overrides::enabled reads this table, and applies a change at once.
-- It can be run again, and changes nothing then.

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

CREATE OR REPLACE TRIGGER notify_namespace_sampling_overrides
  AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON public.namespace_sampling_overrides
  FOR EACH STATEMENT EXECUTE FUNCTION public.notify_namespace_sampling_overrides();

-- Collectors read, operators write:
--   GRANT USAGE ON SCHEMA public TO namespace_sampler_reader, namespace_sampler_operator;
--   GRANT SELECT ON public.namespace_sampling_overrides TO namespace_sampler_reader;
--   GRANT SELECT, INSERT, UPDATE, DELETE ON public.namespace_sampling_overrides TO namespace_sampler_operator;
