// SPDX-License-Identifier: Apache-2.0

// Package condition evaluates the OTTL conditions of a configuration.
package condition

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"

	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/ottl"
)

// Set holds the conditions of one configuration key. It matches an item if any of them does. It is safe for concurrent use.
type Set[K any] struct {
	name       string
	conditions []*ottl.Condition[K]
	failed     func(Failure)
	hasFailed  []atomic.Bool // by index of the condition
}

// Failure is a condition that could not be evaluated on an item, and so did not match it.
type Failure struct {
	// Key is the configuration key of the condition, name and index.
	Key string
	// Err is the reason. It may contain values of the telemetry.
	Err error
	// First reports whether this is the first failure of the condition.
	First bool
}

// Spans compiles conditions on spans, whose paths begin with span, scope or resource. The error reports each condition that does
// not compile under its key: name and index. failed is called for each failed evaluation; it may be nil for a set that is only
// compiled.
func Spans(name string, texts []string, failed func(Failure)) (*Set[Span], error) {
	parser, err := spanParser()
	if err != nil {
		return nil, err
	}
	return compile(name, texts, parser, failed)
}

// Metrics compiles conditions on metrics, whose paths begin with metric, scope or resource. It is like Spans otherwise.
func Metrics(name string, texts []string, failed func(Failure)) (*Set[Metric], error) {
	parser, err := metricParser()
	if err != nil {
		return nil, err
	}
	return compile(name, texts, parser, failed)
}

// LogRecords compiles conditions on log records, whose paths begin with log, scope or resource. It is like Spans otherwise.
func LogRecords(name string, texts []string, failed func(Failure)) (*Set[LogRecord], error) {
	parser, err := logRecordParser()
	if err != nil {
		return nil, err
	}
	return compile(name, texts, parser, failed)
}

func compile[K any](name string, texts []string, parser ottl.Parser[K], failed func(Failure)) (*Set[K], error) {
	s := &Set[K]{name: name, failed: failed, hasFailed: make([]atomic.Bool, len(texts))}
	var errs []error
	for i, text := range texts {
		compiled, err := parser.ParseCondition(text)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s::%d: must be an OTTL condition, got %q: %s", name, i, text, oneLine(err)))
			continue
		}
		s.conditions = append(s.conditions, compiled)
	}
	return s, errors.Join(errs...)
}

// oneLine joins the lines of an error, since each error of a configuration takes one line.
func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }

// IsEmpty reports whether there are no conditions.
func (s *Set[K]) IsEmpty() bool { return len(s.conditions) == 0 }

// Match reports whether any condition matches an item. The item is not changed.
func (s *Set[K]) Match(ctx context.Context, item K) bool {
	for i, c := range s.conditions {
		matches, err := c.Eval(ctx, item)
		if err != nil {
			s.failed(Failure{Key: fmt.Sprintf("%s::%d", s.name, i), Err: err, First: !s.hasFailed[i].Swap(true)})
			continue
		}
		if matches {
			return true
		}
	}
	return false
}
