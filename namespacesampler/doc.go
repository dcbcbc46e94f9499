// SPDX-License-Identifier: Apache-2.0

// Package namespacesampler is an OpenTelemetry Collector processor that samples spans, metric data points and log records by
// namespace, the business domain that they belong to. This package adapts it to the Collector: factory, configuration, and the sharing of one
// engine by all instances of a configuration.
//
// Data takes the same path for every signal, and the packages follow it:
//
//	pdata in          internal/spans, points, logs      the walk over a batch
//	resolve           internal/batch                    the namespaces of all items at once
//	                  internal/namespace                attributes, lookup keys, cache
//	                  internal/postgres                 one round trip for what the cache lacks
//	look up rate      internal/steering                 the rate tables in force, and what changes them
//	                  internal/rate                     a table: overrides by name, by pattern, the global rate
//	                  internal/tracememory              one rate for all spans of a trace, and for its records
//	decide            internal/condition                OTTL conditions that exempt spans and records, or select metrics
//	                  internal/decision                 by trace ID for spans and records, by series for data points
//	count             internal/labels                   every item once, under a bounded number of namespaces
//	drop or stamp     internal/spans, points, logs      kept spans and records carry the threshold that they were kept at; pdata out
//
// internal/engine connects these packages, and internal/inspect shows over HTTP what they do. Comments cite the sampling rules by
// number; CONTRIBUTING.md lists them.
package namespacesampler

//go:generate go tool -modfile=../tools/go.mod mdatagen metadata.yaml
