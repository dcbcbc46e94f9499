// SPDX-License-Identifier: Apache-2.0

// Package harness runs the built collector as a process between OTLP clients and an OTLP server, and reads its log and its
// internal metrics.
//
// The collector exports synchronously, without a queue or retries: when a client's call returns, the sink has received everything
// that was kept, so tests need not wait.
package harness
