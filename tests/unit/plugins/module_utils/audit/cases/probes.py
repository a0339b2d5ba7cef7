# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from case import Case, build_pods

WEB = ["Deployment shop/web"]


def container(**fields):
    return {"workloads": [build_pods(containers=[{"name": "app", **fields}])]}


PORTS = [{"name": "http", "containerPort": 80}]
CASES = {
    "no_startup_probe": Case(
        bad=container(livenessProbe={"initialDelaySeconds": 120}),
        resources=WEB,
        good=container(livenessProbe={"initialDelaySeconds": 120}, startupProbe={"periodSeconds": 5}),
    ),
    "hasty_liveness_probe": Case(
        bad=container(livenessProbe={"failureThreshold": 1, "periodSeconds": 5}),
        resources=WEB,
        good=container(livenessProbe={"periodSeconds": 5}),
    ),
    "probe_of_missing_port": Case(
        bad=container(ports=PORTS, readinessProbe={"httpGet": {"port": "web"}}),
        resources=WEB,
        good=container(
            ports=PORTS, readinessProbe={"httpGet": {"port": "http"}}, livenessProbe={"tcpSocket": {"port": 80}}
        ),
        words=("web",),
    ),
}
