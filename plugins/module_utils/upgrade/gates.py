# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Gates: what must be so before the next step of an upgrade. All are evaluated at once, from what was read before. Pure.

What could not be read is ``unknown``, which is not ``passed``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field

from ansible_collections.kumo.eks.plugins.module_utils.core.counts import format_count
from ansible_collections.kumo.eks.plugins.module_utils.core.health import format_status, list_issues
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.upgrade import GATE_IDS, find_overrides_problems
from ansible_collections.kumo.eks.plugins.module_utils.core.validation import raise_problems
from ansible_collections.kumo.eks.plugins.module_utils.core.versions import parse_minor
from ansible_collections.kumo.eks.plugins.module_utils.eks.versions import (
    EXTENDED_SUPPORT,
    UNSUPPORTED,
    get_support_status,
)
from ansible_collections.kumo.eks.plugins.module_utils.upgrade.capacity import (
    check_control_plane_addresses,
    check_node_addresses,
    check_vcpu_quota,
)
from ansible_collections.kumo.eks.plugins.module_utils.upgrade.findings import FAILED, PASSED, UNKNOWN, Finding
from ansible_collections.kumo.eks.plugins.module_utils.upgrade.plan import (
    CONTROL_PLANE,
    KUBE_PROXY,
    NODEGROUP,
    SELF_MANAGED,
    Plan,
)
from ansible_collections.kumo.eks.plugins.module_utils.upgrade.state import (
    FARGATE_LABEL,
    ClusterState,
    Row,
    get_instance,
    get_nodegroup,
    is_fargate,
    read_kubelet_minor,
    read_minor,
)
from ansible_collections.kumo.eks.plugins.module_utils.upgrade.workload_checks import (
    check_budgets,
    check_removed_apis,
    check_removed_features,
    check_single_replicas,
)

OLDEST_KUBELET = 3  # minor versions behind the API server: https://kubernetes.io/releases/version-skew-policy/
ANY, NEXT_CONTROL_PLANE = "any_step", CONTROL_PLANE


@dataclass(frozen=True)
class Gate:
    """A gate.

    Args:
        id: by which it is overridden.
        title: what it asks.
        scope: whether it stands before any step, or only before one of the control plane.
        check: the state, the plan -> what was found.
    """

    id: str
    title: str
    scope: str
    check: Callable[[ClusterState, Plan], Finding]


@dataclass
class Verdict:
    """A gate after its evaluation.

    Args:
        applies: whether the next step stands behind it.
        override: the reason by which the user goes past it, empty where nobody does.
    """

    id: str
    title: str
    verdict: str
    evidence: list[str]
    warnings: list[str] = field(default_factory=list)
    remedy: str = ""
    applies: bool = True
    override: str = ""

    @property
    def is_open(self) -> bool:
        return self.verdict == PASSED or not self.applies or bool(self.override)

    def build_row(self) -> Row:
        return asdict(self)


def evaluate_gates(
    state: ClusterState, plan: Plan, overrides: dict[str, str], gates: Iterable[Gate] | None = None
) -> list[Verdict]:
    """All gates.

    Args:
        overrides: reasons by the gate's ID.
        gates: those of an upgrade or a rollback, if there are no others.
    """
    is_at_control_plane = not any(step.by == "kumo.eks" for step in plan.prepare) and plan.target != plan.current
    rows = []
    own = ROLLBACK_GATES if plan.is_rollback else GATES
    for gate in own if gates is None else gates:
        found = gate.check(state, plan)
        applies = gate.scope == ANY or is_at_control_plane
        rows.append(
            Verdict(
                gate.id,
                gate.title,
                found.verdict,
                found.evidence,
                found.warnings,
                "" if found.verdict == PASSED else found.remedy,
                applies,
                overrides.get(gate.id, ""),
            )
        )
    return rows


def list_closed(verdicts: Iterable[Verdict]) -> list[Verdict]:
    """The gates that keep the next step from being done."""
    return [row for row in verdicts if not row.is_open]


def format_closed(verdicts: Iterable[Verdict]) -> str:
    """The closed gates in a sentence each."""
    return " ".join(
        f"{row.id} {'failed' if row.verdict == FAILED else 'could not be determined'}: {'; '.join(row.evidence).rstrip('.')}."
        + (f" {row.remedy}" if row.remedy else "")
        for row in verdicts
    )


