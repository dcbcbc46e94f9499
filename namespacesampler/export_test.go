// SPDX-License-Identifier: Apache-2.0

package namespacesampler

import (
	"time"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/engine"
)

// Build returns the configuration of the engine.
func (c *Config) Build() engine.Config { return c.build() }

// End returns when the override expires.
func (o *Override) End() (time.Time, error) { return o.end() }
