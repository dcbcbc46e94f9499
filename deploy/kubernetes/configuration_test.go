// SPDX-License-Identifier: Apache-2.0

package kubernetes

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	"github.com/otelcol-tasker/otelcol-tasker/deploy/internal/distribution"
)

// environment returns what a pod's container has in its environment, and nothing else. The pod has the given address.
func environment(t *testing.T, p part, address string) (variables []string) {
	t.Helper()
	secrets := build(t, "common").secrets
	for _, e := range p.env {
		value := e.Value
		if source := e.ValueFrom; source != nil && source.SecretKeyRef != nil {
			found := slices.IndexFunc(secrets, func(s corev1.Secret) bool { return s.Name == source.SecretKeyRef.Name })
			require.GreaterOrEqual(t, found, 0, "there is no Secret %s", source.SecretKeyRef.Name)
			require.Contains(t, secrets[found].StringData, source.SecretKeyRef.Key)
			value = secrets[found].StringData[source.SecretKeyRef.Key]
		} else if source != nil {
			require.Equal(t, "status.podIP", source.FieldRef.FieldPath)
			value = address
		}
		variables = append(variables, e.Name+"="+value)
	}
	return variables
}

// write writes a configuration to a file.
func write(t *testing.T, config map[string]any) string {
	t.Helper()
	text, err := yaml.Marshal(config)
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "config.yaml")
	require.NoError(t, os.WriteFile(path, text, 0o600))
	return path
}

func TestEachConfigurationIsValid(t *testing.T) {
	variable := regexp.MustCompile(`\$\{env:(\w+)`)
	each(t, func(t *testing.T, p part) {
		distribution.Validate(t, environment(t, p, "127.0.0.1"), "--config", write(t, p.config))
		text, err := json.Marshal(p.config)
		require.NoError(t, err)
		for _, match := range variable.FindAllStringSubmatch(string(text), -1) {
			assert.True(t, slices.ContainsFunc(p.env, func(e corev1.EnvVar) bool { return e.Name == match[1] }), "%s is not set", match[1])
		}
	})
}

// Whoever changes one of the two ways changes the other.
func TestBothWaysInstallTheSame(t *testing.T) {
	all := ways(t)
	for name, h := range all["helm"] {
		o := all["operator"][name]
		assert.Equal(t, h.image, o.image, name)
		assert.Equal(t, h.account, o.account, name)
		assert.Equal(t, h.autoscaling, o.autoscaling, name)
		assert.Equal(t, h.cpu, o.cpu, name)
		assert.Equal(t, h.unavailable, o.unavailable, name)
		assert.ElementsMatch(t, h.env, o.env, name)
		// The operator makes probes of the configuration.
		h.Liveness.HTTPGet, h.Readiness.HTTPGet = nil, nil
		assert.Equal(t, h.common, o.common, name)

		text, err := json.Marshal(h.config)
		require.NoError(t, err)
		// Only the names of services differ.
		samplers := all["operator"]["otelcol-sampler"]
		renamed := strings.ReplaceAll(string(text), `"service":"otelcol-sampler"`, `"service":"`+samplers.service+`"`)
		want, err := json.Marshal(o.config)
		require.NoError(t, err)
		assert.JSONEq(t, string(want), renamed, name)
	}
}

// The image is built from the manifest of the builder.
func TestTheImageHasTheVersionOfTheCollector(t *testing.T) {
	text, err := os.ReadFile("../../builder-config.yaml")
	require.NoError(t, err)
	var builder struct {
		Dist struct{ Name, Version string }
	}
	require.NoError(t, yaml.Unmarshal(text, &builder))
	each(t, func(t *testing.T, p part) {
		assert.Equal(t, "ghcr.io/otelcol-tasker/"+builder.Dist.Name+":"+builder.Dist.Version, p.image)
	})
}

// at returns what a configuration has at a path.
func at(config map[string]any, path ...string) any {
	var value any = config
	for _, key := range path {
		section, _ := value.(map[string]any)
		value = section[key]
	}
	return value
}
