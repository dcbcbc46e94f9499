// SPDX-License-Identifier: Apache-2.0

package inspect

import "github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/namespace"

// show makes an answer fit for output: names of any length and encoding are cut and made valid, and lists are [], never null.
func (n *Namespaces) show() {
	n.Namespaces, n.Overrides, n.Budgets = listed(n.Namespaces), listed(n.Overrides), listed(n.Budgets)
	n.Problems, n.Changes, n.State.Lookups = listed(n.Problems), listed(n.Changes), listed(n.State.Lookups)
	n.Sampling.Attributes, n.Sampling.Lookups = listed(n.Sampling.Attributes), listed(n.Sampling.Lookups)
	for _, s := range []*NowSignal{&n.Now.Traces, &n.Now.Metrics, &n.Now.Logs} {
		s.History.Kept, s.History.Dropped = listed(s.History.Kept), listed(s.History.Dropped)
	}
	for i := range n.Budgets {
		cut(&n.Budgets[i].Key)
	}
	for i := range n.Overrides {
		o := &n.Overrides[i]
		cut(&o.Key, &o.Reason, &o.UpdatedBy, &o.DidYouMean)
	}
	for i := range n.Changes {
		c := &n.Changes[i]
		cut(&c.Key, &c.Reason, &c.UpdatedBy)
	}
	for i := range n.Namespaces {
		row := &n.Namespaces[i]
		cut(&row.Name, &row.Traces.Pattern, &row.Metrics.Pattern, &row.Logs.Pattern)
	}
	if o := n.State.RuntimeOverrides; o != nil {
		for i := range o.RejectedRows {
			cut(&o.RejectedRows[i].DidYouMean)
		}
	}
}

// cut makes texts fit for output.
func cut(texts ...*string) {
	for _, text := range texts {
		*text = namespace.Shown(*text)
	}
}

// listed returns a list that is not nil.
func listed[T any](values []T) []T {
	if values == nil {
		return []T{}
	}
	return values
}
