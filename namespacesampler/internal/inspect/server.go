// SPDX-License-Identifier: Apache-2.0

package inspect

import (
	"bytes"
	"context"
	"errors"
	"log"
	"net"
	"net/http"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// closeTimeout is how long requests in progress are answered after Close.
const closeTimeout = 500 * time.Millisecond

// Server is a running server.
type Server struct {
	server      *http.Server
	connections *connections
	served      chan struct{}
}

// Start listens and serves a source in the background, with the TLS, CORS and authentication settings of the configuration.
func Start(
	ctx context.Context, cfg ServerConfig, source Source, extensions map[component.ID]component.Component,
	settings component.TelemetrySettings,
) (*Server, error) {
	var others []string
	if cfg.HTTP.Auth.HasValue() {
		others = cfg.HTTP.Auth.Get().RequestParameters
	}
	cfg.HTTP.CompressionAlgorithms = []string{} // there are no bodies to decompress
	server, err := cfg.HTTP.ToServer(ctx, extensions, settings, NewHandler(source, others...), confighttp.WithErrorHandler(Failure))
	if err != nil {
		return nil, err
	}
	listener, err := listen(ctx, &cfg.HTTP)
	if err != nil {
		return nil, err
	}
	server.Handler = &guard{newHosts(cfg.AllowedHosts, cfg.HTTP.NetAddr.Endpoint, listener.Addr()), server.Handler}
	settings.Logger.Info("inspect server listening", zap.Stringer("address", listener.Addr()))
	return serve(server, listener, settings.Logger), nil
}

// serve accepts connections in the background.
func serve(server *http.Server, listener net.Listener, logger *zap.Logger) *Server {
	s := &Server{server: server, connections: newConnections(), served: make(chan struct{})}
	server.ConnState = s.connections.changed
	server.DisableGeneralOptionsHandler = true // it would answer "OPTIONS *" without the guard
	server.MaxHeaderBytes = maxHeaderBytes
	server.HTTP2 = &http.HTTP2Config{MaxConcurrentStreams: maxStreams}
	server.ErrorLog = log.New(serverLog{logger}, "", 0)
	go func() {
		defer close(s.served)
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			logger.Error("the inspect server has failed; sampling is not affected", zap.Error(err))
		}
	}()
	return s
}

// Close stops the server, whatever its clients do. Requests in progress are answered for half a second, or until ctx ends.
func (s *Server) Close(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, closeTimeout)
	defer cancel()
	s.connections.closeUnused() // the server would wait for clients that have connected and are silent
	if s.server.Shutdown(ctx) != nil {
		s.connections.close()
		_ = s.server.Close()
	}
	<-s.served
}

// serverLog is the log of net/http. What clients do wrong is logged at level debug: any client can do it at any rate.
type serverLog struct{ logger *zap.Logger }

func (l serverLog) Write(message []byte) (int, error) {
	level := zapcore.WarnLevel
	switch {
	case bytes.Contains(message, []byte("panic serving")):
		level = zapcore.ErrorLevel
	case bytes.Contains(message, []byte("TLS handshake error")), bytes.HasPrefix(message, []byte("http2: server")):
		level = zapcore.DebugLevel
	}
	l.logger.Log(level, "the inspect server reports", zap.ByteString("message", bytes.TrimSpace(message)))
	return len(message), nil
}
