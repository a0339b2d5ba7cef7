# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from case import Case, build_cluster, build_object, build_pods

NOW = 1_790_000_000.0  # 2026-09-21
ONE, WEB = ["Node one"], ["Deployment shop/web"]


def node(name="one", labels=None, conditions=(), taints=(), **allocatable):
    status = {
        "capacity": {"cpu": "4", "memory": "16777216Ki"},
        "allocatable": {"cpu": "3920m", "memory": "15728640Ki", **allocatable},
        "conditions": list(conditions),
    }
    about = {"labels": labels or {}, "creationTimestamp": "2026-09-01T00:00:00Z"}
    return build_object(name, metadata=about, spec={"taints": list(taints)}, status=status)


def nodes(*rows):
    return {"nodes": list(rows)}


def pod(cpu):
    containers = [{"name": "app", "resources": {"requests": {"cpu": cpu, "memory": "100Mi"}}}]
    return build_object(
        "web-1", "shop", spec={"nodeName": "one", "containers": containers}, status={"phase": "Running"}
    )


def large(cpu):
    containers = [{"name": "app", "resources": {"requests": {"cpu": cpu}}}]
    rows = {"workloads": [build_pods(containers=containers)], "node_pools": [], "cluster": build_cluster()}
    return {**nodes(node()), **rows}


def memory(**fields):
    return {"workloads": [build_pods(volumes=[{"name": "cache", "emptyDir": {"medium": "Memory", **fields}}])]}


GPU = {"karpenter.k8s.aws/instance-gpu-name": "t4"}
OFFER = {"nvidia.com/gpu": "1"}
TAINT = {"key": "nvidia.com/gpu", "effect": "NoSchedule"}
BOTH = nodes(node(labels={"kubernetes.io/os": "windows"}), node("two", labels={"kubernetes.io/os": "linux"}))
HYBRID = {"eks.amazonaws.com/compute-type": "hybrid"}
CASES = {
    "no_reserve": Case(bad=nodes(node(memory="16777216Ki")), resources=ONE, good=nodes(node())),
    "agent_reports": Case(
        bad=nodes(node(conditions=[{"type": "KernelReady", "status": "False", "reason": "ForkFailed"}])),
        resources=ONE,
        good=nodes(node(conditions=[{"type": "KernelReady", "status": "True"}])),
        words=("ForkFailed",),
    ),
    "little_reserved": Case(
        bad={**nodes(node()), "pods": [pod("250m")], "now": NOW},
        resources=ONE,
        good={**nodes(node()), "pods": [pod("2")], "now": NOW},
        words=("cpu 6%",),
    ),
    "too_large": Case(bad=large("8"), resources=WEB, good=large("3900m")),
    "memory_volume": Case(bad=memory(), resources=WEB, good=memory(sizeLimit="64Mi")),
    "gpu_not_offered": Case(bad=nodes(node(labels=GPU)), resources=ONE, good=nodes(node(labels=GPU, **OFFER))),
    "gpu_without_taint": Case(
        bad=nodes(node(**OFFER), node("two")),
        resources=ONE,
        good=nodes(node(taints=[TAINT], **OFFER), node("two")),
    ),
    "no_operating_system": Case(
        bad={**BOTH, "workloads": [build_pods()]},
        resources=WEB,
        good={**BOTH, "workloads": [build_pods(nodeSelector={"kubernetes.io/os": "linux"})]},
    ),
    "hybrid_not_ready": Case(
        bad=nodes(node(labels=HYBRID, conditions=[{"type": "Ready", "status": "Unknown"}])),
        resources=ONE,
        good=nodes(node(labels=HYBRID, conditions=[{"type": "Ready", "status": "True"}])),
    ),
}
