// SPDX-License-Identifier: Apache-2.0

package decision

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// T11: sub-keys that are all different are passed on in their order. With any of them once more, wherever, the state is malformed.
func TestASubKeyThatOccursTwiceIsMalformed(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 256))
	id, half := traceID(t, idA), mustRate(t, 0.5, 4)
	for range 20_000 {
		subs := randomSubMembers(rng)
		value := strings.Join(subs, ";")
		require.Equal(t, Span{Keep: true, Tracestate: "ot=th:8;" + value}, equalizing.Decide(id, "ot="+value, half))

		key, _, _ := strings.Cut(subs[rng.IntN(len(subs))], ":")
		at := rng.IntN(len(subs) + 1)
		twice := "ot=" + strings.Join(append(append(append([]string(nil), subs[:at]...), key+":"), subs[at:]...), ";")
		require.Equal(t, Span{Keep: true, Tracestate: twice, Fault: Malformed}, equalizing.Decide(id, twice, half))
	}
}

// randomSubMembers returns one or more sub-members with different keys, which leave room in an ot value for one more and a threshold. Keys
// are of few letters, so that many begin, end or go on alike.
func randomSubMembers(rng *rand.Rand) (subs []string) {
	const letters = "ab1"
	keys := map[string]bool{}
	room := 1 + rng.IntN(maxValueBytes-len("th:8;")-10)
	for {
		key := letters[rng.IntN(2):][:1]
		for range rng.IntN(5) {
			key += letters[rng.IntN(3):][:1]
		}
		sub := key + ":" + strings.Repeat(key, rng.IntN(2))
		if room -= len(sub) + len(";"); room < 0 && len(subs) > 0 {
			return subs
		}
		if !keys[key] {
			keys[key] = true
			subs = append(subs, sub)
		}
	}
}
