# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""I: how probes are set."""

from __future__ import annotations

from ansible_collections.kumo.eks.plugins.module_utils.audit.rule import HIGH, LOW, Hits, Row, rule
from ansible_collections.kumo.eks.plugins.module_utils.audit.sources.workloads import list_containers, name_workload

PROBES = ("readinessProbe", "livenessProbe", "startupProbe")
SLOW_START = 60  # seconds
PATIENCE = 10  # seconds that a container may fail its liveness probe before it is killed


@rule(
    "I07c",
    LOW,
    "Slow starts have a startup probe",
    reads=("workloads",),
    why="initialDelaySeconds is waited for even where the start was quick, and a start that takes longer once ends in restarts.",
    remedy="Add a startupProbe, and remove initialDelaySeconds.",
    references=("AWS review R9",),
)
def no_startup_probe(workloads: list[Row]) -> Hits:
    for row in workloads:
        for one in list_containers(row):
            delay = (one.get("livenessProbe") or {}).get("initialDelaySeconds") or 0
            if delay >= SLOW_START and not one.get("startupProbe"):
                yield name_workload(row), f"{one['name']} waits {delay} seconds for its first livenessProbe"
                break


@rule(
    "I07d",
    LOW,
    "Liveness probes have patience",
    reads=("workloads",),
    why="A pause of some seconds, as of a garbage collection or a slow disk, ends in a restart.",
    remedy="Raise failureThreshold or periodSeconds.",
)
def hasty_liveness_probe(workloads: list[Row]) -> Hits:
    for row in workloads:
        for one in list_containers(row):
            probe = one.get("livenessProbe")
            # the API server sets 3 and 10 where they are not given
            if probe and probe.get("failureThreshold", 3) * probe.get("periodSeconds", 10) < PATIENCE:
                yield name_workload(row), f"{one['name']} is killed within {PATIENCE} seconds of failures"
                break


@rule(
    "I06b",
    HIGH,
    "The named ports of probes exist",
    reads=("workloads",),
    why="A probe of a port that the container does not name always fails: the pod never gets ready, or is restarted for ever.",
    remedy="Correct the name of the port.",
)
def probe_of_missing_port(workloads: list[Row]) -> Hits:
    for row in workloads:
        for one in list_containers(row):
            names = {port.get("name") for port in one.get("ports") or []}
            wanted = {
                (probe.get(way) or {}).get("port")
                for probe in (one.get(name) or {} for name in PROBES)
                for way in ("httpGet", "tcpSocket")
            }
            missing = sorted(
                port for port in wanted if isinstance(port, str) and not port.isdigit() and port not in names
            )
            if missing:
                yield name_workload(row), f"{one['name']} has no port {', '.join(missing)}"
