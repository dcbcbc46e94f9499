// SPDX-License-Identifier: Apache-2.0

package taskerdb

import (
	"fmt"

	"github.com/jackc/pgx/v5"
)

// Layout identifies the table names of a Tasker release.
type Layout string

// The layouts in use. [Tasker] and so on are the scripts that create them.
const (
	LayoutTasker                   Layout = "tasker"
	LayoutLegacy                   Layout = "tasker_legacy"
	LayoutLegacyWithoutCorrelation Layout = "tasker_legacy_without_correlation"
)

// tables are the four tables of one layout.
type tables struct {
	namespaces, namedTasks, tasks, steps pgx.Identifier
	correlation                          bool // whether tasks have correlation ids
}

func (l Layout) tables() (tables, error) {
	switch l {
	case LayoutTasker:
		return named("tasker", "", true), nil
	case LayoutLegacy:
		return named("public", "tasker_", true), nil
	case LayoutLegacyWithoutCorrelation:
		return named("public", "tasker_", false), nil
	default:
		return tables{}, fmt.Errorf("layout %q: want %q, %q or %q",
			string(l), LayoutTasker, LayoutLegacy, LayoutLegacyWithoutCorrelation)
	}
}

func named(schema, prefix string, correlation bool) tables {
	return tables{
		namespaces:  pgx.Identifier{schema, prefix + "task_namespaces"},
		namedTasks:  pgx.Identifier{schema, prefix + "named_tasks"},
		tasks:       pgx.Identifier{schema, prefix + "tasks"},
		steps:       pgx.Identifier{schema, prefix + "workflow_steps"},
		correlation: correlation,
	}
}
