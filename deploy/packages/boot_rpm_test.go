// SPDX-License-Identifier: Apache-2.0

//go:build linux

package packages

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// The scripts of the rpm work with rpm and systemd. The machine is a Debian, which has none of its dependencies as rpm packages, and whose presets enable
// every service.
func TestTheRPMIsInstalledUpgradedAndRemoved(t *testing.T) {
	m := boot(t)
	m.run("rpm --install --nodeps /packages/*.rpm")
	m.run("systemctl is-enabled otelcol-tasker && id otelcol-tasker")
	m.fails("systemctl is-active otelcol-tasker") // an rpm starts nothing

	m.run("systemctl start otelcol-tasker")
	m.eventually(healthy)
	main := m.property("MainPID")
	m.run("sed -i 's/sample_rate: 0.1/sample_rate: 0.2/' /etc/otelcol-tasker/config.yaml")
	m.run("rpm --upgrade --nodeps /next/*.rpm")
	m.eventually(healthy)
	assert.NotEqual(t, main, m.property("MainPID"), "an upgrade restarts the service")
	assert.Equal(t, nextVersion, m.run("rpm --query --queryformat='%{VERSION}' otelcol-tasker"))
	assert.Contains(t, m.run("curl --silent localhost:8090/config"), "0.2")

	main = m.property("MainPID")
	m.run("rpm --erase otelcol-tasker")
	m.fails("kill -0 " + main)
	m.fails("systemctl is-enabled otelcol-tasker")
	m.run("ls /etc/otelcol-tasker/config.yaml.rpmsave && id otelcol-tasker")
}
