// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"math/rand/v2"

	"go.opentelemetry.io/collector/pdata/plog"
)

// line is a log line of a process, as a record without identifiers.
type line struct {
	service    *service
	span       int  // index of the span of the trace in which it was written
	inTrace    bool // it carries the IDs of the trace and the span
	severity   plog.SeverityNumber
	body       string
	attributes []attribute
	stamps     stamps
}

// Shares of the lines, in percent.
const (
	identifiedLines = 35 // spans with a namespace or a key that log when they end
	callLines       = 6  // outgoing calls that log
	detachedLines   = 8  // lines whose thread has lost the context of its trace
	processLines    = 25 // traces while which a process logs something about itself
)

// lines returns what the processes log while the trace runs. A line carries what its span does: identifiers and the namespace, or nothing.
// Every failed span logs its error. Some lines carry no trace ID: those of threads that have lost it, which still carry identifiers, and
// those about the process.
func (t *trace) lines(rng *rand.Rand) (all []line) {
	for i := range t.plan {
		s := &t.plan[i]
		share := callLines
		if s.identified() {
			share = identifiedLines
		}
		// Everything is drawn for each span, so that a line more does not change later ones.
		logs, isDetached, sampled := rng.IntN(100) < share, rng.IntN(100) < detachedLines, rng.IntN(1000)
		if !logs && s.failure == "" {
			continue
		}
		l := line{service: s.service, span: i, inTrace: !isDetached, attributes: s.attributes}
		l.severity, l.body = s.logs()
		l.stamps = t.newStamps(rng, sampled, l.inTrace)
		all = append(all, l)
	}
	if rng.IntN(100) < processLines {
		all = append(all, processLine(rng))
	}
	return all
}

// logs returns the severity and the message that a span logs when it ends.
func (s *plannedSpan) logs() (plog.SeverityNumber, string) {
	switch {
	case s.failure != "":
		return plog.SeverityNumberError, s.name + " failed: " + s.failure
	case !s.identified():
		return plog.SeverityNumberWarn, s.name + " took longer than usual"
	}
	switch s.name {
	case "step.discovery", "step.enqueuing", "step.state_transition", "batch.cursor", "result.evaluation":
		return plog.SeverityNumberDebug, s.name + " done"
	default:
		return plog.SeverityNumberInfo, s.name + " finished"
	}
}

// processLine returns a line about a process. Those of workers with a namespace carry it on the resource, the others nothing.
func processLine(rng *rand.Rand) line {
	return line{
		service:  pick(rng, orchestration, orchestration, rustWorker, rubyWorker, pythonWorker, paymentsWorker, analyticsWorker),
		severity: plog.SeverityNumberInfo,
		body:     pick(rng, "heartbeat", "connection pool: 7 of 20 in use", "configuration reloaded", "circuit breaker closed"),
	}
}
