// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"time"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/batch"
)

// outage is what the log says about outages of Postgres.
type outage struct {
	// meanwhile is what an outage changes, of all that the configuration uses.
	meanwhile []string
	// retry is how often an open circuit breaker lets a lookup try.
	retry time.Duration
}

func (c *Config) outage() outage {
	pg := c.Postgres
	if pg == nil {
		return outage{}
	}
	meanwhile := []string{map[batch.OnFailure]string{
		batch.GlobalRate: "items whose namespace is not known are sampled at the global rate (postgres::on_failure)",
		batch.Keep:       "items whose namespace is not known are all kept (postgres::on_failure)",
		batch.Drop:       "items whose namespace is not known are all dropped (postgres::on_failure)",
	}[c.OnFailure]}
	if len(c.ConsistentBy) > 0 {
		meanwhile = append(meanwhile, "items whose group is not known are decided without it, so that workflows may be kept in part (consistent_by)")
	}
	if pg.Overrides != nil {
		meanwhile = append(meanwhile, "runtime overrides stay as they were read last, and still end on time")
	}
	if pg.Fleet != nil {
		meanwhile = append(meanwhile, "budgets are not shared: their rates stay, and are lowered where more arrives at this collector")
	}
	return outage{meanwhile: meanwhile, retry: pg.Cooldown}
}