def read_overrides(rows: list[Row] | None, known: tuple[str, ...] = GATE_IDS) -> dict[str, str]:
    """Reasons by the gate's ID. Raises ValidationError for an unknown gate, and for no reason."""
    raise_problems(find_overrides_problems("overrides", rows or [], known))
    return {row["gate"]: row["reason"].strip() for row in rows or []}


# whether everything is at rest


def _check_cluster_active(state: ClusterState, plan: Plan) -> Finding:
    raw = state.cluster
    evidence = [f"cluster {raw['name']} is {format_status(raw)}"]
    return Finding(
        PASSED if _is_fine(raw) else FAILED, evidence, "Wait for the end of the update, or mend what EKS names."
    )


def _check_nodegroups_active(state: ClusterState, plan: Plan) -> Finding:
    return _check_active(
        "node group",
        "nodegroupName",
        state.nodegroups,
        "Wait for its update, or mend what EKS names; one that failed is deleted.",
    )


def _check_addons_active(state: ClusterState, plan: Plan) -> Finding:
    return _check_active(
        "add-on", "addonName", state.addons, "Wait for its update, or mend what EKS names and update it again."
    )


def _is_fine(raw: Row) -> bool:
    return raw["status"] == "ACTIVE" and not list_issues(raw)


def _check_active(kind: str, key: str, rows: list[Row], remedy: str) -> Finding:
    bad = [f"{kind} {raw[key]} is {format_status(raw)}" for raw in rows if not _is_fine(raw)]
    return Finding(FAILED, bad, remedy) if bad else Finding(PASSED, [f"{len(rows)} of {len(rows)} are ACTIVE"])


# versions


def _check_version_support(state: ClusterState, plan: Plan) -> Finding:
    """EKS offers each version on the way, and until when it supports them."""
    if not state.versions.is_known:
        return Finding(UNKNOWN, [state.versions.problem], "Allow eks:DescribeClusterVersions.")
    rows = {row["clusterVersion"]: row for row in state.versions.value}
    evidence, warnings, missing = [], [], []
    for minor in range(plan.current, plan.target + 1):
        row = rows.get(f"1.{minor}")
        if row is None or get_support_status(row) == UNSUPPORTED:
            if minor > plan.current:
                missing.append(f"EKS does not offer 1.{minor}")
            continue
        evidence.append(_format_support(row))
        if minor == plan.target and get_support_status(row) == EXTENDED_SUPPORT:
            warnings.append(f"1.{minor} is in extended support, which costs more. Upgrade on.")
    if missing:
        offered = ", ".join(sorted(name for name, row in rows.items() if get_support_status(row) != UNSUPPORTED))
        return Finding(FAILED, missing, f"EKS offers {offered}. Set kubernetes_version to one of them.")
    return Finding(PASSED, evidence, warnings=warnings)


def _format_support(row: Row) -> str:
    ends = [
        f"{words} support ends {str(row[key])[:10]}"
        for key, words in (("endOfStandardSupportDate", "standard"), ("endOfExtendedSupportDate", "extended"))
        if row.get(key)
    ]
    return f"{row['clusterVersion']}: {get_support_status(row)}" + (f", {', '.join(ends)}" if ends else "")


def _check_insights(state: ClusterState, plan: Plan) -> Finding:
    """EKS' own upgrade insights about the next version."""
    remedy = "Do what the recommendation says. Findings about the use of APIs look back 30 days and stay as long."
    if plan.target == plan.current:
        return Finding(PASSED, ["the control plane stays at its version"])
    if not state.insights.is_known:
        return Finding(
            UNKNOWN, [state.insights.problem], "Allow eks:ListInsights, eks:DescribeInsight and the refresh."
        )
    rows = state.insights.value
    if not rows:
        return Finding(
            UNKNOWN, [f"EKS has no upgrade insights about 1.{plan.next_minor}"], "Refresh them, and try again."
        )
    texts = {status: [_format_insight(row) for row in rows if _read_status(row) == status] for status in STATUSES}
    evidence = [*texts["ERROR"], *texts["UNKNOWN"]] or [
        f"{format_count(len(rows), 'insight')} about 1.{plan.next_minor}, none with ERROR"
    ]
    verdict = FAILED if texts["ERROR"] else UNKNOWN if texts["UNKNOWN"] else PASSED
    return Finding(verdict, evidence, remedy, texts["WARNING"])


