// SPDX-License-Identifier: Apache-2.0

//go:build linux

package kubernetes

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	discoveryv1 "k8s.io/api/discovery/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
)

// api is the part of a Kubernetes API server that has the EndpointSlices of one service. It allows what the rules of a role allow.
type api struct {
	service string
	rules   []rbacv1.PolicyRule
	server  *httptest.Server

	mutex   sync.Mutex
	slice   discoveryv1.EndpointSlice
	watches []chan watch.Event
	verbs   map[string]bool // asked for
	denied  []string
}

func startAPI(t *testing.T, service string, rules []rbacv1.PolicyRule, addresses ...string) *api {
	t.Helper()
	a := &api{service: service, rules: rules, verbs: map[string]bool{}}
	a.slice = discoveryv1.EndpointSlice{
		TypeMeta:   metav1.TypeMeta{APIVersion: "discovery.k8s.io/v1", Kind: "EndpointSlice"},
		ObjectMeta: metav1.ObjectMeta{Name: service + "-1", Namespace: "default", ResourceVersion: "1"},
	}
	for _, address := range addresses {
		a.slice.Endpoints = append(a.slice.Endpoints, discoveryv1.Endpoint{Addresses: []string{address}})
	}
	a.server = httptest.NewServer(a)
	t.Cleanup(a.server.Close)
	t.Cleanup(a.server.CloseClientConnections) // watches
	return a
}

// kubeconfig returns the path of a file that says where the server is. A pod learns that from its environment and its service account.
func (a *api) kubeconfig(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "kubeconfig")
	text := fmt.Sprintf("{apiVersion: v1, kind: Config, current-context: a, contexts: [{name: a, context: {cluster: a}}], clusters: [{name: a, cluster: {server: %q}}]}",
		a.server.URL)
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	verb := "list"
	if query.Get("watch") == "true" {
		verb = "watch"
	}
	resource, found := strings.CutPrefix(r.URL.Path, "/apis/discovery.k8s.io/v1/namespaces/default/")
	if r.Method != http.MethodGet || !found || !a.allows("discovery.k8s.io", resource, verb) {
		a.mutex.Lock()
		defer a.mutex.Unlock()
		a.denied = append(a.denied, r.Method+" "+r.URL.String())
		http.Error(w, "forbidden", http.StatusForbidden)
		return
	}
	a.mutex.Lock()
	a.verbs[verb] = true
	items := []discoveryv1.EndpointSlice{}
	if query.Get("labelSelector") == "kubernetes.io/service-name="+a.service {
		items = append(items, *a.slice.DeepCopy())
	}
	events := make(chan watch.Event, 10)
	if verb == "watch" {
		a.watches = append(a.watches, events)
	}
	a.mutex.Unlock()
	w.Header().Set("Content-Type", "application/json")
	if verb == "list" {
		_ = json.NewEncoder(w).Encode(discoveryv1.EndpointSliceList{
			TypeMeta: metav1.TypeMeta{APIVersion: "discovery.k8s.io/v1", Kind: "EndpointSliceList"},
			ListMeta: metav1.ListMeta{ResourceVersion: "1"}, Items: items,
		})
		return
	}
	if query.Get("sendInitialEvents") == "true" { // a list in the form of a watch
		for i := range items {
			events <- watch.Event{Type: watch.Added, Object: &items[i]}
		}
		events <- watch.Event{Type: watch.Bookmark, Object: &discoveryv1.EndpointSlice{
			TypeMeta:   a.slice.TypeMeta,
			ObjectMeta: metav1.ObjectMeta{ResourceVersion: "1", Annotations: map[string]string{metav1.InitialEventsAnnotationKey: "true"}},
		}}
	}
	w.WriteHeader(http.StatusOK)
	for {
		_ = http.NewResponseController(w).Flush()
		select {
		case <-r.Context().Done():
			return
		case event := <-events:
			_ = json.NewEncoder(w).Encode(struct {
				Type   watch.EventType `json:"type"`
				Object runtime.Object  `json:"object"`
			}{event.Type, event.Object})
		}
	}
}

func (a *api) allows(group, resource, verb string) bool {
	for _, rule := range a.rules {
		if slices.Contains(rule.APIGroups, group) && slices.Contains(rule.Resources, resource) && slices.Contains(rule.Verbs, verb) {
			return true
		}
	}
	return false
}

// leave removes the endpoint of an address, as when a pod is gone.
func (a *api) leave(address string) {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	var rest []discoveryv1.Endpoint
	for _, endpoint := range a.slice.Endpoints {
		if endpoint.Addresses[0] != address {
			rest = append(rest, endpoint)
		}
	}
	a.slice.Endpoints, a.slice.ResourceVersion = rest, "2"
	for _, events := range a.watches {
		events <- watch.Event{Type: watch.Modified, Object: a.slice.DeepCopy()}
	}
}

// check asserts that the role allows what was asked for, and that there is nothing in it that is of no use. "get" is what the exporter documents beside
// "list" and "watch".
func (a *api) check(t *testing.T) {
	t.Helper()
	a.mutex.Lock()
	defer a.mutex.Unlock()
	assert.Empty(t, a.denied)
	assert.True(t, a.verbs["watch"])
	require.Len(t, a.rules, 1)
	assert.ElementsMatch(t, []string{"get", "list", "watch"}, a.rules[0].Verbs)
	assert.Len(t, a.rules[0].Resources, 1)
}
