// SPDX-License-Identifier: Apache-2.0

package inspect

import "github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/problems"

// Problem is a fault that silently changes how items are sampled.
type Problem struct {
	Kind  string `json:"kind"`
	Count int64  `json:"count"` // since start
	// Consequence says in words what is counted and what follows. Setting is the configuration key that has to do with it.
	Consequence   string `json:"consequence"`
	Setting       string `json:"setting"`
	Documentation string `json:"documentation"` // a page of the project's documentation
}

// knownProblems describes the kinds of problems.
var knownProblems = [...]Problem{
	problems.MalformedKeys: {
		Kind:          "malformed_keys",
		Consequence:   "values of lookup attributes are malformed; they are not looked up, and their items may lack a namespace",
		Setting:       "postgres::lookups",
		Documentation: "docs/resolution.md#malformed-keys",
	},
	problems.NoRandomness: {
		Kind:          "no_randomness",
		Consequence:   "spans or log records have trace IDs that end in seven zero bytes, which have no randomness; every rate below 100 % drops them",
		Setting:       "sample_rate",
		Documentation: "docs/limitations.md#traces",
	},
	problems.UnreadableNames: {
		Kind:          "unreadable_names",
		Consequence:   "keys or namespaces in Postgres are not valid UTF-8; they are ignored, and their items may lack a namespace",
		Setting:       "postgres::dsn",
		Documentation: "docs/resolution.md#text-encodings",
	},
	problems.LongNames: {
		Kind:          "long_names",
		Consequence:   "namespaces in Postgres are longer than 1,024 bytes; they are ignored, and their items may lack a namespace",
		Setting:       "postgres::lookups",
		Documentation: "docs/resolution.md#names-that-are-too-long",
	},
	problems.EarlyReleases: {
		Kind:          "early_releases",
		Consequence:   "traces were decided before their time was up, because too many spans were held; they may be cut",
		Setting:       "tracing::hold::max_spans",
		Documentation: "docs/traces.md#holding-spans-until-their-trace-has-a-namespace",
	},
	problems.UndeliveredSpans: {
		Kind:          "undelivered_spans",
		Consequence:   "held spans were kept, but the next component did not take them; they are lost",
		Setting:       "tracing::hold",
		Documentation: "docs/traces.md#holding-spans-until-their-trace-has-a-namespace",
	},
	problems.GroupOverruled: {
		Kind:          "group_overruled",
		Consequence:   "spans or log records were sampled before they came here, by another randomness than that of their group; their groups may be incomplete",
		Setting:       "consistent_by",
		Documentation: "docs/workflows.md#spans-that-were-sampled-before",
	},
}

// problemsOf returns the problems that have occurred.
func problemsOf(counts *problems.Counts) []Problem {
	found := []Problem{}
	for _, kind := range problems.Kinds {
		if n := counts.Of(kind); n > 0 {
			problem := knownProblems[kind]
			problem.Count = n
			found = append(found, problem)
		}
	}
	return found
}
