-- SPDX-License-Identifier: Apache-2.0
--
-- The tables of Tasker's current layout that determine the namespace of a task: schema tasker.
-- Tasker uses version 7 UUIDs. PostgreSQL before 18 cannot generate them, so the columns have no defaults.

CREATE SCHEMA tasker;

CREATE TABLE tasker.task_namespaces (
    task_namespace_uuid uuid PRIMARY KEY,
    name                varchar(64) NOT NULL,
    description         varchar(255),
    created_at          timestamp(6) NOT NULL DEFAULT now(),
    updated_at          timestamp(6) NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX task_namespaces_name_unique ON tasker.task_namespaces (name);

CREATE TABLE tasker.named_tasks (
    named_task_uuid     uuid PRIMARY KEY,
    task_namespace_uuid uuid NOT NULL REFERENCES tasker.task_namespaces,
    name                varchar(64) NOT NULL,
    version             varchar(16) NOT NULL DEFAULT '1.0.0',
    configuration       jsonb DEFAULT '{}',
    created_at          timestamp(6) NOT NULL DEFAULT now(),
    updated_at          timestamp(6) NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX named_tasks_namespace_name_version_unique
    ON tasker.named_tasks (task_namespace_uuid, name, version);

CREATE TABLE tasker.tasks (
    task_uuid             uuid PRIMARY KEY,
    named_task_uuid       uuid NOT NULL REFERENCES tasker.named_tasks,
    correlation_id        uuid NOT NULL,
    parent_correlation_id uuid,
    context               jsonb,
    identity_hash         varchar(128) NOT NULL,
    complete              boolean NOT NULL DEFAULT false,
    requested_at          timestamp(6) NOT NULL DEFAULT now(),
    created_at            timestamp(6) NOT NULL DEFAULT now(),
    updated_at            timestamp(6) NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX tasks_identity_hash_unique ON tasker.tasks (identity_hash);
CREATE INDEX tasks_named_task_uuid ON tasker.tasks (named_task_uuid);
-- Not unique: nested workflows share a correlation ID.
CREATE INDEX tasks_correlation_id ON tasker.tasks (correlation_id);

CREATE TABLE tasker.workflow_steps (
    workflow_step_uuid uuid PRIMARY KEY,
    task_uuid          uuid NOT NULL REFERENCES tasker.tasks,
    named_step_uuid    uuid NOT NULL,
    created_at         timestamp(6) NOT NULL DEFAULT now(),
    updated_at         timestamp(6) NOT NULL DEFAULT now()
);
CREATE INDEX workflow_steps_task_uuid ON tasker.workflow_steps (task_uuid);
