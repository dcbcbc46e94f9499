// SPDX-License-Identifier: Apache-2.0

// Package budget turns arrivals into sample rates, so that about as many items are kept as a budget allows. It is arithmetic alone: it has no
// clock, does no I/O and draws no random numbers, so that traffic can be simulated with it.
//
// Rates are fed forward: they follow from what arrived, never from what was kept, so that a threshold does not depend on the randomness of the
// items that it decides, and adjusted counts stay unbiased (B1, B9).
package budget
