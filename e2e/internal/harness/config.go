// SPDX-License-Identifier: Apache-2.0

package harness

import (
	"bytes"
	"cmp"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"text/template"
)

// anyPort makes a server choose a free port. The OTLP receiver and the inspect server log the address that they chose.
const anyPort = "127.0.0.1:0"

// addresses are the loopback addresses of one collector.
type addresses struct {
	OTLP, Prometheus, Inspect, MetricsHost, MetricsPort string
}

// newAddresses returns the addresses for a configuration. Neither the internal metrics nor the Prometheus exporter log the port
// that they chose, and the collector takes no listener from its parent. They get ports that are free now; if another process
// takes one before the collector does, Start tries again.
func newAddresses(t testing.TB, isFixed bool) addresses {
	t.Helper()
	if isFixed {
		host, port, _ := net.SplitHostPort(FixedAddress(t))
		return addresses{OTLP: FixedAddress(t), Inspect: FixedAddress(t), Prometheus: FixedAddress(t), MetricsHost: host, MetricsPort: port}
	}
	host, port, err := net.SplitHostPort(freeAddress(t))
	if err != nil {
		t.Fatalf("find a free port: %v", err)
	}
	return addresses{OTLP: anyPort, Inspect: anyPort, Prometheus: freeAddress(t), MetricsHost: host, MetricsPort: port}
}

func freeAddress(t testing.TB) string {
	t.Helper()
	listener, err := net.Listen("tcp", anyPort)
	if err != nil {
		t.Fatalf("find a free port: %v", err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().String()
}

// FixedAddress returns a loopback address that is free now, and whose port no system gives to a process that asks for any: all that
// choose ports for such processes choose higher ones.
func FixedAddress(t testing.TB) string {
	t.Helper()
	for range 1_000 {
		address := net.JoinHostPort("127.0.0.1", strconv.Itoa(10_000+rand.IntN(20_000)))
		if listener, err := net.Listen("tcp", address); err == nil {
			_ = listener.Close()
			return address
		}
	}
	t.Fatal("there is no free port")
	return ""
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
{{.Delivery}}
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
{{- if .Extensions}}
extensions:
{{- range $name, $settings := .Extensions}}
  {{$name}}: {{$settings}}
{{- end}}
{{- end}}
service:
  extensions: [{{range $name, $_ := .Extensions}}{{$name}}, {{end}}]
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
    traces: {receivers: [otlp], processors: {{.SpanProcessors}}, exporters: [{{.SpanExporter}}]}
{{- if not .Measured}}
    metrics: {receivers: [otlp], processors: {{.Processors}}, exporters: [{{if .ToPrometheus}}prometheus{{else}}otlp_grpc{{end}}]}
    logs: {receivers: [{{.LogReceivers}}], processors: {{.LogProcessors}}, exporters: [{{.LogExporter}}]}
{{- end}}
{{- if .Copy}}
    traces/copy: {receivers: [otlp], exporters: [otlp_grpc/copy]}
    metrics/copy: {receivers: [otlp], exporters: [otlp_grpc/copy]}
    logs/copy: {receivers: [{{.LogReceivers}}], exporters: [otlp_grpc/copy]}
{{- end}}
`))

// arguments writes the configuration to a temporary file and returns the collector's arguments.
func (o *Options) arguments(t testing.TB, a addresses) []string {
	t.Helper()
	last := ""
	if o.Remote == nil {
		last = o.write(t, a)
	} else {
		o.Remote.Serve(o.render(t, a))
		last = o.Remote.URL()
	}
	files := append(slices.Clone(o.Further), last)
	if o.Base != "" {
		files = slices.Insert(files, 0, o.Base)
	}
	var arguments []string
	if o.FeatureGates != "" {
		arguments = append(arguments, "--feature-gates", o.FeatureGates)
	}
	for _, file := range files {
		arguments = append(arguments, "--config", file)
	}
	return arguments
}

// processors returns the processors of a pipeline, as YAML. first come before all others, and last after them.
func (o *Options) processors(first, last []string) string {
	all := slices.Concat(first, o.Before)
	if name := o.componentType(); name != "" {
		all = append(all, name)
	}
	return "[" + strings.Join(slices.Concat(all, o.After, last), ", ") + "]"
}

// noDelivery is an exporter that tries each request once, while the client waits.
const noDelivery = `
sending_queue: {enabled: false}
retry_on_failure: {enabled: false}
`

// Configuration returns the configuration with other options, for the addresses of a collector. It needs Options.FixedPorts.
func (c *Collector) Configuration(o *Options) []byte {
	c.t.Helper()
	return o.render(c.t, c.addr)
}

// ConfigurationFile returns the path of the file with the options, which the collector merged last.
func (c *Collector) ConfigurationFile() string { return c.command[len(c.command)-1] }

// write writes the configuration to a temporary file and returns its path.
func (o *Options) write(t testing.TB, a addresses) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(path, o.render(t, a), 0o600); err != nil {
		t.Fatalf("write configuration: %v", err)
	}
	return path
}

func (o *Options) render(t testing.TB, a addresses) []byte {
	t.Helper()
	values := struct {
		addresses
		Type, Processor, Processors, SpanProcessors, LogProcessors, LogReceivers string
		SpanExporter, LogExporter, Sink, Copy, InspectSettings, Delivery         string
		Extensions                                                               map[string]string
		ToPrometheus, Measured                                                   bool
	}{
		addresses: a, Type: o.componentType(), Processor: indented(o.Processor), Processors: o.processors(nil, nil),
		SpanProcessors: o.processors(o.BeforeSpans, o.AfterSpans), SpanExporter: cmp.Or(o.SpanExporter, "otlp_grpc"),
		LogProcessors: o.processors(o.BeforeLogs, o.AfterLogs), LogExporter: cmp.Or(o.LogExporter, "otlp_grpc"), LogReceivers: cmp.Or(o.LogReceiver, "otlp"),
		Sink: o.SinkAddr, ToPrometheus: o.ToPrometheus, Measured: o.Measured, InspectSettings: indented("  " + o.Inspect), Extensions: o.Extensions,
		Delivery: indented(cmp.Or(o.Delivery, noDelivery)),
	}
	if o.Inspect == "" {
		values.InspectSettings = ""
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
	return text.Bytes()
}

// indented indents a block of YAML to its place below the processor's name.
func indented(yaml string) string {
	var out strings.Builder
	for line := range strings.Lines(strings.Trim(yaml, "\n")) {
		out.WriteString("    " + strings.ReplaceAll(line, "\t", "  "))
	}
	return out.String()
}
