# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Gates of what runs in the cluster: API versions and features that are removed, budgets and replicas. Pure."""

from __future__ import annotations

from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.core.ami_types import AL2, LAST_MINOR_WITH_AL2, read_ami_type
from ansible_collections.kumo.eks.plugins.module_utils.core.counts import format_count
from ansible_collections.kumo.eks.plugins.module_utils.core.listing import format_first
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.selectors import select
from ansible_collections.kumo.eks.plugins.module_utils.upgrade.findings import FAILED, PASSED, UNKNOWN, Finding
from ansible_collections.kumo.eks.plugins.module_utils.upgrade.plan import (
    FARGATE,
    NODEGROUP,
    SELF_MANAGED,
    Plan,
)
from ansible_collections.kumo.eks.plugins.module_utils.upgrade.removed_apis import GUIDE
from ansible_collections.kumo.eks.plugins.module_utils.upgrade.state import (
    ClusterState,
    Row,
    is_fargate,
    read_minor,
)

MOST = 5  # named in a clause
AL2_OS, AL2023_OS = "Amazon Linux 2", "Amazon Linux 2023"
# https://www.kubernetes.dev/resources/keps/5495/
IPVS_DEPRECATED = 35
# "permanently disabled in Kubernetes 1.36": https://docs.aws.amazon.com/eks/latest/userguide/kubernetes-versions-standard.html
GIT_REPO_REMOVED = 36
REACH = "Run where the Kubernetes API can be reached."


def check_removed_apis(state: ClusterState, plan: Plan) -> Finding:
    """API versions that the next version removes: asked of the API server, written by managers, and in stored Helm manifests.

    The metric counts since the API server was started.
    """
    cluster = state.kubernetes
    if plan.target == plan.current:
        return Finding(PASSED, ["the control plane stays at its version"])
    named = [
        f"{row['resource']} of {row['api_version']} are asked for, removed in {row['removed_release']}"
        for row in cluster.metrics.value or []
        if plan.current < read_minor(row["removed_release"]) <= plan.next_minor
    ]
    named += [
        f"{row['kind']} {_name(row)} is written by {row['manager']} as {row['api_version']}"
        for row in cluster.managed.value or []
        if row["minor"] <= plan.next_minor
    ]
    named += [
        f"Helm release {row['namespace']}/{row['name']} has {row['kind']} {row['object']} as {row['api_version']}"
        for row in cluster.releases.value or []
        if row["minor"] <= plan.next_minor
    ]
    if named:
        return Finding(FAILED, named, f"Change to the API version that {GUIDE} names, and apply or upgrade them again.")
    sources = {"metrics": "/metrics", "managed": "managed fields", "releases": "Helm releases"}
    unknown = [
        f"{title}: {getattr(cluster, name).problem}"
        for name, title in sources.items()
        if getattr(cluster, name).problem
    ]
    if unknown:
        return Finding(
            UNKNOWN, unknown, "Run where the Kubernetes API can be reached, with a role that may read these."
        )
    return Finding(PASSED, [f"no API version that 1.{plan.next_minor} removes was found"])


def _name(row: Row) -> str:
    return f"{row['namespace']}/{row['name']}" if row.get("namespace") else row["name"]


def check_removed_features(state: ClusterState, plan: Plan) -> Finding:
    """What is in use and gone at the target: Amazon Linux 2 and volumes of gitRepo."""
    warnings = []
    if plan.target >= IPVS_DEPRECATED and ((state.kubernetes.proxy.value or {}).get("mode")) == "ipvs":
        warnings.append(f"kube-proxy runs in the mode ipvs, which Kubernetes 1.{IPVS_DEPRECATED} deprecates")
    parts = [_check_al2(state, plan), _check_git_repos(state, plan)]
    verdict = min((part.verdict for part in parts), key=(FAILED, UNKNOWN, PASSED).index)
    rows = [part for part in parts if part.verdict == verdict]
    remedies = dict.fromkeys(part.remedy for part in rows if part.remedy)
    return Finding(verdict, [text for part in rows for text in part.evidence], " ".join(remedies), warnings)


