-- Budgets of a fleet: collectors with postgres::fleet::enabled add up in this table what arrives at each of them.
--
--   psql "$DATABASE_URL" -v ON_ERROR_STOP=1 -f fleet.sql
--
-- It can be run again: it changes nothing then. Creating the role needs CREATEROLE; where it exists, the owner of the database can run it. With
-- another postgres::fleet::table, replace public.namespace_sampling_fleet everywhere below, and the schema that USAGE is granted on.
--
-- The table stays small: collectors delete what is older than ten intervals. It is not logged, since nothing in it is worth recovering: after a
-- crash of the server it is empty, and collectors go on with the rates that they had.

BEGIN;
SET LOCAL client_min_messages = warning;  -- without what IF NOT EXISTS skips

CREATE UNLOGGED TABLE IF NOT EXISTS public.namespace_sampling_fleet (
  component        text               NOT NULL,  -- ID of the component in the configuration
  seconds          double precision   NOT NULL,  -- length of an interval
  number           bigint             NOT NULL,  -- of the interval: it began at number * seconds since 1970
  signal           text               NOT NULL,  -- traces | logs
  budget           text               NOT NULL,  -- a namespace or a pattern; '' if it is shared by all without an override
  shared           boolean            NOT NULL,
  items_per_second double precision   NOT NULL,
  collector        uuid               NOT NULL,  -- drawn at start; the nil UUID: the sums of all collectors
  namespaces       text[]             NOT NULL,  -- with those below: what arrived, by namespace and incoming probability
  exponents        smallint[]         NOT NULL,  -- the probability is at most 2^-exponent, and above half of that
  items            double precision[] NOT NULL,
  adjusted         double precision[] NOT NULL,  -- sum of the inverse probabilities of the items
  rated            text[],                       -- of sums: namespaces with a rate as the sums were stored
  rates            double precision[],           -- of sums: their rates
  collectors       bigint,                       -- of sums: live collectors
  PRIMARY KEY (component, seconds, number, signal, budget, shared, items_per_second, collector)
);

-- Collectors log in as namespace_sampler_reader, once it has a password: ALTER ROLE namespace_sampler_reader PASSWORD '...'.
DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'namespace_sampler_reader') THEN
    CREATE ROLE namespace_sampler_reader LOGIN;
  END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN  -- another session made it meanwhile
END
$$;

GRANT USAGE ON SCHEMA public TO namespace_sampler_reader;
GRANT SELECT, INSERT, DELETE ON public.namespace_sampling_fleet TO namespace_sampler_reader;

COMMIT;
