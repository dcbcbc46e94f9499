// SPDX-License-Identifier: Apache-2.0

package kubernetes

import (
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
)

// listeners are the ports that a configuration listens on at the address of the pod.
type listeners struct {
	otlp            map[string]int32 // by protocol
	health, metrics int32
	path            string // of the health check
}

func listen(t *testing.T, p part) listeners {
	t.Helper()
	port := func(endpoint any) int32 {
		host, port, err := net.SplitHostPort(strings.Replace(endpoint.(string), "${env:MY_POD_IP}", "pod", 1))
		require.NoError(t, err)
		require.Equal(t, "pod", host, "it listens on the address of the pod, not on others")
		return number(t, port)
	}
	l := listeners{otlp: map[string]int32{}, health: port(at(p.config, "extensions", "health_check", "endpoint")), path: "/"}
	require.Equal(t, []any{"health_check"}, at(p.config, "service", "extensions"))
	require.Nil(t, at(p.config, "extensions", "health_check", "path"))
	for name, settings := range at(p.config, "receivers", "otlp", "protocols").(map[string]any) {
		l.otlp[name] = port(settings.(map[string]any)["endpoint"])
	}
	readers := at(p.config, "service", "telemetry", "metrics", "readers").([]any)
	require.Len(t, readers, 1)
	prometheus := at(readers[0].(map[string]any), "pull", "exporter", "prometheus").(map[string]any)
	require.Equal(t, "${env:MY_POD_IP}", prometheus["host"])
	l.metrics = int32(prometheus["port"].(int64))
	return l
}

func number(t *testing.T, text string) int32 {
	t.Helper()
	number, err := strconv.ParseInt(text, 10, 32)
	require.NoError(t, err)
	return int32(number)
}

func TestServicesAndProbesNamePortsThatAreListenedOn(t *testing.T) {
	for name, p := range ways(t)["helm"] {
		l := listen(t, p)
		want := map[string]int32{"otlp": l.otlp["grpc"], "metrics": l.metrics}
		if http, ok := l.otlp["http"]; ok {
			want["otlp-http"] = http
		}
		assert.Equal(t, want, p.ports, name)
		for _, probe := range []int32{p.Liveness.HTTPGet.Port.IntVal, p.Readiness.HTTPGet.Port.IntVal} {
			assert.Equal(t, l.health, probe, name)
		}
		assert.Equal(t, l.path, p.Liveness.HTTPGet.Path, name)
		assert.Equal(t, l.path, p.Readiness.HTTPGet.Path, name)
	}
}

// The page shows names of namespaces and rates to whoever reaches it.
func TestThePageOfInspectIsOnLoopback(t *testing.T) {
	each(t, func(t *testing.T, p part) {
		if p.name != "otelcol-router" {
			assert.Equal(t, map[string]any{}, at(p.config, "processors", "namespace_sampler", "inspect"), "its default is localhost:8090")
		}
	})
}

// allowed are the ports that policies let in or out of the pods of a part, and who may use them.
func allowed(t *testing.T, p part, direction networkingv1.PolicyType) map[int32][]networkingv1.NetworkPolicyPeer {
	t.Helper()
	ports, isolated := map[int32][]networkingv1.NetworkPolicyPeer{}, false
	add := func(allowed []networkingv1.NetworkPolicyPort, peers []networkingv1.NetworkPolicyPeer) {
		require.NotEmpty(t, allowed, "no ports would be all ports")
		for _, port := range allowed {
			ports[port.Port.IntVal] = append(ports[port.Port.IntVal], peers...)
		}
	}
	for _, policy := range build(t, "common").policies {
		if !selects(t, &policy.Spec.PodSelector, p) || !slices.Contains(policy.Spec.PolicyTypes, direction) {
			continue
		}
		isolated = true
		if direction == networkingv1.PolicyTypeIngress {
			for _, rule := range policy.Spec.Ingress {
				require.NotEmpty(t, rule.From, "everybody would be from outside of the cluster, too")
				add(rule.Ports, rule.From)
			}
		} else {
			for _, rule := range policy.Spec.Egress {
				add(rule.Ports, rule.To)
			}
		}
	}
	require.True(t, isolated, "without a policy, all is allowed")
	return ports
}

func selects(t *testing.T, selector *metav1.LabelSelector, p part) bool {
	t.Helper()
	s, err := metav1.LabelSelectorAsSelector(selector)
	require.NoError(t, err)
	return s.Matches(labels.Set{"app.kubernetes.io/name": p.name})
}

