// SPDX-License-Identifier: Apache-2.0

// Command taskerload puts a Tasker-like load on a collector and checks, item by item, what comes out of it.
//
// The data's path, in the order of the files:
//
//	tasks → traces, series      what is sent: the same for every run with the same seed and sizes
//	traceshapes, cut            what a trace looks like, and how it comes
//	rates, directory            what the collector's configuration and Postgres say
//	expect                      what must come out, worked out without any of the processor's own code
//	send, receive               OTLP over gRPC, in and out
//	ledger, verdict, report     what was expected against what arrived
//	variants                    the runs of the demo, which are compared with each other
//
// Nothing here imports the processor. Span decisions come from collector-contrib's pkg/sampling, series identity from
// ADR 002, so that a fault in the processor cannot hide behind the same fault here.
package main
