// SPDX-License-Identifier: Apache-2.0

package main

import "go.opentelemetry.io/collector/pdata/pcommon"

// service is a process of the site: one OTLP resource and one instrumentation scope.
type service struct {
	name, version, instance, scope string

	// namespace on the resource, as small workers that serve one namespace set it. Empty: none.
	namespace string
}

var (
	orchestration = &service{"tasker-orchestration", "0.1.4", "orch-1", "tasker-orchestration", ""}
	rustWorker    = &service{"tasker-worker-rust", "0.1.4", "rust-1", "tasker-worker", ""}
	rubyWorker    = &service{"tasker-worker-ruby", "0.1.4", "ruby-1", "tasker-worker", ""}

	// A worker that names its namespace, and does not know it: the value is one of the missing ones.
	pythonWorker = &service{"tasker-worker-python", "0.1.3", "py-1", "tasker_core", "unknown"}

	// Workers of one namespace each, which say so on the resource and never on an item.
	paymentsWorker  = &service{"payments-worker", "2.8.0", "pay-1", "tasker-worker", "payments"}
	analyticsWorker = &service{"analytics-worker", "1.11.2", "ana-1", "tasker-worker", "analytics"}

	// The proxy beside those workers reports what they send over the network, and knows of no namespace.
	meshProxy = &service{"mesh-proxy", "1.29.0", "mesh-1", "proxy", ""}
)

// ownsNamespace says that the service's items leave their namespace to the resource.
func (s *service) ownsNamespace() bool {
	return s.namespace != "" && s.namespace != "unknown"
}

// network is the service that reports what the service sends to others.
func (s *service) network() *service {
	if s.ownsNamespace() {
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
