-- SPDX-License-Identifier: Apache-2.0
--
-- Grants for a read-only role with all that a collector needs from Tasker's database. As an administrator, create the role
-- first:
--
--   CREATE ROLE namespace_sampler_reader LOGIN PASSWORD '...';
--
-- In the earlier layout the tables are public.tasker_task_namespaces and so on; adapt the grants.

GRANT USAGE ON SCHEMA tasker TO namespace_sampler_reader;

GRANT SELECT ON
    tasker.task_namespaces,
    tasker.named_tasks,
    tasker.tasks,
    tasker.workflow_steps
TO namespace_sampler_reader;
