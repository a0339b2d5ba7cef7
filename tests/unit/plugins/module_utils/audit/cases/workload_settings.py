# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from case import Case, build_object, build_pods

WEB = ["Deployment shop/web"]
HTTP = {"httpGet": {"path": "/ready"}}


def container(**fields):
    return {"workloads": [build_pods(containers=[{"name": "app", **fields}])]}


def strategy(kind):
    row = build_pods()
    return {"workloads": [{**row, "object": {"spec": {"strategy": {"type": kind}}}}]}


def scaler(target="web", most=5):
    spec = {"scaleTargetRef": {"kind": "Deployment", "name": target}, "minReplicas": 2, "maxReplicas": most}
    return {"horizontal_pod_autoscalers": [build_object("web", "shop", spec=spec)], "all_workloads": [build_pods()]}


def job(**spec):
    return {"cron_jobs": [build_object("nightly", "shop", spec=spec)]}


def priorities(*names):
    rows = [build_pods(name=f"w{n}", **({"priorityClassName": name} if name else {})) for n, name in enumerate(names)]
    return {"workloads": rows}


ASKED = {"requests": {"cpu": "1", "memory": "1Gi"}}
ZERO = {"workloads": [{**build_pods(), "replicas": 0}], "horizontal_pod_autoscalers": []}
CASES = {
    "no_readiness": Case(container(), WEB, container(readinessProbe=HTTP)),
    "no_liveness": Case(container(), WEB, container(livenessProbe=HTTP)),
    "same_probes": Case(
        container(livenessProbe=HTTP, readinessProbe=HTTP),
        WEB,
        container(livenessProbe=HTTP, readinessProbe={"exec": {}}),
    ),
    "recreate_strategy": Case(strategy("Recreate"), WEB, strategy("RollingUpdate")),
    "no_grace": Case(
        {"workloads": [build_pods(terminationGracePeriodSeconds=0)]},
        WEB,
        {"workloads": [build_pods(terminationGracePeriodSeconds=30)]},
    ),
    "no_requests": Case(container(resources={"requests": {"cpu": "1"}}), WEB, container(resources=ASKED)),
    "no_memory_limit": Case(container(resources=ASKED), WEB, container(resources={"limits": {"memory": "1Gi"}})),
    "autoscaler_target": Case(scaler("gone"), ["HorizontalPodAutoscaler shop/web"], scaler(), ("Deployment gone",)),
    "no_priorities": Case(priorities(*[""] * 6), ["Workloads"], priorities(*[""] * 5, "high")),
    "cron_job_settings": Case(job(), ["CronJob shop/nightly"], job(concurrencyPolicy="Forbid")),
    "scaled_to_zero": Case(ZERO, WEB, {"workloads": [build_pods()], "horizontal_pod_autoscalers": []}),
}
