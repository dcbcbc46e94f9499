// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"fmt"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/namespace"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
)

// Query resolves keys of one kind. SQL takes one text[] parameter, the keys, and returns rows (key text, namespace text) or (key text,
// namespace text, group text). Keys without a row, with a NULL namespace, or with one that is too long, are unknown.
type Query struct {
	// Name is the name of the query in logs: the attribute that its keys come from.
	Name string
	SQL  string
	// MayLackColumn is true if earlier versions of the schema lack a column of the query. Such a schema has no keys of this kind,
	// so that they are unknown rather than unavailable.
	MayLackColumn bool
	origin        origin
}

// Layout is the lookup attributes, in the order in which they are tried, and the queries of their kinds: the query of a lookup is
// Queries[lookup.Kind].
type Layout struct {
	Lookups []namespace.Lookup
	Queries []Query
}

// Kinds of keys in Tasker's layouts.
const (
	kindTask namespace.Kind = iota
	kindStep
	kindCorrelation
)

// Tasker returns the layout of Tasker's current schema. With groups, the group of a key is the correlation ID of its task.
func Tasker(withGroups bool) Layout {
	return taskerTables{
		tasks: "tasker.tasks", steps: "tasker.workflow_steps", templates: "tasker.named_tasks", namespaces: "tasker.task_namespaces",
	}.layout(withGroups)
}

// TaskerLegacy returns the layout of Tasker's earlier schema. Its first version has no correlation IDs.
func TaskerLegacy(withGroups bool) Layout {
	return taskerTables{
		tasks: "public.tasker_tasks", steps: "public.tasker_workflow_steps", templates: "public.tasker_named_tasks",
		namespaces: "public.tasker_task_namespaces", mayLackCorrelation: true,
	}.layout(withGroups)
}

type taskerTables struct {
	tasks, steps, templates, namespaces string
	mayLackCorrelation                  bool
}

func (t taskerTables) layout(withGroups bool) Layout {
	join := fmt.Sprintf(`JOIN %s m ON m.named_task_uuid = t.named_task_uuid `+
		`JOIN %s n ON n.task_namespace_uuid = m.task_namespace_uuid`, t.templates, t.namespaces)
	name := fmt.Sprintf(`left(n.name::text, %d)`, rate.MaxNameBytes+1) // what is too long is not sent whole
	ofTask, ofRoot := name, name
	if withGroups {
		ofTask += ", " + t.group()
		ofRoot += ", t.correlation_id::text"
	}
	layout := Layout{
		Lookups: []namespace.Lookup{
			{Attribute: "task_uuid", Kind: kindTask, Format: namespace.FormatUUID},
			{Attribute: "step_uuid", Kind: kindStep, Format: namespace.FormatUUID},
			{Attribute: "workflow_step_uuid", Kind: kindStep, Format: namespace.FormatUUID},
			{Attribute: "correlation_id", Kind: kindCorrelation, Format: namespace.FormatUUID},
		},
		Queries: []Query{
			kindTask: {Name: "task_uuid", SQL: fmt.Sprintf(
				`SELECT t.task_uuid::text, %s FROM %s t %s `+
					`WHERE t.task_uuid = ANY($1::text[]::uuid[])`, ofTask, t.tasks, join)},
			kindStep: {Name: "step_uuid", SQL: fmt.Sprintf(
				`SELECT s.workflow_step_uuid::text, %s FROM %s s JOIN %s t ON t.task_uuid = s.task_uuid %s `+
					`WHERE s.workflow_step_uuid = ANY($1::text[]::uuid[])`, ofTask, t.steps, t.tasks, join)},
			// Several tasks may share a correlation ID: the namespace is that of the root of the hierarchy.
			kindCorrelation: {Name: "correlation_id", MayLackColumn: t.mayLackCorrelation, SQL: fmt.Sprintf(
				`SELECT DISTINCT ON (t.correlation_id) t.correlation_id::text, %s FROM %s t %s `+
					`WHERE t.correlation_id = ANY($1::text[]::uuid[]) ORDER BY t.correlation_id, `+
					`t.parent_correlation_id IS NOT NULL, t.created_at, t.task_uuid`, ofRoot, t.tasks, join)},
		},
	}
	for kind := range layout.Queries {
		layout.Queries[kind].origin = layoutOrigin
	}
	return layout
}

// group returns the expression for the group of task t. If the column may be missing, the name means that of the tasks in the inner query
// if they have it, else the NULL of the outer one, so that one statement works with every version of the schema.
func (t taskerTables) group() string {
	if !t.mayLackCorrelation {
		return "t.correlation_id::text"
	}
	return fmt.Sprintf(`(SELECT (SELECT correlation_id FROM %s g WHERE g.task_uuid = k.task_uuid)::text `+
		`FROM (SELECT t.task_uuid, NULL::uuid AS correlation_id) k)`, t.tasks)
}

// CustomLookup is a lookup attribute with a configured query.
type CustomLookup struct {
	Attribute string
	Query     string
}

// Custom returns the layout of custom lookups. Lookups with the same query share a kind, and so a statement.
func Custom(lookups []CustomLookup) Layout {
	var layout Layout
	kinds := map[string]namespace.Kind{}
	for i, l := range lookups {
		kind, ok := kinds[l.Query]
		if !ok {
			kind = namespace.Kind(len(layout.Queries)) //nolint:gosec // configurations are refused beyond MaxLookups
			kinds[l.Query] = kind
			layout.Queries = append(layout.Queries, Query{Name: l.Attribute, SQL: l.Query, origin: lookupOrigin(i)})
		}
		layout.Lookups = append(layout.Lookups, namespace.Lookup{
			Attribute: l.Attribute, Kind: kind, Format: namespace.FormatText,
		})
	}
	return layout
}

// MaxLookups is the maximum number of lookups of a layout.
const MaxLookups = 256
