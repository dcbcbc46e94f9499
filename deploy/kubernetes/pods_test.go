// SPDX-License-Identifier: Apache-2.0

package kubernetes

import (
	"os"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
)

// The namespace enforces the profile "restricted", which refuses pods that lack one of these.
func TestPodsAreRestricted(t *testing.T) {
	require.Equal(t, "restricted", build(t, "common").namespaces[0].Labels["pod-security.kubernetes.io/enforce"])
	each(t, func(t *testing.T, p part) {
		require.NotNil(t, p.Pod.RunAsNonRoot)
		assert.True(t, *p.Pod.RunAsNonRoot)
		assert.Equal(t, int64(10001), *p.Pod.RunAsUser)
		assert.Equal(t, int64(10001), *p.Pod.RunAsGroup)
		assert.Equal(t, corev1.SeccompProfileTypeRuntimeDefault, p.Pod.SeccompProfile.Type)
		assert.False(t, *p.Container.AllowPrivilegeEscalation)
		assert.True(t, *p.Container.ReadOnlyRootFilesystem)
		assert.Equal(t, &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}}, p.Container.Capabilities)
	})
}

// Only routers have a token, and it is for what their role allows.
func TestOnlyRoutersMayAskTheAPI(t *testing.T) {
	m := build(t, "common")
	require.Len(t, m.bindings, 1)
	require.Len(t, m.roles, 1)
	assert.Equal(t, m.roles[0].Name, m.bindings[0].RoleRef.Name)
	bound := m.bindings[0].Subjects[0].Name
	tokens := map[string]bool{}
	for _, account := range m.accounts {
		tokens[account.Name] = account.AutomountServiceAccountToken == nil || *account.AutomountServiceAccountToken
	}
	each(t, func(t *testing.T, p part) {
		router := p.name == "otelcol-router"
		require.Contains(t, tokens, p.account)
		assert.Equal(t, router, tokens[p.account] && p.token)
		assert.Equal(t, router, p.account == bound)
	})
}

func TestMemoryHasALimitThatTheCollectorKnows(t *testing.T) {
	each(t, func(t *testing.T, p part) {
		limit, request := p.Resources.Limits[corev1.ResourceMemory], p.Resources.Requests[corev1.ResourceMemory]
		assert.Equal(t, limit.Value(), request.Value(), "a node that is short of memory kills those that have more than they asked for")
		assert.Contains(t, p.env, corev1.EnvVar{Name: "GOMEMLIMIT", Value: memoryLimit(p.Resources)})
		limiter := at(p.config, "processors", "memory_limiter").(map[string]any)
		assert.LessOrEqual(t, limiter["limit_percentage"].(int64), int64(80))
		for _, pipeline := range at(p.config, "service", "pipelines").(map[string]any) {
			assert.Equal(t, "memory_limiter", at(pipeline.(map[string]any), "processors").([]any)[0])
		}
	})
}

// The autoscaler computes shares of what is requested: without a request there is nothing to scale by.
func TestAutoscalersHaveARequestToScaleBy(t *testing.T) {
	each(t, func(t *testing.T, p part) {
		request := p.Resources.Requests[corev1.ResourceCPU]
		assert.Positive(t, request.MilliValue())
		assert.Greater(t, p.cpu, int32(0))
		assert.Less(t, p.Min, p.Max)
		assert.Greater(t, p.Min, p.unavailable.IntVal, "one that is drained leaves another")
	})
}

// A roll-out of a Deployment has up to a quarter more pods for a while.
func TestTheRoleHasConnectionsForAllCollectors(t *testing.T) {
	text, err := os.ReadFile("reader.sql")
	require.NoError(t, err)
	match := regexp.MustCompile(`CONNECTION LIMIT (\d+)`).FindSubmatch(text)
	require.NotNil(t, match)
	limit, err := strconv.Atoi(string(match[1]))
	require.NoError(t, err)
	each(t, func(t *testing.T, p part) {
		postgres, ok := at(p.config, "processors", "namespace_sampler", "postgres").(map[string]any)
		if !ok {
			return
		}
		require.NotContains(t, postgres, "max_connections")
		const each = 4 + 1 // the default of max_connections, and the one that listens
		assert.LessOrEqual(t, (int(p.Max)+int(p.Max+3)/4)*each, limit)
	})
}

// A sampler that leaves takes what it remembers of its traces with it, and those in progress move. The next one waits until that is over.
func TestSamplersLeaveOneByOne(t *testing.T) {
	const ttl = time.Minute // the default of tracing::trace_memory::ttl
	for way, parts := range ways(t) {
		p := parts["otelcol-sampler"]
		assert.Equal(t, "statefulset", p.Mode, way)
		require.Nil(t, at(p.config, "processors", "namespace_sampler", "tracing", "trace_memory"))
		down := p.Behavior.ScaleDown
		require.Len(t, down.Policies, 1)
		policy := down.Policies[0]
		assert.Equal(t, autoscalingv2.PodsScalingPolicy, policy.Type)
		assert.Equal(t, int32(1), policy.Value)
		assert.Greater(t, time.Duration(policy.PeriodSeconds)*time.Second, 2*ttl)
		assert.Greater(t, *down.StabilizationWindowSeconds, policy.PeriodSeconds)
		hold, err := time.ParseDuration(at(p.config, "processors", "namespace_sampler", "tracing", "hold", "wait").(string))
		require.NoError(t, err)
		assert.Greater(t, time.Duration(p.Grace)*time.Second, hold)
	}
}

// Senders find collectors by a service, whose address takes a moment to leave it. Routers find samplers by themselves, ready or not.
func TestWhatApplicationsSendToStopsOnceItsAddressIsGone(t *testing.T) {
	each(t, func(t *testing.T, p part) {
		if p.name == "otelcol-sampler" {
			assert.Nil(t, p.lifecycle)
			return
		}
		require.NotNil(t, p.lifecycle)
		assert.Equal(t, corev1.LifecycleHandler{Sleep: &corev1.SleepAction{Seconds: 5}}, *p.lifecycle.PreStop)
		assert.Greater(t, p.Grace, p.lifecycle.PreStop.Sleep.Seconds)
	})
}

// Nobody loses telemetry by applying the manifests.
func TestCollectorsBeginWithADryRun(t *testing.T) {
	for way, parts := range ways(t) {
		for _, name := range []string{"otelcol-tasker", "otelcol-sampler"} {
			assert.Equal(t, true, at(parts[name].config, "processors", "namespace_sampler", "dry_run"), "%s %s", way, name)
		}
	}
}

// The image has one release of the Collector, whichever the operator has.
func TestTheOperatorDoesNotRewriteConfigurations(t *testing.T) {
	for _, folder := range []string{"operator/one-tier", "operator/two-tier"} {
		for _, c := range build(t, folder).collectors {
			assert.Equal(t, "none", c.Spec.UpgradeStrategy)
		}
	}
}
