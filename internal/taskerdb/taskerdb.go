// SPDX-License-Identifier: Apache-2.0

// Package taskerdb creates databases like Tasker's for tests and the load tool: the tables of each layout in use, the grants for a
// read-only role, and rows.
package taskerdb

import _ "embed"

// SQL scripts that create the tables of each layout in an empty database.
var (
	// Tasker is the current layout: schema tasker.
	//
	//go:embed tasker.sql
	Tasker string

	// TaskerLegacy is the earlier layout: public.tasker_* with the same columns.
	//
	//go:embed tasker_legacy.sql
	TaskerLegacy string

	// TaskerLegacyWithoutCorrelation is the first version of the earlier layout, whose tasks lack correlation_id and
	// parent_correlation_id.
	//
	//go:embed tasker_legacy_without_correlation.sql
	TaskerLegacyWithoutCorrelation string
)

// ReadOnlyGrants lets the role namespace_sampler_reader read the four tables of the current layout. The role must exist.
//
//go:embed grants.sql
var ReadOnlyGrants string
