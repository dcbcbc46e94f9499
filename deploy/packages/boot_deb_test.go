// SPDX-License-Identifier: Apache-2.0

//go:build linux

package packages

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-tasker/otelcol-tasker/deploy/internal/distribution"
)

const (
	healthy = "curl --silent --fail 127.0.0.1:13133"
	// Of 1,000 traces of two spans, a tenth is kept.
	sendTraces = `telemetrygen traces --otlp-insecure --otlp-endpoint=127.0.0.1:4317 --rate=0 --traces=1000 --otlp-attributes='namespace="payments"'`
)

// readmeCommands returns the commands of the section of README.md that takes a stranger from the deb to a sampling collector.
func readmeCommands(t *testing.T) []string {
	t.Helper()
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	_, section, found := strings.Cut(string(readme), "## From the deb to a sampling collector\n\n")
	require.True(t, found)
	block, _, _ := strings.Cut(section, "\n\n")
	var commands []string
	for line := range strings.Lines(block) {
		command, found := strings.CutPrefix(strings.TrimSpace(line), "sudo ") // the test is root
		require.True(t, found, line)
		commands = append(commands, command)
	}
	require.Len(t, commands, 3)
	return commands
}

// sample sends 2,000 spans, waits until the page has all of them, and returns how many it says that the sampler keeps.
func (m *machine) sample() int {
	m.t.Helper()
	m.run(sendTraces)
	var kept, dropped int
	require.Eventually(m.t, func() bool { // answers may be a second old
		var page struct {
			Namespaces []struct {
				Traces struct{ Kept, Dropped int }
			}
		}
		output, _ := m.try("curl --silent --fail localhost:8090/namespaces")
		if json.Unmarshal([]byte(output), &page) != nil {
			return false
		}
		kept, dropped = 0, 0
		for _, n := range page.Namespaces {
			kept, dropped = kept+n.Traces.Kept, dropped+n.Traces.Dropped
		}
		return kept+dropped == 2000
	}, time.Minute, 100*time.Millisecond)
	return kept
}

// exported waits until the collector has sent a number of spans on.
func (m *machine) exported(spans int) {
	m.t.Helper()
	m.eventually(`curl --silent 127.0.0.1:8888/metrics | awk '/^otelcol_exporter_sent_spans/ {n += $2} END {exit n != ` + strconv.Itoa(spans) + `}'`)
}

// The commands are those of README.md, and all rules of the unit apply.
func TestTheDebBringsASamplingCollectorInThreeCommands(t *testing.T) {
	m := boot(t)
	commands := readmeCommands(t)
	m.run("cd /packages && " + strings.Replace(commands[0], "apt install", "apt-get install --yes", 1))

	// It runs at once, shows what it would keep, and drops nothing.
	m.eventually(healthy)
	assert.InDelta(t, 200, m.sample(), 100)
	m.exported(2000)

	main := m.property("MainPID")
	m.run(commands[1] + " && " + commands[2])
	m.eventually(healthy + ` && curl --silent localhost:8090/namespaces | grep --quiet '"namespaces":\[\]'`)
	kept := m.sample()
	assert.InDelta(t, 200, kept, 100)
	m.exported(kept)
	assert.Equal(t, main, m.property("MainPID"), "a reload keeps the process")
}

// install installs the deb and waits until the service is up.
func (m *machine) install() {
	m.t.Helper()
	m.run("apt-get install --yes /packages/*.deb")
	m.eventually(healthy)
}

func TestTheServiceHasNoPrivileges(t *testing.T) {
	m := boot(t)
	m.install()
	main := m.property("MainPID")
	status := m.run("cat /proc/" + main + "/status")
	assert.Regexp(t, `(?m)^CapBnd:\s+0+$`, status)
	assert.Regexp(t, `(?m)^CapEff:\s+0+$`, status)
	assert.Regexp(t, `(?m)^NoNewPrivs:\s+1$`, status)
	assert.Regexp(t, `(?m)^Seccomp:\s+2$`, status)
	assert.Equal(t, "otelcol-tasker", m.run("stat --format=%U /proc/"+main))

	// Even root could not write in what the service sees of the file system, but to its own folder.
	asSeen := "nsenter --target=" + main + " --mount "
	assert.Contains(t, m.fails(asSeen+"touch /etc/otelcol-tasker/config.yaml"), "Read-only file system")
	assert.Contains(t, m.fails(asSeen+"touch /usr/bin/new"), "Read-only file system")
	m.run(asSeen + "touch /var/lib/otelcol-tasker/written")
	assert.Equal(t, "750 otelcol-tasker", m.run("stat --format='%a %U' /var/lib/otelcol-tasker"))

	// Only this machine reaches the five ports: OTLP over gRPC and HTTP, page, health check, metrics.
	for _, port := range []string{"10DD", "10DE", "1F9A", "334D", "22B8"} {
		assert.Equal(t, "0100007F:"+port, m.run(`awk '$4 == "0A" && $2 ~ /:`+port+`$/ {print $2}' /proc/net/tcp /proc/net/tcp6`))
	}
	m.run("systemd-analyze security --no-pager --threshold=" + exposure + " otelcol-tasker")
}

