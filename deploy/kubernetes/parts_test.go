// SPDX-License-Identifier: Apache-2.0

package kubernetes

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// common is what values of the chart and custom resources of the operator have in common.
type common struct {
	Mode            string                            `json:"mode"`
	Resources       corev1.ResourceRequirements       `json:"resources"`
	Pod             corev1.PodSecurityContext         `json:"podSecurityContext"`
	Container       corev1.SecurityContext            `json:"securityContext"`
	Liveness        corev1.Probe                      `json:"livenessProbe"`
	Readiness       corev1.Probe                      `json:"readinessProbe"`
	Grace           int64                             `json:"terminationGracePeriodSeconds"`
	TopologySpreads []corev1.TopologySpreadConstraint `json:"topologySpreadConstraints"`
}

// autoscaling is when collectors join and leave.
type autoscaling struct {
	Min      int32                                          `json:"minReplicas"`
	Max      int32                                          `json:"maxReplicas"`
	Behavior *autoscalingv2.HorizontalPodAutoscalerBehavior `json:"behavior"`
}

// values are those of the Helm chart that are used. The chart's schema leaves many of their fields open.
type values struct {
	common
	NameOverride     string `json:"nameOverride"`
	FullnameOverride string `json:"fullnameOverride"`
	Image            struct {
		Repository string `json:"repository"`
		Tag        string `json:"tag"`
	} `json:"image"`
	ServiceAccount struct {
		Create bool   `json:"create"`
		Name   string `json:"name"`
		Token  *bool  `json:"automountServiceAccountToken"`
	} `json:"serviceAccount"`
	Service struct {
		ClusterIP string `json:"clusterIP"`
	} `json:"service"`
	Autoscaling struct {
		autoscaling
		Enabled bool  `json:"enabled"`
		CPU     int32 `json:"targetCPUUtilizationPercentage"`
	} `json:"autoscaling"`
	PodDisruptionBudget struct {
		Enabled        bool                `json:"enabled"`
		MaxUnavailable *intstr.IntOrString `json:"maxUnavailable"`
	} `json:"podDisruptionBudget"`
	Ports map[string]struct {
		Enabled     bool            `json:"enabled"`
		Container   int32           `json:"containerPort"`
		Service     int32           `json:"servicePort"`
		Protocol    corev1.Protocol `json:"protocol"`
		AppProtocol string          `json:"appProtocol"`
	} `json:"ports"`
	Lifecycle *corev1.Lifecycle `json:"lifecycleHooks"`
	Env       []corev1.EnvVar   `json:"extraEnvs"`
	Config    map[string]any    `json:"alternateConfig"`
}

// collector is an OpenTelemetryCollector: the fields that are used.
type collector struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	Spec              struct {
		common
		Image           string            `json:"image"`
		UpgradeStrategy string            `json:"upgradeStrategy"`
		ServiceAccount  string            `json:"serviceAccount"`
		Lifecycle       *corev1.Lifecycle `json:"lifecycle"`
		Env             []corev1.EnvVar   `json:"env"`
		Autoscaler      struct {
			autoscaling
			CPU int32 `json:"targetCPUUtilization"`
		} `json:"autoscaler"`
		PodDisruptionBudget policyv1.PodDisruptionBudgetSpec `json:"podDisruptionBudget"`
		NetworkPolicy       struct {
			Enabled *bool `json:"enabled"`
		} `json:"networkPolicy"`
		Config map[string]any `json:"config"`
	} `json:"spec"`
}

// part is one of the collectors of a set-up, however it is installed.
type part struct {
	common
	autoscaling
	way, name, image, account string // the name is its label app.kubernetes.io/name
	token                     bool   // whether the values let it have one of its service account; the account may refuse it
	pods                      string // the name of its workload
	service                   string // the one that is headless, if the workload is a StatefulSet
	ports                     map[string]int32
	cpu                       int32
	unavailable               *intstr.IntOrString
	lifecycle                 *corev1.Lifecycle
	env                       []corev1.EnvVar
	config                    map[string]any
}

