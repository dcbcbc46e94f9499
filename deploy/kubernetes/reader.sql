-- The role that the collectors log in as, with no more than they need: SELECT on the four tables that lookups read, and on the table of runtime
-- overrides, which this script creates. Run it as an administrator, from a checkout, and give the role a password, which goes into the Secret:
--
--   psql "$ADMIN_URL" -f deploy/kubernetes/reader.sql -c '\password namespace_sampler_reader'
--
-- It can be run again. In a database that was created before Postgres 15, every role may create tables in the schema public:
-- REVOKE CREATE ON SCHEMA public FROM PUBLIC ends that, if no application depends on it.

\set ON_ERROR_STOP on

-- The role, and the table of runtime overrides.
\ir ../../testdata/overrides.sql

-- Lookups in Tasker's tables. With lookups of your own, grant SELECT on what they read in its place.
\ir ../../internal/taskerdb/grants.sql

-- For budgets that the collectors share (postgres::fleet), which also need INSERT and DELETE on one table:
-- \ir ../../testdata/fleet.sql

-- A lookup that waits for a locked table fails by itself, and is not taken for a server that hangs.
ALTER ROLE namespace_sampler_reader SET statement_timeout = '400ms';

-- Ten collectors with five connections each, and those that replace them in a roll-out.
ALTER ROLE namespace_sampler_reader CONNECTION LIMIT 80;
