// SPDX-License-Identifier: Apache-2.0

package batch

// MaxReusedItems is the size of the largest batch whose working memory is kept for the next one.
const MaxReusedItems = 1 << 16

// maxReusedEntries is the size of the largest map that is kept for the next batch.
const maxReusedEntries = 4096

// Emptied returns an empty map for the next batch: m itself, or a new map if m has held more than maxReusedEntries entries. A map
// never shrinks, and clearing it takes time in proportion to the most entries that it has ever held, so that one huge batch would make
// all batches after it slow. If entries were deleted from m, its length does not tell how many it has held: most then does. Otherwise
// most is 0.
func Emptied[K comparable, V any](m map[K]V, most int) map[K]V {
	if max(most, len(m)) > maxReusedEntries {
		return map[K]V{}
	}
	clear(m)
	return m
}
