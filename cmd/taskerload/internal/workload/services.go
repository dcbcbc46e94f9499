// SPDX-License-Identifier: Apache-2.0

package workload

import "go.opentelemetry.io/collector/pdata/pcommon"

// service is a process of the site: an OTLP resource with one instrumentation scope.
type service struct {
	name, version, instance, scope string
	namespace                      string // on the resource; empty: none
}

var (
	orchestration = &service{"tasker-orchestration", "0.1.4", "orch-1", "tasker-orchestration", ""}
	rustWorker    = &service{"tasker-worker-rust", "0.1.4", "rust-1", "tasker-worker", ""}
	rubyWorker    = &service{"tasker-worker-ruby", "0.1.4", "ruby-1", "tasker-worker", ""}

	// pythonWorker sets the namespace on its resource to a missing value.
	pythonWorker = &service{"tasker-worker-python", "0.1.3", "py-1", "tasker_core", unknownNamespace}

	// Workers that serve one namespace each and set it on the resource, never on an item.
	paymentsWorker  = &service{"payments-worker", "2.8.0", "pay-1", "tasker-worker", "payments"}
	analyticsWorker = &service{"analytics-worker", "1.11.2", "ana-1", "tasker-worker", "analytics"}

	// meshProxy reports the network calls of those workers. It does not know namespaces.
	meshProxy = &service{"mesh-proxy", "1.29.0", "mesh-1", "proxy", ""}
)

// setsNamespace reports whether the service names its namespace on the resource, and so not on its items.
func (s *service) setsNamespace() bool {
	return s.namespace != "" && s.namespace != unknownNamespace
}

// client returns the service that reports the outgoing calls of this one.
func (s *service) client() *service {
	if s.setsNamespace() {
		return meshProxy
	}
	return s
}

func (s *service) describe(resource pcommon.Resource, scope pcommon.InstrumentationScope) {
	attributes := resource.Attributes()
	attributes.PutStr("service.name", s.name)
	attributes.PutStr("service.version", s.version)
	attributes.PutStr("service.instance.id", s.instance)
	attributes.PutStr("deployment.environment.name", "production")
	if s.namespace != "" {
		attributes.PutStr("namespace", s.namespace)
	}
	scope.SetName(s.scope)
	scope.SetVersion(s.version)
}
