-- SPDX-License-Identifier: Apache-2.0
--
-- All that a collector needs to read of Tasker's database, for a role that cannot write. Make the role first, as an
-- administrator, with a password of your own:
--
--   CREATE ROLE namespace_sampler_reader LOGIN PASSWORD '...';
--
-- The tables of the earlier layout are public.tasker_task_namespaces and so on; grant on those instead.

GRANT USAGE ON SCHEMA tasker TO namespace_sampler_reader;

GRANT SELECT ON
    tasker.task_namespaces,
    tasker.named_tasks,
    tasker.tasks,
    tasker.workflow_steps
TO namespace_sampler_reader;
