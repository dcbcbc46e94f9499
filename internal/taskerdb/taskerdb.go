// SPDX-License-Identifier: Apache-2.0

// Package taskerdb makes databases like those of Tasker, for tests and for the load tool: the tables in each layout
// that is in the field, the grants of a role that may read them, and rows.
package taskerdb

import _ "embed"

// The tables of each layout, as a script of many statements for an empty database.
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

// ReadOnlyGrants lets the role namespace_sampler_reader read the four tables of the current layout. The role has to
// exist.
//
//go:embed grants.sql
var ReadOnlyGrants string
