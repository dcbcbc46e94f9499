// SPDX-License-Identifier: Apache-2.0

package kubernetes

import (
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/yaml"

	"github.com/otelcol-tasker/otelcol-tasker/deploy/internal/distribution"
)

// rendered is what a way makes of a part.
type rendered struct {
	workload   metav1.ObjectMeta
	kind       string
	service    string // that a StatefulSet names
	pod        corev1.PodTemplateSpec
	services   []corev1.Service
	disruption policyv1.PodDisruptionBudget
	autoscaler autoscalingv2.HorizontalPodAutoscaler
	config     corev1.ConfigMap
}

// render decodes the documents of a part, each with the type of its kind.
func render(t *testing.T, text string) (r rendered) {
	t.Helper()
	for document := range strings.SplitSeq("\n"+text, "\n---\n") {
		decoded, err := yaml.YAMLToJSONStrict([]byte(document))
		require.NoError(t, err)
		var kind metav1.TypeMeta
		require.NoError(t, json.Unmarshal(decoded, &kind))
		switch kind.APIVersion + " " + kind.Kind {
		case " ": // nothing but comments
		case "apps/v1 Deployment":
			var d appsv1.Deployment
			decode(t, decoded, &d, kind.Kind)
			r.workload, r.kind, r.pod = d.ObjectMeta, kind.Kind, d.Spec.Template
			assert.True(t, matches(d.Spec.Selector.MatchLabels, r.pod.Labels))
		case "apps/v1 StatefulSet":
			var s appsv1.StatefulSet
			decode(t, decoded, &s, kind.Kind)
			r.workload, r.kind, r.pod, r.service = s.ObjectMeta, kind.Kind, s.Spec.Template, s.Spec.ServiceName
			assert.True(t, matches(s.Spec.Selector.MatchLabels, r.pod.Labels))
		case "v1 Service":
			var s corev1.Service
			decode(t, decoded, &s, kind.Kind)
			r.services = append(r.services, s)
		case "policy/v1 PodDisruptionBudget":
			decode(t, decoded, &r.disruption, kind.Kind)
		case "autoscaling/v2 HorizontalPodAutoscaler":
			decode(t, decoded, &r.autoscaler, kind.Kind)
		case "v1 ConfigMap":
			decode(t, decoded, &r.config, kind.Kind)
		default:
			require.Fail(t, "unknown kind", "%s %s", kind.APIVersion, kind.Kind)
		}
	}
	return r
}

func matches(selector, set map[string]string) bool {
	return len(selector) > 0 && labels.SelectorFromSet(selector).Matches(labels.Set(set))
}

