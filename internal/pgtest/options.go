// SPDX-License-Identifier: Apache-2.0

//go:build unix

package pgtest

// Option changes how [Launch] and [Start] make a cluster.
type Option func(*options)

type options struct {
	settings []setting
	files    map[string][]byte // in the data folder
	nice     int
}

// setting is a configuration parameter of the server, such as work_mem=64MB.
type setting struct{ name, value string }

// ServerSetting passes -c name=value to the server, now and after a Restart. It wins over the settings that the
// package chooses itself. A name that the server does not know makes Launch fail.
func ServerSetting(name, value string) Option {
	return func(o *options) {
		o.settings = append(o.settings, setting{name, value})
	}
}

// Nice sets the server's scheduling priority, 0 to 19. In measurements, a server that would run on another machine should not
// take CPU time from what is measured.
func Nice(priority int) Option { return func(o *options) { o.nice = priority } }

// Names of the TLS files in the data directory.
const (
	certificateFile = "test.crt"
	keyFile         = "test.key"
)

// TLS makes the server accept encrypted connections in addition to plain ones. The certificate and its key are PEM.
func TLS(certificate, key []byte) Option {
	return func(o *options) {
		o.files = map[string][]byte{certificateFile: certificate, keyFile: key}
		o.settings = append(o.settings,
			setting{"ssl", "on"}, setting{"ssl_cert_file", certificateFile}, setting{"ssl_key_file", keyFile})
	}
}

func newOptions(opts []Option) options {
	var o options
	for _, opt := range opts {
		opt(&o)
	}
	return o
}
