// SPDX-License-Identifier: Apache-2.0

package inspect

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.uber.org/zap"
)

// DefaultServerConfig returns the defaults of the section inspect. Whoever reaches the endpoint can read everything shown, so
// that it is on the loopback interface by default.
func DefaultServerConfig() confighttp.ServerConfig {
	cfg := confighttp.NewDefaultServerConfig()
	cfg.NetAddr.Endpoint = "localhost:8090"
	cfg.ReadTimeout = 10 * time.Second // requests have no bodies
	cfg.ReadHeaderTimeout = 10 * time.Second
	return cfg
}

// Server is a running server.
type Server struct {
	server *http.Server
	served chan struct{}
}

// Start listens and serves a source in the background, with the TLS, CORS and authentication settings of the configuration.
func Start(
	ctx context.Context, cfg confighttp.ServerConfig, source Source, extensions map[component.ID]component.Component,
	settings component.TelemetrySettings,
) (*Server, error) {
	var others []string
	if cfg.Auth.HasValue() {
		others = cfg.Auth.Get().RequestParameters
	}
	server, err := cfg.ToServer(ctx, extensions, settings, NewHandler(source, others...), confighttp.WithErrorHandler(Failure))
	if err != nil {
		return nil, err
	}
	listener, err := cfg.ToListener(ctx)
	var refused *net.OpError
	switch {
	case errors.As(err, &refused):
		return nil, fmt.Errorf("endpoint: cannot listen at %s (is another program, or another processor, listening there?): %w",
			cfg.NetAddr.Endpoint, err)
	case err != nil:
		return nil, fmt.Errorf("tls: %w", err)
	}
	s := &Server{server: server, served: make(chan struct{})}
	go func() {
		defer close(s.served)
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			settings.Logger.Error("the inspect server has failed; sampling is not affected", zap.Error(err))
		}
	}()
	settings.Logger.Info("inspect server listening", zap.Stringer("address", listener.Addr()))
	return s, nil
}

// Close stops the server. Requests in progress are answered until ctx ends.
func (s *Server) Close(ctx context.Context) error {
	err := s.server.Shutdown(ctx)
	if err != nil {
		err = errors.Join(err, s.server.Close())
	}
	<-s.served
	return err
}
