// SPDX-License-Identifier: Apache-2.0

package harness

import (
	"bytes"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"text/template"
)

// addresses are those of one collector, on free loopback ports.
type addresses struct {
	OTLP, Health, Prometheus, Inspect, MetricsHost, MetricsPort string
}

// freeAddresses asks the kernel for free ports. Another process may take one before the collector does; Start then
// tries again.
func freeAddresses(t testing.TB) addresses {
	t.Helper()
	var free []string
	for range 5 {
		free = append(free, FreeAddress(t))
	}
	host, port, err := net.SplitHostPort(free[3])
	if err != nil {
		t.Fatalf("free port: %v", err)
	}
	return addresses{OTLP: free[0], Health: free[1], Prometheus: free[2], Inspect: free[4], MetricsHost: host, MetricsPort: port}
}

// FreeAddress returns a loopback address that nobody listened on a moment ago.
func FreeAddress(t testing.TB) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("free port: %v", err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().String()
}

var configuration = template.Must(template.New("config").Parse(`
receivers:
  otlp:
    protocols:
      grpc: {endpoint: "{{.OTLP}}", max_recv_msg_size_mib: 32}
{{- if .Type}}
processors:
  {{.Type}}:
{{.Processor}}
{{- if .InspectSettings}}
    inspect:
      endpoint: {{.Inspect}}
{{.InspectSettings}}
{{- end}}
{{- end}}
exporters:
  otlp_grpc:
    endpoint: {{.Sink}}
    tls: {insecure: true}
    compression: none
    sending_queue: {enabled: false}
    retry_on_failure: {enabled: false}
{{- if .Copy}}
  otlp_grpc/copy:
    endpoint: {{.Copy}}
    tls: {insecure: true}
    compression: none
    sending_queue: {enabled: false}
    retry_on_failure: {enabled: false}
{{- end}}
{{- if .ToPrometheus}}
  prometheus: {endpoint: {{.Prometheus}}, metric_expiration: 1h, write_timeout: 5m}
{{- end}}
extensions:
  health_check: {endpoint: "{{.Health}}"}
{{- range $name, $settings := .Extensions}}
  {{$name}}: {{$settings}}
{{- end}}
service:
  extensions: [health_check{{range $name, $_ := .Extensions}}, {{$name}}{{end}}]
  telemetry:
    logs: {level: info, encoding: json, sampling: {enabled: false}}
    metrics:
      level: {{if .Measured}}normal{{else}}detailed{{end}}
      readers:
        - pull:
            exporter:
              prometheus:
                host: {{.MetricsHost}}
                port: {{.MetricsPort}}
                without_units: true
                without_type_suffix: true
                without_scope_info: true
  pipelines:
    traces: {receivers: [otlp], processors: [{{.Type}}], exporters: [otlp_grpc]}
{{- if not .Measured}}
    metrics: {receivers: [otlp], processors: [{{.Type}}], exporters: [{{if .ToPrometheus}}prometheus{{else}}otlp_grpc{{end}}]}
{{- end}}
{{- if .Copy}}
    traces/copy: {receivers: [otlp], exporters: [otlp_grpc/copy]}
    metrics/copy: {receivers: [otlp], exporters: [otlp_grpc/copy]}
{{- end}}
`))

// write writes the configuration to a file of the test and returns its path.
func (o *Options) write(t testing.TB, a addresses) string {
	t.Helper()
	values := struct {
		addresses
		Type, Processor, Sink, Copy, InspectSettings string
		Extensions                                   map[string]string
		ToPrometheus, Measured                       bool
	}{
		addresses: a, Type: o.Type, Processor: indented(o.Processor), Sink: o.SinkAddr, ToPrometheus: o.ToPrometheus,
		Measured: o.Measured, InspectSettings: indented("  " + o.Inspect), Extensions: o.Extensions,
	}
	if o.Inspect == "" {
		values.InspectSettings = ""
	}
	switch {
	case o.Bare:
		values.Type = ""
	case o.Type == "":
		values.Type = "namespace_sampler"
	}
	if o.Sink != nil {
		values.Sink = o.Sink.Addr()
	}
	if o.Copy != nil {
		values.Copy = o.Copy.Addr()
	}
	var text bytes.Buffer
	if err := configuration.Execute(&text, values); err != nil {
		t.Fatalf("write configuration: %v", err)
	}
	path := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(path, text.Bytes(), 0o600); err != nil {
		t.Fatalf("write configuration: %v", err)
	}
	return path
}

// indented moves a block of YAML to its place below the processor's name.
func indented(yaml string) string {
	var out strings.Builder
	for line := range strings.Lines(strings.Trim(yaml, "\n")) {
		out.WriteString("    " + strings.ReplaceAll(line, "\t", "  "))
	}
	return out.String()
}
