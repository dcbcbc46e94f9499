// SPDX-License-Identifier: Apache-2.0

package harness

// ignoringInterrupt is a shell script that becomes the program in its arguments, with SIGINT ignored; see handlesStop.
const ignoringInterrupt = `trap '' INT; exec "$0" "$@"`