// helm returns a part that is installed with the chart, from the files that are given to helm.
func helm(t *testing.T, name string) part {
	t.Helper()
	merged := map[string]any{}
	for _, path := range []string{"helm/common.yaml", "helm/" + name + ".yaml"} {
		var file map[string]any
		require.NoError(t, json.Unmarshal(read(t, path)[0], &file))
		merge(merged, file)
	}
	document, err := json.Marshal(merged)
	require.NoError(t, err)
	merged["apiVersion"] = "apps/v1" // the chart's default, which its schema requires
	complete, err := json.Marshal(merged)
	require.NoError(t, err)
	validate(t, "chart.schema.json", complete, name)
	v := decoded[values](t, document, name)
	require.True(t, v.Autoscaling.Enabled && v.PodDisruptionBudget.Enabled && !v.ServiceAccount.Create)
	require.Equal(t, v.NameOverride, v.FullnameOverride)
	p := part{
		common: v.common, autoscaling: v.Autoscaling.autoscaling,
		way: "helm", name: v.NameOverride, image: v.Image.Repository + ":" + v.Image.Tag, account: v.ServiceAccount.Name,
		token: v.ServiceAccount.Token == nil || *v.ServiceAccount.Token,
		pods:  v.FullnameOverride, service: v.FullnameOverride,
		ports: map[string]int32{}, cpu: v.Autoscaling.CPU,
		unavailable: v.PodDisruptionBudget.MaxUnavailable, lifecycle: v.Lifecycle, config: v.Config,
		// The chart sets these itself.
		env: append(v.Env,
			corev1.EnvVar{Name: "MY_POD_IP", ValueFrom: &corev1.EnvVarSource{FieldRef: &corev1.ObjectFieldSelector{FieldPath: "status.podIP"}}},
			corev1.EnvVar{Name: "GOMEMLIMIT", Value: memoryLimit(v.Resources)}),
	}
	for name, port := range v.Ports {
		if port.Enabled {
			require.Equal(t, port.Container, port.Service)
			p.ports[name] = port.Container
		}
	}
	require.Equal(t, v.Mode == "statefulset", v.Service.ClusterIP == "None")
	return p
}

// memoryLimit is the GOMEMLIMIT that the chart computes: four fifths of the limit.
func memoryLimit(resources corev1.ResourceRequirements) string {
	limit := resources.Limits[corev1.ResourceMemory]
	return fmt.Sprintf("%dMiB", limit.Value()*4/5>>20)
}

// merge merges values as helm does: maps key by key, everything else replaced.
func merge(into, from map[string]any) {
	for key, value := range from {
		existing, both := into[key].(map[string]any)
		if added, isMap := value.(map[string]any); both && isMap {
			merge(existing, added)
			continue
		}
		into[key] = value
	}
}

// operator returns the parts that the operator installs for a folder. It names the workload and the services after the custom resource, and makes the
// container's ports from the configuration.
func operator(t *testing.T, folder string) (parts []part) {
	t.Helper()
	for _, c := range build(t, folder).collectors {
		require.Equal(t, c.Name, c.Labels["app.kubernetes.io/name"])
		parts = append(parts, part{
			common: c.Spec.common, autoscaling: c.Spec.Autoscaler.autoscaling,
			way: "operator", name: c.Name, image: c.Spec.Image, account: c.Spec.ServiceAccount, token: true,
			pods: c.Name + "-collector", service: c.Name + "-collector-headless",
			cpu: c.Spec.Autoscaler.CPU, unavailable: c.Spec.PodDisruptionBudget.MaxUnavailable, lifecycle: c.Spec.Lifecycle, env: c.Spec.Env, config: c.Spec.Config,
		})
	}
	return parts
}

// ways returns all parts, by way and name.
func ways(t *testing.T) map[string]map[string]part {
	t.Helper()
	all := map[string]map[string]part{"helm": {}, "operator": {}}
	for _, p := range append(operator(t, "operator/one-tier"), operator(t, "operator/two-tier")...) {
		all["operator"][p.name] = p
	}
	for _, name := range []string{"one-tier", "router", "sampler"} {
		p := helm(t, name)
		all["helm"][p.name] = p
	}
	for way, parts := range all {
		require.Len(t, parts, 3, way)
	}
	return all
}

// each runs a test of every part.
func each(t *testing.T, test func(t *testing.T, p part)) {
	for way, parts := range ways(t) {
		for name, p := range parts {
			t.Run(way+"/"+name, func(t *testing.T) { test(t, p) })
		}
	}
}