def _check_rollback_insights(state: ClusterState, plan: Plan) -> Finding:
    """EKS' own insights about the way back. Those with ERROR or UNKNOWN block it, and there are none after the seven days."""
    remedy = "Do what the recommendation says. With an override, the control plane is rolled back with force."
    if not state.insights.is_known:
        return Finding(
            UNKNOWN, [state.insights.problem], "Allow eks:ListInsights, eks:DescribeInsight and the refresh."
        )
    rows = state.insights.value
    if not rows:
        evidence = f"EKS has no rollback readiness insights about 1.{plan.target}"
        advice = (
            "They exist for seven days after an upgrade in place, and only then there is a way back, to the version before it. An override"
            " does not change that."
        )
        return Finding(UNKNOWN, [evidence], advice)
    bad = [_format_insight(row) for row in rows if _read_status(row) in ("ERROR", "UNKNOWN")]
    warnings = [_format_insight(row) for row in rows if _read_status(row) == "WARNING"]
    verdict = FAILED if any(_read_status(row) == "ERROR" for row in rows) else UNKNOWN if bad else PASSED
    return Finding(
        verdict,
        bad or [f"{format_count(len(rows), 'insight')} about 1.{plan.target}, none with ERROR"],
        remedy,
        warnings,
    )


STATUSES = ("PASSING", "WARNING", "ERROR", "UNKNOWN")


def _read_status(row: Row) -> str:
    return row["insightStatus"]["status"]


def _format_insight(row: Row) -> str:
    resources = [
        f"{one.get('arn') or one.get('kubernetesResourceUri') or ''}".rpartition(":")[2]
        for one in row.get("resources") or []
        if (one.get("insightStatus") or {}).get("status") != "PASSING"
    ]
    summary = row.get("categorySpecificSummary") or {}
    resources += [
        f"{detail['usage']} by {client['userAgent']}"
        for detail in summary.get("deprecationDetails") or []
        for client in detail.get("clientStats") or []
    ]
    named = f" ({', '.join(resources[:5])})" if resources else ""
    return f"{row['name']} is {_read_status(row)}: {row['insightStatus'].get('reason') or ''}{named}"


def _check_rollback_support(state: ClusterState, plan: Plan) -> Finding:
    """A version in extended support needs the upgrade policy EXTENDED, and costs more."""
    if not state.versions.is_known:
        return Finding(UNKNOWN, [state.versions.problem], "Allow eks:DescribeClusterVersions.")
    row = next((row for row in state.versions.value if row["clusterVersion"] == f"1.{plan.target}"), None)
    if row is None or get_support_status(row) == UNSUPPORTED:
        return Finding(
            FAILED,
            [f"EKS does not offer 1.{plan.target}"],
            "Stay at the current version, and mend what is wrong there.",
        )
    if get_support_status(row) != EXTENDED_SUPPORT:
        return Finding(PASSED, [_format_support(row)])
    policy = (state.cluster.get("upgradePolicy") or {}).get("supportType")
    if policy == "STANDARD":
        return Finding(
            FAILED,
            [f"1.{plan.target} is in extended support, and the upgrade policy is STANDARD"],
            "Set the upgrade policy of the cluster to EXTENDED first (eks_cluster_upgrade_policy).",
        )
    return Finding(
        PASSED, [_format_support(row)], warnings=[f"1.{plan.target} is in extended support, which costs more."]
    )


def _check_newer_nodegroups(state: ClusterState, plan: Plan) -> Finding:
    """No managed node group is newer than the version, as they will be after the steps before."""
    own = {step.name for step in plan.prepare if step.kind == NODEGROUP and step.by == "kumo.eks"}
    newer = [
        f"node group {raw['nodegroupName']} is at {raw['version']}"
        for raw in state.nodegroups
        if parse_minor(raw["version"]) > plan.target and raw["nodegroupName"] not in own
    ]
    remedy = (
        f"Take it back to 1.{plan.target}: with an image of your own, by a new version of its launch template, or replace it by a group"
        " with an older image."
    )
    return (
        Finding(FAILED, newer, remedy) if newer else Finding(PASSED, [f"no node group is newer than 1.{plan.target}"])
    )