func TestAnInvalidConfigurationFailsTheReloadAlone(t *testing.T) {
	m := boot(t)
	m.install()
	main := m.property("MainPID")
	m.run("cp /etc/otelcol-tasker/config.yaml /root && sed -i 's/sample_rate: 0.1/sample_rate: 50/' /etc/otelcol-tasker/config.yaml")
	m.fails("systemctl reload otelcol-tasker")
	assert.Contains(t, m.journal(), "for 50 % write 0.5")
	m.run("systemctl is-active otelcol-tasker")
	m.run(healthy)
	assert.Equal(t, main, m.property("MainPID"))
	assert.Equal(t, "0", m.property("NRestarts"))

	// What validate cannot know, such as a port that is taken, ends the collector. systemd starts it again until it works.
	m.run("sed 's/:4317/:8888/' /root/config.yaml >/etc/otelcol-tasker/config.yaml")
	m.try("systemctl reload otelcol-tasker") // it may have ended before systemd says that it was reloaded
	m.eventually(`[ "$(systemctl show --property=NRestarts --value otelcol-tasker)" -gt 0 ]`)
	m.run("cp /root/config.yaml /etc/otelcol-tasker")
	m.eventually(healthy)

	m.run("systemctl stop otelcol-tasker")
	assert.Equal(t, "success", m.property("Result"))
	assert.Contains(t, m.journal(), "Shutdown complete")
}

// A reload while the collector is starting, here held up by a configuration that nobody writes, ends it: it does not handle SIGHUP yet.
func TestAReloadDuringTheStartDoesNotEndTheService(t *testing.T) {
	m := boot(t)
	m.install()
	m.run("mkfifo --mode=644 /run/held.yaml && sed -i 's|config.yaml\"|config.yaml --config=/run/held.yaml\"|' /etc/otelcol-tasker/otelcol-tasker.conf && systemctl restart otelcol-tasker")
	m.run("kill -HUP " + m.property("MainPID"))
	m.eventually(`[ "$(systemctl show --property=NRestarts --value otelcol-tasker)" -gt 0 ]`)
	m.run("echo '{}' >/run/held.yaml")
	m.eventually(healthy)
}

// A variable that is set and used after the start is missing in the collector that reloads. systemd starts it again, with the variable.
func TestAReloadThatNeedsANewVariableRestartsTheService(t *testing.T) {
	m := boot(t)
	m.install()
	m.run("echo RATE=0.2 >>/etc/otelcol-tasker/otelcol-tasker.conf && sed -i 's/sample_rate: 0.1/sample_rate: ${env:RATE}/' /etc/otelcol-tasker/config.yaml")
	m.try("systemctl reload otelcol-tasker") // it may have ended before systemd says that it was reloaded
	m.eventually(`[ "$(systemctl show --property=NRestarts --value otelcol-tasker)" -gt 0 ] && ` + healthy)
	assert.Contains(t, m.run("curl --silent localhost:8090/config"), "0.2")
}

