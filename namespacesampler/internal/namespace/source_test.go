// SPDX-License-Identifier: Apache-2.0

package namespace

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// fakeSource is a database that takes a while: keys that begin with "r" resolve to "ns-" and the key, those with "u" are
// unknown, all others cannot be asked for.
type fakeSource struct {
	takes time.Duration
	err   error // after that while, in place of answers
	deaf  bool  // does not mind that its context ends

	mu      sync.Mutex
	loads   [][]string
	running int
	most    int // loads at once
	ended   []error
}

func (s *fakeSource) Lookup(ctx context.Context, keys []Key, answers []Answer) (int, error) {
	texts := make([]string, len(keys))
	for i, key := range keys {
		texts[i] = key.String()
	}
	s.mu.Lock()
	s.loads = append(s.loads, texts)
	s.running++
	s.most = max(s.most, s.running)
	err := s.err
	s.mu.Unlock()

	err = errors.Join(err, s.wait(ctx))

	s.mu.Lock()
	s.running--
	s.ended = append(s.ended, err)
	s.mu.Unlock()
	if err != nil {
		return 0, err
	}
	for i, text := range texts {
		answers[i] = expected(text)
	}
	return 1, nil
}

func (s *fakeSource) wait(ctx context.Context) error {
	timer := time.NewTimer(s.takes)
	defer timer.Stop()
	if s.deaf {
		<-timer.C
		return nil
	}
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *fakeSource) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = err
}

// asked returns how often the source was asked for each key, and in how many loads.
func (s *fakeSource) asked() (times map[string]int, loads int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	times = map[string]int{}
	for _, text := range slices.Concat(s.loads...) {
		times[text]++
	}
	return times, len(s.loads)
}

func (s *fakeSource) loadCount() int {
	_, loads := s.asked()
	return loads
}

func expected(text string) Answer {
	switch {
	case strings.HasPrefix(text, "r"):
		return Answer{Name: "ns-" + text, Outcome: Resolved}
	case strings.HasPrefix(text, "u"):
		return Answer{Outcome: Unknown}
	}
	return Answer{}
}

func testConfig() ResolverConfig {
	return ResolverConfig{
		Cache:       CacheConfig{MaxEntries: 1_000_000, TTL: time.Hour, NegativeTTL: 10 * time.Second},
		Wait:        200 * time.Millisecond,
		LoadTimeout: 2 * time.Second,
		MaxLoads:    4,
		Breaker:     BreakerConfig{Failures: 5, Cooldown: 5 * time.Second},
	}
}

// newTestResolver returns a resolver that closes with the test.
func newTestResolver(t testing.TB, cfg ResolverConfig, source Source) *Resolver {
	r, err := NewResolver(cfg, source)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, r.Close(context.Background())) })
	return r
}

func textKeys(t testing.TB, texts ...string) []Key {
	keys := make([]Key, len(texts))
	for i, text := range texts {
		keys[i] = key(t, 0, FormatText, text)
	}
	return keys
}

// numbered returns prefix0 to prefix(n-1).
func numbered(prefix string, n int) []string {
	texts := make([]string, n)
	for i := range texts {
		texts[i] = fmt.Sprintf("%s%d", prefix, i)
	}
	return texts
}

// resolve resolves texts and checks that each key that was answered was answered rightly.
func resolve(t testing.TB, r *Resolver, texts ...string) ([]Outcome, Counts) {
	return resolveIn(t, t.Context(), r, texts...)
}

func resolveIn(t testing.TB, ctx context.Context, r *Resolver, texts ...string) ([]Outcome, Counts) {
	answers := make([]Answer, len(texts))
	counts := r.Resolve(ctx, textKeys(t, texts...), answers)
	outcomes := make([]Outcome, len(texts))
	for i, answer := range answers {
		outcomes[i] = answer.Outcome
		if answer != (Answer{}) && answer != expected(texts[i]) { // require.Equal alone is slow for very many
			require.Equal(t, expected(texts[i]), answer, texts[i])
		}
	}
	return outcomes, counts
}
