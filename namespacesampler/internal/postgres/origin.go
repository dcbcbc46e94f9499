// SPDX-License-Identifier: Apache-2.0

package postgres

import "fmt"

// origin is where a statement comes from, to explain a refusal of it.
type origin struct {
	setting  string            // the key in the configuration; empty if the log names it
	remedies map[string]string // what would be right, by SQLSTATE
}

const (
	remedyColumns    = "create the table with the columns in the documentation"
	remedyPermission = "grant the role USAGE on the schema and SELECT on the table"
	// A layout is in force by default, so that it may not be meant.
	remedyLayout = "choose the layout of this database (tasker or tasker_legacy), or give postgres::lookups of your own, " +
		"or set postgres::layout to none"
)

var (
	layoutOrigin = origin{setting: "postgres::layout", remedies: map[string]string{
		"42P01": remedyLayout,
		"3F000": remedyLayout,
		"42501": remedyPermission,
	}}
	overridesOrigin = origin{remedies: map[string]string{
		"42P01": "create the table",
		"3F000": "create the schema of the table",
		"42703": remedyColumns,
		"42846": remedyColumns, // a type that does not convert
		"42883": remedyColumns, // a type that cannot be sorted
		"42501": remedyPermission,
	}}
)

// lookupOrigin is the origin of the query of a custom lookup.
func lookupOrigin(i int) origin {
	return origin{
		setting:  fmt.Sprintf("postgres::lookups::%d::query", i),
		remedies: map[string]string{"42501": remedyPermission},
	}
}

// explain adds the setting and what would be right to a refusal.
func (o origin) explain(err error, state string) error {
	if o.setting != "" {
		err = fmt.Errorf("%s: %w", o.setting, err)
	}
	if remedy, ok := o.remedies[state]; ok {
		err = fmt.Errorf("%w: %s", err, remedy)
	}
	return err
}