func TestPoliciesLetInWhatIsListenedForAndNoMore(t *testing.T) {
	all := ways(t)
	each(t, func(t *testing.T, p part) {
		l, in := listen(t, p), allowed(t, p, networkingv1.PolicyTypeIngress)
		want := []int32{l.metrics}
		for _, port := range l.otlp {
			want = append(want, port)
			require.Len(t, in[port], 1)
			if p.name == "otelcol-sampler" { // from routers, in the same namespace
				assert.True(t, selects(t, in[port][0].PodSelector, all[p.way]["otelcol-router"]))
				assert.False(t, selects(t, in[port][0].PodSelector, p))
				assert.Nil(t, in[port][0].NamespaceSelector)
			} else { // from every pod
				assert.Equal(t, networkingv1.NetworkPolicyPeer{NamespaceSelector: &metav1.LabelSelector{}}, in[port][0])
			}
		}
		got := []int32{}
		for port := range in {
			got = append(got, port)
		}
		assert.ElementsMatch(t, want, got)
	})
}

func TestPoliciesLetOutWhatIsSentAndNoMore(t *testing.T) {
	each(t, func(t *testing.T, p part) {
		want := []int32{53}
		for _, variable := range environment(t, p, "127.0.0.1") {
			switch name, value, _ := strings.Cut(variable, "="); name {
			case "DATABASE_URL":
				dsn, err := url.Parse(value)
				require.NoError(t, err)
				want = append(want, number(t, dsn.Port()))
			case "OTEL_EXPORTER_OTLP_ENDPOINT":
				_, port, err := net.SplitHostPort(value)
				require.NoError(t, err)
				want = append(want, number(t, port))
			}
		}
		if p.name == "otelcol-router" {
			for _, port := range at(p.config, "exporters", "load_balancing", "resolver", "k8s", "ports").([]any) {
				want = append(want, int32(port.(int64)))
			}
			want = append(want, 443, 6443) // the Kubernetes API
		}
		got := []int32{}
		for port := range allowed(t, p, networkingv1.PolicyTypeEgress) {
			got = append(got, port)
		}
		assert.ElementsMatch(t, want, got)
	})
}

// A selector that matches nothing is no error to anybody.
func TestSelectorsNameTheParts(t *testing.T) {
	parts := ways(t)["helm"]
	var selectors []*metav1.LabelSelector
	for _, policy := range build(t, "common").policies {
		selectors = append(selectors, &policy.Spec.PodSelector)
		for _, rule := range policy.Spec.Ingress {
			selectors = append(selectors, rule.From[0].PodSelector)
			if namespaces := rule.From[0].NamespaceSelector; namespaces != nil {
				assert.Subset(t, map[string]string{"kubernetes.io/metadata.name": "monitoring"}, namespaces.MatchLabels)
			}
		}
		for _, rule := range policy.Spec.Egress {
			if len(rule.To) > 0 {
				selectors = append(selectors, rule.To[0].PodSelector)
			}
		}
	}
	monitor := decoded[monitoringv1.ServiceMonitor](t, read(t, "servicemonitor.yaml")[0], "")
	for _, selector := range append(selectors, &monitor.Spec.Selector) {
		if selector == nil {
			continue
		}
		for key, value := range selector.MatchLabels {
			assert.Equal(t, "app.kubernetes.io/name", key)
			assert.Contains(t, parts, value)
		}
		for _, e := range selector.MatchExpressions {
			assert.Equal(t, "app.kubernetes.io/name", e.Key)
			for _, value := range e.Values {
				assert.Contains(t, parts, value)
			}
		}
	}
	each(t, func(t *testing.T, p part) {
		require.Len(t, p.TopologySpreads, 1)
		assert.Equal(t, map[string]string{"app.kubernetes.io/name": p.name}, p.TopologySpreads[0].LabelSelector.MatchLabels)
		assert.True(t, selects(t, &monitor.Spec.Selector, p))
	})
}

func TestPrometheusScrapesThePortOfEachWay(t *testing.T) {
	monitor := decoded[monitoringv1.ServiceMonitor](t, read(t, "servicemonitor.yaml")[0], "")
	assert.Equal(t, "app.kubernetes.io/name", monitor.Spec.JobLabel)
	var ports []string
	for _, endpoint := range monitor.Spec.Endpoints {
		ports = append(ports, endpoint.Port)
		assert.False(t, endpoint.HonorLabels)
	}
	assert.Equal(t, []string{"metrics", "monitoring"}, ports) // of the chart's services, and of those that the operator makes for internal metrics
	for name, p := range ways(t)["helm"] {
		assert.Contains(t, p.ports, ports[0], name)
	}
}
