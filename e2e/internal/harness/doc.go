// SPDX-License-Identifier: Apache-2.0

// Package harness runs the built collector as a process between real OTLP clients and a real OTLP server, and reads
// what it says of itself: its log and its internal metrics.
//
// The collector exports in step with its clients: no queue, no retries. When a client's call returns, what was to come
// out has come out, so tests need not wait for anything.
package harness