def _check_newer_kubelets(state: ClusterState, plan: Plan) -> Finding:
    """No kubelet is newer than the API server will be, as they will be after the steps before. EKS sees to nodes of Auto Mode."""
    read = state.kubernetes.nodes
    if not read.is_known:
        return Finding(
            UNKNOWN, [read.problem], "Run where the Kubernetes API can be reached, with a role that may list nodes."
        )
    steps = {(step.kind, step.name) for step in plan.prepare if step.by == "kumo.eks"}
    owners = {one: row["name"] for row in state.self_managed.value or [] for one in row["instances"]}
    bad = []
    for node in read.value:
        follows = (NODEGROUP, get_nodegroup(node)) in steps or (
            SELF_MANAGED,
            owners.get(get_instance(node), ""),
        ) in steps
        is_auto = (node["metadata"].get("labels") or {}).get(FARGATE_LABEL[0]) == "auto"
        if read_kubelet_minor(node) > plan.target and not (follows or is_auto):
            kind = "Fargate node" if is_fargate(node) else "node"
            bad.append(f"{kind} {node['metadata']['name']} is at 1.{read_kubelet_minor(node)}")
    remedy = f"Replace these nodes by some of 1.{plan.target} first, and delete pods on Fargate: no kubelet may be newer than the API server."
    return Finding(FAILED, bad, remedy) if bad else Finding(PASSED, [format_count(len(read.value), "node")])


def _check_addon_compatibility(state: ClusterState, plan: Plan) -> Finding:
    """Each add-on has a version for the next step, as it will be when the steps before are done."""
    remedy = "Update the add-on to a version that knows both, set one in addon_versions, or delete it."
    unknown = [f"add-on {name}: {read.problem}" for name, read in state.offers.items() if not read.is_known]
    unfit = [f"add-on {row['name']}: {row['problem']}" for row in plan.unfit]
    if unfit:
        return Finding(FAILED, unfit, remedy)
    if unknown:
        return Finding(UNKNOWN, unknown, "Allow eks:DescribeAddonVersions.")
    return Finding(PASSED, [f"{name} {version}" for name, version in plan.addons.items()] or ["there are no add-ons"])


def _check_nodegroup_versions(state: ClusterState, plan: Plan) -> Finding:
    """EKS updates a control plane only when all managed node groups have its version, which the steps before see to."""
    own = {step.name for step in plan.prepare if step.kind == NODEGROUP and step.by == "kumo.eks"}
    behind = [
        f"node group {raw['nodegroupName']} is at {raw['version']}"
        for raw in state.nodegroups
        if raw["version"] != state.cluster["version"] and raw["nodegroupName"] not in own
    ]
    remedy = (
        f"Update it to {state.cluster['version']}: with an image of your own, by a new version of its launch template."
    )
    fine = [f"node groups have 1.{plan.current}, or are updated to it first"]
    return Finding(FAILED, behind, remedy) if behind else Finding(PASSED, fine)


def _check_kubelet_skew(state: ClusterState, plan: Plan) -> Finding:
    """No kubelet is more than three minor versions behind, as they will be after the steps before."""
    read = state.kubernetes.nodes
    if not read.is_known:
        return Finding(
            UNKNOWN, [read.problem], "Run where the Kubernetes API can be reached, with a role that may list nodes."
        )
    steps = {(step.kind, step.name) for step in plan.prepare if step.by == "kumo.eks"}
    owners = {one: row["name"] for row in state.self_managed.value or [] for one in row["instances"]}
    bad = []
    for node in read.value:
        owner = owners.get(get_instance(node), "")
        follows = (NODEGROUP, get_nodegroup(node)) in steps or (SELF_MANAGED, owner) in steps
        minor = plan.current if follows else read_kubelet_minor(node)
        if plan.next_minor - minor > OLDEST_KUBELET:
            kind = "Fargate node" if is_fargate(node) else "node"
            bad.append(f"{kind} {node['metadata']['name']} is at 1.{minor}")
    remedy = f"Replace these nodes first: a kubelet is at most {OLDEST_KUBELET} minor versions behind the API server."
    oldest = min(map(read_kubelet_minor, read.value), default=None)
    evidence = [format_count(len(read.value), "node") + (f", the oldest at 1.{oldest}" if oldest else "")]
    return Finding(FAILED, bad, remedy) if bad else Finding(PASSED, evidence)


