-- SPDX-License-Identifier: Apache-2.0
--
-- The tables of Tasker's earlier layout that determine the namespace of a task: schema public, prefixed names.
-- Tasker uses version 7 UUIDs. PostgreSQL before 18 cannot generate them, so the columns have no defaults.

CREATE TABLE public.tasker_task_namespaces (
    task_namespace_uuid uuid PRIMARY KEY,
    name                varchar(64) NOT NULL,
    description         varchar(255),
    created_at          timestamp(6) NOT NULL DEFAULT now(),
    updated_at          timestamp(6) NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX tasker_task_namespaces_name_unique ON public.tasker_task_namespaces (name);

CREATE TABLE public.tasker_named_tasks (
    named_task_uuid     uuid PRIMARY KEY,
    task_namespace_uuid uuid NOT NULL REFERENCES public.tasker_task_namespaces,
    name                varchar(64) NOT NULL,
    version             varchar(16) NOT NULL DEFAULT '1.0.0',
    configuration       jsonb DEFAULT '{}',
    created_at          timestamp(6) NOT NULL DEFAULT now(),
    updated_at          timestamp(6) NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX tasker_named_tasks_namespace_name_version_unique
    ON public.tasker_named_tasks (task_namespace_uuid, name, version);

CREATE TABLE public.tasker_tasks (
    task_uuid             uuid PRIMARY KEY,
    named_task_uuid       uuid NOT NULL REFERENCES public.tasker_named_tasks,
    correlation_id        uuid NOT NULL,
    parent_correlation_id uuid,
    context               jsonb,
    identity_hash         varchar(128) NOT NULL,
    complete              boolean NOT NULL DEFAULT false,
    requested_at          timestamp(6) NOT NULL DEFAULT now(),
    created_at            timestamp(6) NOT NULL DEFAULT now(),
    updated_at            timestamp(6) NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX tasker_tasks_identity_hash_unique ON public.tasker_tasks (identity_hash);
CREATE INDEX tasker_tasks_named_task_uuid ON public.tasker_tasks (named_task_uuid);
-- Not unique: nested workflows share a correlation ID.
CREATE INDEX tasker_tasks_correlation_id ON public.tasker_tasks (correlation_id);

CREATE TABLE public.tasker_workflow_steps (
    workflow_step_uuid uuid PRIMARY KEY,
    task_uuid          uuid NOT NULL REFERENCES public.tasker_tasks,
    named_step_uuid    uuid NOT NULL,
    created_at         timestamp(6) NOT NULL DEFAULT now(),
    updated_at         timestamp(6) NOT NULL DEFAULT now()
);
CREATE INDEX tasker_workflow_steps_task_uuid ON public.tasker_workflow_steps (task_uuid);
