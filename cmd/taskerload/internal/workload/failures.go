// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"math/rand/v2"
	"slices"
)

// failOne lets one span fail in 6 of 100 traces in which no step failed, so that about a tenth of all traces fail. It can be any span: the
// root, a step, or a call that carries no namespace.
func failOne(rng *rand.Rand, plan []plannedSpan) {
	fails, i := rng.IntN(100) < 6, rng.IntN(len(plan)) // always drawn, so that a trace does not change the next one
	if fails && !slices.ContainsFunc(plan, func(s plannedSpan) bool { return s.failure != "" }) {
		plan[i].failure = "connection reset by peer"
	}
}