// A file that only the group adm can read is tailed with the drop-in of README.md, and how far it was read is stored.
func TestLogFilesAreReadWithADropIn(t *testing.T) {
	m := boot(t)
	m.install()
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	require.Contains(t, string(readme), "\n[Service]\nSupplementaryGroups=adm\n")
	m.run(`install --mode=640 --owner=root --group=adm /dev/null /var/log/worker.log && echo '{"namespace": "payments"}' >/var/log/worker.log
mkdir /etc/systemd/system/otelcol-tasker.service.d
cat >/etc/otelcol-tasker/logs.yaml <<END
receivers: {file_log: {include: [/var/log/worker.log], start_at: beginning, storage: file_storage, poll_interval: 100ms}}
extensions: {file_storage: {directory: /var/lib/otelcol-tasker}}
service: {extensions: [health_check, file_storage], pipelines: {logs: {receivers: [otlp, file_log]}}}
END
sed -i 's|config.yaml"|config.yaml --config=/etc/otelcol-tasker/logs.yaml"|' /etc/otelcol-tasker/otelcol-tasker.conf
systemctl restart otelcol-tasker`)
	m.eventually("journalctl --unit=otelcol-tasker | grep --quiet 'permission denied'")

	m.run("printf '[Service]\\nSupplementaryGroups=adm\\n' >/etc/systemd/system/otelcol-tasker.service.d/logs.conf && systemctl daemon-reload && systemctl restart otelcol-tasker")
	m.eventually(`curl --silent 127.0.0.1:8888/metrics | grep --quiet '^otelcol_exporter_sent_log_records{.* 1$'`)
	m.run("ls -A /var/lib/otelcol-tasker | grep receiver_file")
}

// TestUpgradesKeepWhatTheAdministratorChanged: configuration, environment, and that the service is disabled.
func TestUpgradesKeepWhatTheAdministratorChanged(t *testing.T) {
	m := boot(t)
	m.install()
	main := m.property("MainPID")
	m.run("sed -i 's/sample_rate: 0.1/sample_rate: 0.2/' /etc/otelcol-tasker/config.yaml && echo DATABASE_URL=postgres://localhost/tasker >>/etc/otelcol-tasker/otelcol-tasker.conf")

	// The next version has another default configuration, too.
	next := filepath.Base(built(t, "*.deb"))
	m.run("mkdir /tmp/next && dpkg-deb --raw-extract /next/*.deb /tmp/next && echo '# new' >>/tmp/next/etc/otelcol-tasker/config.yaml")
	m.run("dpkg-deb --build -Znone /tmp/next /tmp/" + next)
	m.run("apt-get install --yes --option Dpkg::Options::=--force-confold /tmp/" + next)
	m.eventually(healthy)
	assert.NotEqual(t, main, m.property("MainPID"), "an upgrade restarts the service")
	assert.Equal(t, nextVersion, m.run("dpkg-query --show --showformat='${Version}' otelcol-tasker"))
	assert.Contains(t, m.run("curl --silent localhost:8090/config"), "0.2")
	m.run("grep DATABASE_URL=postgres /etc/otelcol-tasker/otelcol-tasker.conf && grep new /etc/otelcol-tasker/config.yaml.dpkg-dist")
	assert.Equal(t, "600 root", m.run("stat --format='%a %U' /etc/otelcol-tasker/otelcol-tasker.conf"))

	m.run("systemctl disable --now otelcol-tasker && apt-get install --yes --allow-downgrades --option Dpkg::Options::=--force-confold /packages/*.deb")
	m.fails("systemctl is-active otelcol-tasker")
	m.fails("systemctl is-enabled otelcol-tasker")
	assert.Equal(t, distribution.Version(t), m.run("dpkg-query --show --showformat='${Version}' otelcol-tasker"))
}

func TestRemoveStopsTheServiceAndPurgeLeavesTheUserAlone(t *testing.T) {
	m := boot(t)
	m.install()
	main := m.property("MainPID")
	m.run("touch /var/lib/otelcol-tasker/state && apt-get remove --yes otelcol-tasker")
	m.fails("kill -0 " + main)
	m.run("ls /etc/otelcol-tasker/config.yaml /etc/otelcol-tasker/otelcol-tasker.conf /var/lib/otelcol-tasker/state")
	m.fails("systemctl cat otelcol-tasker")

	// Installed again it is enabled again.
	m.install()
	m.run("systemctl is-enabled otelcol-tasker")

	m.run("apt-get purge --yes otelcol-tasker")
	for _, path := range []string{"/etc/otelcol-tasker", "/var/lib/otelcol-tasker", "/usr/bin/otelcol-tasker", "/etc/systemd/system/multi-user.target.wants/otelcol-tasker.service"} {
		m.fails("stat " + path)
	}
	m.run("id otelcol-tasker")
}
