// SPDX-License-Identifier: Apache-2.0

package steering

import (
	"context"
	"slices"

	"go.uber.org/zap"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/namespace"
	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
)

// maxWarningsLogged bounds the warnings of one pass, and with them the searches for the nearest name, which are costly.
const maxWarningsLogged = 20

// verdict is what was found out about an override.
type verdict struct {
	match    string // a registered name that it matches
	isWarned bool   // it matched none when it was judged
	near     string // the nearest registered name by then; empty if there was none, or it was not searched for
}

// warn tells of each override that matches no registered namespace, once while the override is in force: it is probably misspelt. One
// that matches is judged again when the name that it matched is no longer registered. Names are sorted. It returns how many searches for the
// nearest name are left.
func (c *comparison) warn(ctx context.Context, overrides []rate.Override, names []string) (searches int) {
	verdicts := make(map[string]verdict, len(overrides))
	var unmatched []*rate.Override
	for i := range overrides {
		key := overrides[i].Key
		if _, ok := verdicts[key]; ok || key == "" { // the empty name is for items without a namespace
			continue
		}
		v, ok := c.verdicts[key]
		switch {
		case ok && (v.isWarned || isRegistered(v.match, names)):
		case isRegistered(key, names):
			v = verdict{match: key}
		default:
			v = verdict{isWarned: true}
			unmatched = append(unmatched, &overrides[i])
		}
		verdicts[key] = v
	}
	matches, ok := c.matchPatterns(ctx, unmatched, names)
	if !ok || !c.rematch(ctx, verdicts, names) {
		return 0
	}
	for key, name := range matches {
		verdicts[key] = verdict{match: name}
	}
	c.verdicts = verdicts
	return c.log(ctx, slices.DeleteFunc(unmatched, func(o *rate.Override) bool { return !verdicts[o.Key].isWarned }), names)
}

func isRegistered(name string, names []string) bool {
	_, ok := slices.BinarySearch(names, name)
	return ok
}

// matchPatterns returns, for each key of an override that is a pattern and matches any of the names, one that it matches. It returns false if
// ctx ends meanwhile.
func (c *comparison) matchPatterns(ctx context.Context, overrides []*rate.Override, names []string) (matches map[string]string, ok bool) {
	var keys []string
	for _, o := range overrides {
		if rate.IsPattern(o.Key) {
			keys = append(keys, o.Key)
		}
	}
	if len(keys) == 0 {
		return nil, true
	}
	return c.matchKeys(ctx, keys, names)
}

// matchKeys is matchPatterns for the keys of patterns. All patterns are tried on a name at once.
func (c *comparison) matchKeys(ctx context.Context, keys, names []string) (matches map[string]string, ok bool) {
	matches = make(map[string]string, len(keys))
	patterns := c.compile(keys...)
	for _, name := range names {
		if ctx.Err() != nil {
			return nil, false
		}
		for i := range patterns.All(name) {
			matches[keys[i]] = name
		}
		if len(matches) == len(keys) {
			break
		}
	}
	return matches, true
}

// log logs overrides, each with the nearest of the registered names, and returns how many searches for it are left.
func (c *comparison) log(ctx context.Context, overrides []*rate.Override, names []string) (searches int) {
	logged := overrides[:min(len(overrides), maxWarningsLogged)]
	for _, o := range logged {
		near := ""
		if !rate.IsPattern(o.Key) {
			near, _ = c.nearest(ctx, o.Key, names)
		}
		if ctx.Err() != nil {
			return 0
		}
		c.verdicts[o.Key] = verdict{isWarned: true, near: near}
		c.logger.Warn("an override names no registered namespace", describeUnmatched(o, near)...)
	}
	if more := len(overrides) - maxWarningsLogged; more > 0 {
		c.logger.Warn("more overrides name no registered namespace", zap.Int("overrides", more))
	}
	return maxWarningsLogged - len(logged)
}

// describeUnmatched returns the fields of a warning.
func describeUnmatched(o *rate.Override, near string) []zap.Field {
	fields := []zap.Field{
		zap.String("namespace", namespace.Shown(o.Key)), zap.String("signal", string(o.Signal)), zap.String("source", string(o.Source)),
	}
	if o.UpdatedBy != "" {
		fields = append(fields, zap.String("updated_by", o.UpdatedBy))
	}
	if near != "" {
		fields = append(fields, zap.String("did_you_mean", namespace.Shown(near)))
	}
	return fields
}