def _check_kube_proxy_skew(state: ClusterState, plan: Plan) -> Finding:
    """kube-proxy is not newer than the API server, and at most three minor versions older."""
    addon, read = plan.addons.get(KUBE_PROXY), state.kubernetes.proxy
    if addon is None and not read.is_known:
        return Finding(UNKNOWN, [read.problem], "Run where the Kubernetes API can be reached.")
    image = "" if addon else str((read.value or {}).get("image") or "")
    version = addon or image.rpartition(":")[2]
    if not version:
        return Finding(PASSED, ["there is no kube-proxy"])
    minor = read_minor(version)
    is_fine = 0 <= plan.next_minor - minor <= OLDEST_KUBELET
    remedy = f"Update kube-proxy to 1.{plan.current}. As an add-on of EKS it is updated here."
    return Finding(PASSED if is_fine else FAILED, [f"kube-proxy is at {version}"], remedy)


ACTIVE_GATES = (
    Gate("cluster_active", "The cluster is ACTIVE and has no health issue", ANY, _check_cluster_active),
    Gate("nodegroups_active", "All managed node groups are ACTIVE", ANY, _check_nodegroups_active),
    Gate("addons_active", "All add-ons are ACTIVE", ANY, _check_addons_active),
)
CAPACITY_GATES = (
    Gate(
        "control_plane_addresses",
        "The control plane's subnets have free addresses",
        NEXT_CONTROL_PLANE,
        check_control_plane_addresses,
    ),
    Gate("node_addresses", "The nodes' subnets have addresses for the surge", ANY, check_node_addresses),
    Gate("vcpu_quota", "The quota of vCPUs has room for the surge", ANY, check_vcpu_quota),
    Gate("disruption_budgets", "PodDisruptionBudgets allow the drain of nodes", ANY, check_budgets),
    Gate("single_replicas", "No workload with one replica is overlooked", ANY, check_single_replicas),
)
GATES = (
    *ACTIVE_GATES,
    Gate("version_support", "EKS offers the versions on the way", NEXT_CONTROL_PLANE, _check_version_support),
    Gate("insights", "EKS' upgrade insights have no error", NEXT_CONTROL_PLANE, _check_insights),
    Gate("addon_compatibility", "Each add-on has a version for each step", ANY, _check_addon_compatibility),
    Gate("nodegroup_versions", "Node groups have the cluster's version", NEXT_CONTROL_PLANE, _check_nodegroup_versions),
    Gate("kubelet_skew", "No kubelet is too old for the next version", NEXT_CONTROL_PLANE, _check_kubelet_skew),
    Gate(
        "kube_proxy_skew", "kube-proxy is not too old for the next version", NEXT_CONTROL_PLANE, _check_kube_proxy_skew
    ),
    Gate("removed_apis", "Nobody uses API versions that are removed", NEXT_CONTROL_PLANE, check_removed_apis),
    Gate("removed_features", "Nothing that the target removes is in use", ANY, check_removed_features),
    *CAPACITY_GATES,
)
ROLLBACK_GATES = (
    *ACTIVE_GATES,
    Gate("version_support", "EKS supports the older version for this cluster", ANY, _check_rollback_support),
    Gate("insights", "EKS' rollback readiness insights have no error", NEXT_CONTROL_PLANE, _check_rollback_insights),
    Gate("addon_compatibility", "Each add-on has a version for both versions", ANY, _check_addon_compatibility),
    Gate("nodegroup_versions", "No node group is newer than the older version", ANY, _check_newer_nodegroups),
    Gate("kubelet_skew", "No kubelet is newer than the older version", NEXT_CONTROL_PLANE, _check_newer_kubelets),
    Gate(
        "kube_proxy_skew", "kube-proxy is not newer than the older version", NEXT_CONTROL_PLANE, _check_kube_proxy_skew
    ),
    *CAPACITY_GATES,
)