def _check_al2(state: ClusterState, plan: Plan) -> Finding:
    """EKS has no images of Amazon Linux 2 after 1.32."""
    if plan.target <= LAST_MINOR_WITH_AL2:
        return Finding(PASSED, [f"EKS has images of Amazon Linux 2 for 1.{plan.target}"])
    old = [
        f"node group {raw['nodegroupName']} has ami_type {raw['amiType']}"
        for raw in state.nodegroups
        if _is_al2(raw.get("amiType"))
    ]
    old += [
        f"self-managed nodes {row['name']} have an image of {row['ami_type']}"
        for row in state.self_managed.value or []
        if _is_al2(row.get("ami_type"))
    ]
    old += [f"node {name} runs {AL2_OS}" for name in _list_al2_nodes(state)] if not old else []
    if old:
        remedy = (
            f"EKS publishes no images of {AL2_OS} after 1.{LAST_MINOR_WITH_AL2}"
            " (https://docs.aws.amazon.com/eks/latest/userguide/eks-ami-deprecation-faqs.html). Replace the group by one with AL2023."
        )
        return Finding(FAILED, old, remedy)
    read = state.kubernetes.nodes
    return (
        Finding(PASSED, [f"no node runs {AL2_OS}"])
        if read.is_known
        else Finding(UNKNOWN, [f"nodes: {read.problem}"], REACH)
    )


def _check_git_repos(state: ClusterState, plan: Plan) -> Finding:
    """Pods that the kubelet does not run any more."""
    if not plan.current < GIT_REPO_REMOVED <= plan.target:
        return Finding(PASSED, [])
    read = state.kubernetes.pods
    if not read.is_known:
        return Finding(UNKNOWN, [f"pods: {read.problem}"], REACH)
    named = [
        _name(pod["metadata"])
        for pod in read.value
        if any("gitRepo" in one for one in pod["spec"].get("volumes") or [])
    ]
    if not named:
        return Finding(PASSED, ["no pod has a volume of gitRepo"])
    remedy = "Clone the repository in an init container or a sidecar (https://kubernetes.io/docs/concepts/storage/volumes/#gitrepo)."
    text = f"kubelets of 1.{GIT_REPO_REMOVED} run no pods with volumes of gitRepo: {format_first(named, MOST)}"
    return Finding(FAILED, [text], remedy)


def _is_al2(ami_type: str | None) -> bool:
    found = read_ami_type(ami_type) if ami_type else None
    return found is not None and found.system == AL2


def _list_al2_nodes(state: ClusterState) -> list[str]:
    """Nodes whose image somebody chose: those of Fargate have Amazon Linux 2, too, and AWS replaces it."""
    rows = [
        (row["metadata"]["name"], row["status"]["nodeInfo"]["osImage"])
        for row in state.kubernetes.nodes.value or []
        if not is_fargate(row)
    ]
    return [name for name, image in rows if image.startswith(AL2_OS) and not image.startswith(AL2023_OS)]


def check_budgets(state: ClusterState, plan: Plan) -> Finding:
    """No budget whose pods are on nodes that are replaced allows none of them to go."""
    if not any(step.kind in (NODEGROUP, SELF_MANAGED, FARGATE) for step in plan.steps):
        return Finding(PASSED, ["no node is replaced"])
    cluster = state.kubernetes
    for read in (cluster.budgets, cluster.pods, cluster.nodes):
        if not read.is_known:
            return Finding(
                UNKNOWN, [read.problem], "Run where the Kubernetes API can be reached, with a role that may list these."
            )
    replaced = {node["metadata"]["name"] for node in cluster.nodes.value if not is_fargate(node)}
    closed = []
    for budget in cluster.budgets.value:
        about, status = budget["metadata"], budget.get("status") or {}
        if status.get("disruptionsAllowed") or not status.get("expectedPods"):
            continue
        pods = [
            pod["metadata"]["name"]
            for pod in cluster.pods.value
            if pod["metadata"]["namespace"] == about["namespace"]
            and (pod.get("spec") or {}).get("nodeName") in replaced
            and select((budget.get("spec") or {}).get("selector"), pod["metadata"].get("labels") or {})
        ]
        if pods:
            closed.append(
                f"PodDisruptionBudget {about['namespace']}/{about['name']} allows no disruption of"
                f" {format_first(pods, MOST)}"
            )
    remedy = "Add replicas, or loosen the budget for the time of the upgrade: EKS gives up on a node after 15 minutes."
    return (
        Finding(FAILED, closed, remedy)
        if closed
        else Finding(PASSED, [format_count(len(cluster.budgets.value), "budget")])
    )


def check_single_replicas(state: ClusterState, plan: Plan) -> Finding:
    """Workloads with one replica, which a drain interrupts. They are a warning and close no gate."""
    read: Any = state.kubernetes.workloads
    if not read.is_known:
        return Finding(
            UNKNOWN, [read.problem], "Run where the Kubernetes API can be reached, with a role that may list these."
        )
    single = [
        f"{row['kind']} {row['metadata']['namespace']}/{row['metadata']['name']} has one replica, and is interrupted"
        for row in read.value
        if (row.get("spec") or {}).get("replicas", 1) == 1
    ]
    return Finding(
        PASSED,
        [f"{len(single)} of {format_count(len(read.value), 'workload', 'has', 'have')} one replica"],
        warnings=single,
    )