// check asserts that what comes out is what the tests of the values take for granted.
func (r *rendered) check(t *testing.T, p part) {
	t.Helper()
	assert.Equal(t, p.pods, r.workload.Name)
	assert.Equal(t, p.Mode, strings.ToLower(r.kind))
	assert.Equal(t, p.name, r.pod.Labels["app.kubernetes.io/name"])
	assert.Equal(t, p.account, r.pod.Spec.ServiceAccountName)
	assert.Equal(t, p.Grace, *r.pod.Spec.TerminationGracePeriodSeconds)
	assert.Equal(t, &p.Pod, r.pod.Spec.SecurityContext)
	assert.Equal(t, p.TopologySpreads, r.pod.Spec.TopologySpreadConstraints)

	require.Len(t, r.pod.Spec.Containers, 1)
	container := r.pod.Spec.Containers[0]
	assert.Equal(t, p.image, container.Image)
	assert.Empty(t, container.Command, "the image's entry point")
	require.Len(t, container.Args, 1)
	assert.Regexp(t, `^--config=`, container.Args[0])
	assert.Equal(t, &p.Container, container.SecurityContext)
	assert.Equal(t, p.Resources, container.Resources)
	assert.Equal(t, p.lifecycle, container.Lifecycle)
	for _, variable := range p.env {
		if variable.ValueFrom != nil && variable.ValueFrom.FieldRef != nil {
			variable.ValueFrom.FieldRef.APIVersion = ""
		}
		assert.True(t, has(container.Env, variable), "%s", variable.Name)
	}
	l, ports := listen(t, p), map[int32]bool{}
	for _, port := range container.Ports {
		ports[port.ContainerPort] = true
	}
	for _, port := range slices.AppendSeq([]int32{l.metrics}, maps.Values(l.otlp)) {
		assert.True(t, ports[port], "port %d", port)
	}
	for _, probe := range []*corev1.Probe{container.LivenessProbe, container.ReadinessProbe} {
		assert.Equal(t, l.health, probe.HTTPGet.Port.IntVal)
		assert.Equal(t, l.path, probe.HTTPGet.Path)
	}

	assert.True(t, matches(r.disruption.Spec.Selector.MatchLabels, r.pod.Labels))
	assert.Equal(t, p.unavailable, r.disruption.Spec.MaxUnavailable)
	assert.Equal(t, p.Min, *r.autoscaler.Spec.MinReplicas)
	assert.Equal(t, p.Max, r.autoscaler.Spec.MaxReplicas)
	assert.Equal(t, p.Behavior, r.autoscaler.Spec.Behavior)
	require.Len(t, r.autoscaler.Spec.Metrics, 1)
	assert.Equal(t, p.cpu, *r.autoscaler.Spec.Metrics[0].Resource.Target.AverageUtilization)
	r.checkServices(t, p)

	require.Len(t, r.config.Data, 1)
	for _, text := range r.config.Data {
		var config map[string]any
		require.NoError(t, yaml.UnmarshalStrict([]byte(text), &config))
		distribution.Validate(t, environment(t, p, "127.0.0.1"), "--config", write(t, config))
	}
}

func (r *rendered) checkServices(t *testing.T, p part) {
	t.Helper()
	monitor := decoded[monitoringv1.ServiceMonitor](t, read(t, "servicemonitor.yaml")[0], "")
	selector, err := metav1.LabelSelectorAsSelector(&monitor.Spec.Selector)
	require.NoError(t, err)
	headless, scraped := false, 0
	for _, s := range r.services {
		assert.True(t, matches(s.Spec.Selector, r.pod.Labels), s.Name)
		headless = headless || s.Name == p.service && s.Spec.ClusterIP == "None"
		for _, endpoint := range monitor.Spec.Endpoints {
			for _, port := range s.Spec.Ports {
				if port.Name == endpoint.Port && selector.Matches(labels.Set(s.Labels)) {
					scraped++
					assert.Equal(t, listen(t, p).metrics, port.Port)
				}
			}
		}
	}
	assert.Equal(t, 1, scraped, "each pod is scraped once")
	if p.Mode == "statefulset" {
		assert.True(t, headless, "%s is headless", p.service)
		assert.Equal(t, p.service, r.service, "names of pods are below it")
	}
}

func has(variables []corev1.EnvVar, want corev1.EnvVar) bool {
	for _, v := range variables {
		if v.ValueFrom != nil && v.ValueFrom.FieldRef != nil {
			v.ValueFrom.FieldRef.APIVersion = ""
		}
		if assert.ObjectsAreEqual(want, v) {
			return true
		}
	}
	return false
}

// The published chart is not part of this repository: `make chart` runs this.
func TestTheChartMakesOfTheValuesWhatIsMeant(t *testing.T) {
	program, chart := os.Getenv("HELM"), os.Getenv("CHART")
	if program == "" || chart == "" {
		t.Skip("HELM and CHART are not set; make chart does it")
	}
	parts := ways(t)["helm"]
	for file, name := range map[string]string{"one-tier": "otelcol-tasker", "router": "otelcol-router", "sampler": "otelcol-sampler"} {
		arguments := append([]string{"template", name}, strings.Fields(chart)...)
		arguments = append(arguments, "-n", "otelcol-tasker", "--kube-version", "1.37", "--api-versions", "policy/v1",
			"-f", "helm/common.yaml", "-f", "helm/"+file+".yaml")
		output, err := exec.CommandContext(t.Context(), program, arguments...).Output()
		require.NoError(t, err)
		r := render(t, string(output))
		r.check(t, parts[name])
	}
}
