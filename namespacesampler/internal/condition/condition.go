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
	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/ottl/contexts/ottlmetric"
	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/ottl/contexts/ottlspan"
	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/ottl/ottlfuncs"
	"go.opentelemetry.io/collector/component"
	"go.uber.org/zap"
)

// Set is the conditions of one key: it matches what any of them matches. It is safe for concurrent use.
type Set[K any] struct {
	conditions []*ottl.Condition[K]
	failed     func(Failure)
	said       []atomic.Bool // which of them have failed before
}

// Failure is a condition that could not be evaluated on an item, and so counts as not matching.
type Failure struct {
	// Index is that of the condition in its list.
	Index int
	// Err says what it could not do. It can hold values of the telemetry.
	Err error
	// First reports whether it is the condition's first failure.
	First bool
}

// Spans compiles conditions on spans, whose paths begin with span, scope or resource. The error reports all that do not compile,
// each under its key: name and index.
func Spans(name string, texts []string, failed func(Failure)) (*Set[*ottlspan.TransformContext], error) {
	functions := ottlfuncs.StandardConverters[*ottlspan.TransformContext]()
	isRoot := ottlfuncs.NewIsRootSpanFactoryNew()
	functions[isRoot.Name()] = isRoot
	parser, err := ottlspan.NewParser(functions, settings, ottlspan.EnablePathContextNames())
	if err != nil {
		return nil, err
	}
	return compile(name, texts, parser, failed)
}

// Metrics compiles conditions on metrics, whose paths begin with metric, scope or resource.
func Metrics(name string, texts []string, failed func(Failure)) (*Set[*ottlmetric.TransformContext], error) {
	functions := ottlfuncs.StandardConverters[*ottlmetric.TransformContext]()
	parser, err := ottlmetric.NewParser(functions, settings, ottlmetric.EnablePathContextNames())
	if err != nil {
		return nil, err
	}
	return compile(name, texts, parser, failed)
}

// settings: conditions say what goes wrong by the errors that they return.
var settings = component.TelemetrySettings{Logger: zap.NewNop()}

func compile[K any](name string, texts []string, parser ottl.Parser[K], failed func(Failure)) (*Set[K], error) {
	s := &Set[K]{failed: failed, said: make([]atomic.Bool, len(texts))}
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

// oneLine: each fault of a configuration takes one line.
func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }

// IsEmpty reports whether there are no conditions.
func (s *Set[K]) IsEmpty() bool { return len(s.conditions) == 0 }

// Match reports whether any condition matches an item. The item is not changed.
func (s *Set[K]) Match(ctx context.Context, item K) bool {
	for i, c := range s.conditions {
		matches, err := c.Eval(ctx, item)
		if err != nil {
			s.failed(Failure{Index: i, Err: err, First: !s.said[i].Swap(true)})
			continue
		}
		if matches {
			return true
		}
	}
	return false
}
