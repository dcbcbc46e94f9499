// SPDX-License-Identifier: Apache-2.0

package steering

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/namespace"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
)

// Unmatched returns the keys of overrides in force, and the namespaces of skipped rows of the table of runtime overrides, that match no
// registered namespace, each with the registered name that it is probably a misspelling of, or "" if none is near or was searched for. It is
// nil if registered namespaces are not read, if there are none, and before they were compared. The map is shared and must not be modified.
func (s *Steering) Unmatched() map[string]string {
	if s.comparison == nil {
		return nil
	}
	if unmatched := s.comparison.unmatched.Load(); unmatched != nil {
		return *unmatched
	}
	return nil
}

// show keeps what a pass found out, and finds out the same about the namespaces of skipped rows, with so many searches at most. It keeps
// what was shown before if ctx ends.
func (c *comparison) show(ctx context.Context, skipped []Rejected, names []string, searches int) {
	near := c.nearSkipped(ctx, skipped, names, searches)
	if ctx.Err() != nil {
		return
	}
	c.nearOfSkipped = near
	unmatched := make(map[string]string, len(near))
	for key, n := range near {
		unmatched[key] = registeredOr(n, names)
	}
	for key, v := range c.verdicts {
		if v.isWarned && v.match == "" && !isRegistered(key, names) {
			unmatched[key] = registeredOr(v.near, names)
		}
	}
	c.unmatched.Store(&unmatched)
}

// registeredOr returns a name if it is still registered, else "".
func registeredOr(name string, names []string) string {
	if isRegistered(name, names) {
		return name
	}
	return ""
}

// nearSkipped returns the namespaces of skipped rows that are not registered, each with the nearest registered name. Those that were
// searched for before are not searched for again.
func (c *comparison) nearSkipped(ctx context.Context, skipped []Rejected, names []string, searches int) map[string]string {
	near := map[string]string{}
	for i := range skipped {
		name := skipped[i].Namespace
		if _, ok := near[name]; ok || !isWholeName(name) || isRegistered(name, names) {
			continue
		}
		known, ok := c.nearOfSkipped[name]
		if !ok && searches > 0 && ctx.Err() == nil {
			searches--
			known, _ = c.nearest(ctx, name, names)
		}
		near[name] = known
	}
	return near
}

// isWholeName reports whether a name as it is shown is that of a namespace: it is neither empty nor a pattern, and was not changed or cut
// to be shown.
func isWholeName(shown string) bool {
	return shown != "" && !rate.IsPattern(shown) && !strings.ContainsRune(shown, utf8.RuneError) && len(shown) <= namespace.MaxShownBytes-utf8.UTFMax
}

// rematch tries the patterns that were warned of, and match no name yet, on the names that were registered since. That is for showing: they
// are not warned of again. It returns false if ctx ends meanwhile.
func (c *comparison) rematch(ctx context.Context, verdicts map[string]verdict, names []string) bool {
	var keys []string
	isNew := func(name string) bool { return !isRegistered(name, c.names) }
	for key, v := range verdicts {
		if !c.verdicts[key].isWarned || !rate.IsPattern(key) {
			continue
		}
		if v.match != "" && !isRegistered(v.match, names) {
			verdicts[key] = verdict{isWarned: true}
			v.match, isNew = "", func(string) bool { return true } // it may match any of the others
		}
		if v.match == "" {
			keys = append(keys, key)
		}
	}
	if len(keys) == 0 {
		return true
	}
	candidates := slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !isNew(name) })
	if len(candidates) == 0 {
		return true
	}
	slices.Sort(keys)
	matches, ok := c.matchKeys(ctx, keys, candidates)
	for key, name := range matches {
		verdicts[key] = verdict{isWarned: true, match: name}
	}
	return ok
}
