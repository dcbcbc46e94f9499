// SPDX-License-Identifier: Apache-2.0

// Package namespacesampler is an OpenTelemetry Collector processor that samples spans and metric data points by their
// namespace, the business domain that they belong to.
//
// The data's path is the same for every signal, and the order in which the code reads:
//
//	pdata in         traces.go, metrics.go     the walks over a batch
//	resolve          internal/namespace        attributes → namespace or lookup key; cache; one round trip for the rest
//	                 internal/postgres         what Postgres says of the keys
//	look up rate     internal/rate             exact override → global rate
//	                 trace_rates.go            one rate for all spans of a trace, remembered in internal/tracememory
//	decide           exemption.go              what goes or stays at any rate: internal spans, always_keep, priority
//	                 internal/decision         by trace ID for spans, by series identity for points
//	drop or stamp    traces.go, metrics.go     kept spans say with which threshold they were kept
//	                 orphans.go                children of dropped internal spans get another parent
//	pdata out        telemetry.go              and what happened is counted
//
// What is in force and what happened can be seen over HTTP: inspection.go, explain.go and internal/inspect.
package namespacesampler

//go:generate go tool -modfile=../tools/go.mod mdatagen metadata.yaml
