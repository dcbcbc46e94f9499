// SPDX-License-Identifier: Apache-2.0

// Package kubernetes tests the manifests: that Kubernetes takes them, that each configuration is valid, and that what they name exists.
package kubernetes

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kjson "sigs.k8s.io/json"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
)

// read decodes a file of YAML, which must not have a key twice, into JSON documents.
func read(t *testing.T, path string) (documents [][]byte) {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	for document := range strings.SplitSeq(string(text), "\n---\n") {
		decoded, err := yaml.YAMLToJSONStrict([]byte(document))
		require.NoError(t, err, path)
		documents = append(documents, decoded)
	}
	return documents
}

// decode decodes JSON as strictly as an API server validates it: names of fields must be known, and have the right case.
func decode(t *testing.T, document []byte, into any, where string) {
	t.Helper()
	faults, err := kjson.UnmarshalStrict(document, into)
	require.NoError(t, err, where)
	assert.Empty(t, faults, where)
}

// manifests are what `kubectl apply -k` applies, by kind.
type manifests struct {
	namespaces []corev1.Namespace
	secrets    []corev1.Secret
	accounts   []corev1.ServiceAccount
	roles      []rbacv1.Role
	bindings   []rbacv1.RoleBinding
	policies   []networkingv1.NetworkPolicy
	monitors   []monitoringv1.ServiceMonitor
	collectors []collector
}

// add decodes a manifest with the type of its kind.
func (m *manifests) add(t *testing.T, document []byte, where string) {
	t.Helper()
	var kind metav1.TypeMeta
	require.NoError(t, json.Unmarshal(document, &kind))
	switch kind.APIVersion + " " + kind.Kind {
	case "v1 Namespace":
		m.namespaces = append(m.namespaces, decoded[corev1.Namespace](t, document, where))
	case "v1 Secret":
		m.secrets = append(m.secrets, decoded[corev1.Secret](t, document, where))
	case "v1 ServiceAccount":
		m.accounts = append(m.accounts, decoded[corev1.ServiceAccount](t, document, where))
	case "rbac.authorization.k8s.io/v1 Role":
		m.roles = append(m.roles, decoded[rbacv1.Role](t, document, where))
	case "rbac.authorization.k8s.io/v1 RoleBinding":
		m.bindings = append(m.bindings, decoded[rbacv1.RoleBinding](t, document, where))
	case "networking.k8s.io/v1 NetworkPolicy":
		m.policies = append(m.policies, decoded[networkingv1.NetworkPolicy](t, document, where))
	case "monitoring.coreos.com/v1 ServiceMonitor":
		m.monitors = append(m.monitors, decoded[monitoringv1.ServiceMonitor](t, document, where))
	case "opentelemetry.io/v1beta1 OpenTelemetryCollector":
		validate(t, "operator.schema.json", document, where)
		m.collectors = append(m.collectors, decoded[collector](t, document, where))
	default:
		require.Fail(t, "unknown kind", "%s: %s %s", where, kind.APIVersion, kind.Kind)
	}
}

func decoded[T any](t *testing.T, document []byte, where string) (object T) {
	t.Helper()
	decode(t, document, &object, where)
	return object
}

// built has what build has returned.
var built = map[string]manifests{}

// build does what `kubectl kustomize` does with a folder, in which the sample of the Secret is the Secret.
func build(t *testing.T, folder string) (m manifests) {
	t.Helper()
	if m, ok := built[folder]; ok {
		return m
	}
	files := filesys.MakeFsInMemory()
	require.NoError(t, filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".yaml" || filepath.Base(path) == "secret.yaml" {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return files.WriteFile(strings.Replace(path, "secret.example", "secret", 1), text)
	}))
	resources, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(files, folder)
	require.NoError(t, err)
	for _, resource := range resources.Resources() {
		document, err := resource.MarshalJSON()
		require.NoError(t, err)
		m.add(t, document, folder+": "+resource.CurId().String())
	}
	built[folder] = m
	return m
}

// The types that decode the manifests refuse what is misspelt in them; kustomize may have mended or dropped something by then.
func TestManifestsAreOfTheTypesOfKubernetes(t *testing.T) {
	var m manifests
	for _, pattern := range []string{"common/[^k]*.yaml", "operator/*-tier/[^k]*.yaml", "servicemonitor.yaml"} {
		paths, err := filepath.Glob(pattern)
		require.NoError(t, err)
		require.NotEmpty(t, paths, pattern)
		for _, path := range paths {
			if filepath.Base(path) == "secret.yaml" { // somebody's own
				continue
			}
			for _, document := range read(t, path) {
				m.add(t, document, path)
			}
		}
	}
	assert.Len(t, m.secrets, 1)
	assert.Len(t, m.policies, 5)
	assert.Len(t, m.collectors, 3)
	assert.Len(t, m.monitors, 1)
}

// Everything is in one namespace, for which the policies are.
func TestOneNamespaceHasEverything(t *testing.T) {
	for _, folder := range []string{"common", "operator/one-tier", "operator/two-tier"} {
		m := build(t, folder)
		require.Len(t, m.namespaces, 1)
		namespace := m.namespaces[0].Name
		for _, object := range m.objects() {
			assert.Equal(t, namespace, object.Namespace, "%s: %s", folder, object.Name)
		}
		for _, binding := range m.bindings {
			assert.Equal(t, namespace, binding.Subjects[0].Namespace)
		}
	}
	monitor := decoded[monitoringv1.ServiceMonitor](t, read(t, "servicemonitor.yaml")[0], "")
	assert.Equal(t, build(t, "common").namespaces[0].Name, monitor.Namespace)
}

// objects are the metadata of all objects that a namespace has.
func (m *manifests) objects() (all []metav1.ObjectMeta) {
	for _, o := range m.secrets {
		all = append(all, o.ObjectMeta)
	}
	for _, o := range m.accounts {
		all = append(all, o.ObjectMeta)
	}
	for _, o := range m.roles {
		all = append(all, o.ObjectMeta)
	}
	for _, o := range m.bindings {
		all = append(all, o.ObjectMeta)
	}
	for _, o := range m.policies {
		all = append(all, o.ObjectMeta)
	}
	for _, o := range m.collectors {
		all = append(all, o.ObjectMeta)
	}
	return all
}
