// SPDX-License-Identifier: Apache-2.0

package namespacesampler

import "go.opentelemetry.io/collector/config/configoptional"

// LogsConfig configures the sampling of log records. Mode and precision are those of TracingConfig, and so is what is remembered of traces,
// which their log records follow.
type LogsConfig struct {
	// Enabled is false if all log records are dropped.
	Enabled bool `mapstructure:"enabled"`
	// SampleRate is the global rate of log records. It replaces the one for all signals, and the rate of the trace.
	SampleRate *float64 `mapstructure:"sample_rate"`
	// Budget is shared by all namespaces without an override. It is in place of SampleRate.
	Budget configoptional.Optional[BudgetConfig] `mapstructure:"budget"`
	// Namespaces are overrides for log records. They take precedence over those for all signals, and over the rate of the trace.
	Namespaces Overrides `mapstructure:"namespaces"`
	// AlwaysKeep are OTTL conditions on log records. A record that matches any of them is kept at any rate.
	AlwaysKeep Conditions `mapstructure:"always_keep"`

	// prevent unkeyed literal initialization
	_ struct{}
}
