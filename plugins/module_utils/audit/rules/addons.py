# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""H: add-ons, capabilities and Fargate profiles."""

from __future__ import annotations

from ansible_collections.kumo.eks.plugins.module_utils.audit.rule import (
    HIGH,
    LOW,
    MEDIUM,
    Hits,
    NotApplicable,
    Row,
    Undecided,
    name_cluster,
    rule,
)
from ansible_collections.kumo.eks.plugins.module_utils.core.health import list_issues
from ansible_collections.kumo.eks.plugins.module_utils.eks.addon_versions import parse_numbers

CORE = ("vpc-cni", "kube-proxy", "coredns")


def name_addon(row: Row) -> str:
    return f"Add-on {row['addonName']}"


@rule(
    "H01",
    HIGH,
    "CoreDNS, kube-proxy and the VPC CNI are add-ons that EKS manages",
    reads=("cluster", "addons"),
    why="Installed and updated by hand, their versions become incompatible with the cluster, and security patches are late.",
    remedy="Take over what is there with eks_addon_takeover, which keeps its settings. Install what is missing as an add-on.",
    task=("eks_addon_takeover", {"cluster_name": "{cluster}", "addons": ["vpc-cni", "kube-proxy", "coredns"]}),
)
def core_addons(cluster: Row, addons: list[Row]) -> Hits:
    if (cluster.get("computeConfig") or {}).get("enabled"):
        raise NotApplicable("the nodes of EKS Auto Mode include them")
    there = {row["addonName"] for row in addons}
    missing = [name for name in CORE if name not in there]
    if missing:
        yield name_cluster(cluster), f"not managed by EKS: {', '.join(missing)}"


@rule(
    "H02",
    HIGH,
    "Add-ons are active",
    reads=("addons",),
    why="A degraded add-on does not do its work, and blocks upgrades.",
    remedy="Mend what its health issues name.",
    task=("eks_addon_info", {"cluster_name": "{cluster}", "name": "{name}"}),
    references=("eksup EKS004",),
)
def addon_status(addons: list[Row]) -> Hits:
    for row in addons:
        issues = list_issues(row)
        if row["status"] not in ("ACTIVE", "CREATING", "UPDATING", "DELETING") or issues:
            text = "; ".join(f"{one.get('code')}: {one.get('message')}" for one in issues)
            yield name_addon(row), f"status is {row['status']}" + (f", {text}" if text else "")


@rule(
    "H03",
    HIGH,
    "The versions of add-ons are compatible with the Kubernetes version",
    reads=("cluster", "addons", "addon_offers"),
    why="EKS has not tested the add-on with this version, and it may fail.",
    remedy="Update the add-on to the default version.",
    task=("eks_addon", {"cluster_name": "{cluster}", "name": "{name}", "version": "default"}),
    references=("AWS review U6", "eksup EKS005", "EKS insights EKS add-on version compatibility"),
)
def addon_incompatible(cluster: Row, addons: list[Row], addon_offers: dict[str, Row]) -> Hits:
    for row in addons:
        rows = (addon_offers.get(row["addonName"]) or {}).get("rows") or []
        fitting = [one["version"] for one in rows if cluster["version"] in one["cluster_versions"]]
        if row["addonVersion"] not in fitting:
            yield name_addon(row), f"{row['addonVersion']} is not offered for {cluster['version']}"


@rule(
    "H03b",
    MEDIUM,
    "Add-ons are not older than the default version",
    reads=("cluster", "addons", "addon_offers"),
    why="Older versions lack fixes.",
    remedy="Update the add-on to the default version.",
    task=("eks_addon", {"cluster_name": "{cluster}", "name": "{name}", "version": "default"}),
    references=("eksup EKS005",),
)
def addon_old(cluster: Row, addons: list[Row], addon_offers: dict[str, Row]) -> Hits:
    for row in addons:
        rows = (addon_offers.get(row["addonName"]) or {}).get("rows") or []
        default = next((one["version"] for one in rows if cluster["version"] in one["default_for"]), "")
        if default and parse_numbers(row["addonVersion"]) < parse_numbers(default):
            yield name_addon(row), f"{row['addonVersion']}, and {default} is the default for {cluster['version']}"


@rule(
    "H04",
    MEDIUM,
    "Add-ons that call AWS have a role",
    reads=("addons", "addon_offers"),
    why="Without a separate role the add-on uses the role of the nodes, or does not work.",
    remedy="Give the add-on a role by EKS Pod Identity.",
    task=(
        "eks_addon",
        {
            "cluster_name": "{cluster}",
            "name": "{name}",
            "pod_identity_associations": [{"service_account": "SERVICE_ACCOUNT", "role_arn": "ROLE_ARN"}],
        },
    ),
)
def addon_without_role(addons: list[Row], addon_offers: dict[str, Row]) -> Hits:
    for row in addons:
        infos = (addon_offers.get(row["addonName"]) or {}).get("infos") or []
        versions = {one["addonVersion"]: one for info in infos for one in info["addonVersions"]}
        needs = (versions.get(row["addonVersion"]) or {}).get("requiresIamPermissions")
        if needs and not row.get("serviceAccountRoleArn") and not row.get("podIdentityAssociations"):
            yield name_addon(row), "requiresIamPermissions is true, and it has neither a role nor an association"


@rule(
    "H06",
    HIGH,
    "Capabilities are active",
    reads=("capabilities",),
    why="Argo CD, ACK or kro does not do its work.",
    remedy="Mend what its health issues name.",
    task=("eks_capability_info", {"cluster_name": "{cluster}", "name": "{name}"}),
)
def capability_status(capabilities: list[Row]) -> Hits:
    if not capabilities:
        raise NotApplicable("the cluster has no capabilities")
    for row in capabilities:
        issues = list_issues(row)
        if row["status"] in ("CREATE_FAILED", "DELETE_FAILED", "DEGRADED") or issues:
            text = "; ".join(f"{one.get('code')}: {one.get('message')}" for one in issues)
            yield f"Capability {row['capabilityName']}", f"status is {row['status']}" + (f", {text}" if text else "")


@rule(
    "G19",
    MEDIUM,
    "Fargate profiles are active",
    reads=("fargate_profiles",),
    why="Pods that its selectors match stay pending.",
    remedy="Delete the profile, and create it again.",
    task=("eks_fargate_profile_info", {"cluster_name": "{cluster}", "name": "{name}"}),
)
def fargate_status(fargate_profiles: list[Row]) -> Hits:
    if not fargate_profiles:
        raise NotApplicable("the cluster has no Fargate profiles")
    for row in fargate_profiles:
        if row["status"] in ("CREATE_FAILED", "DELETE_FAILED"):
            yield f"Fargate profile {row['fargateProfileName']}", f"status is {row['status']}"


@rule(
    "G19b",
    LOW,
    "The selectors of Fargate profiles match pods",
    reads=("fargate_profiles", "pods"),
    why="The profile is left over, or the namespace or labels of the pods are other ones than meant.",
    remedy="Delete the profile, or correct its selectors.",
    task=("eks_fargate_profile", {"cluster_name": "{cluster}", "name": "{name}", "state": "absent"}),
)
def fargate_without_pods(fargate_profiles: list[Row], pods: list[Row]) -> Hits:
    if not fargate_profiles:
        raise NotApplicable("the cluster has no Fargate profiles")
    for row in fargate_profiles:
        if not any(matches(selector, pod) for selector in row.get("selectors") or [] for pod in pods):
            yield f"Fargate profile {row['fargateProfileName']}", f"no pod matches {row.get('selectors')}"


def matches(selector: Row, pod: Row) -> bool:
    """Whether a selector of a Fargate profile matches a pod. * and ? are wildcards."""
    from fnmatch import fnmatchcase

    labels = pod["metadata"].get("labels") or {}
    if not fnmatchcase(pod["metadata"].get("namespace", ""), selector.get("namespace", "")):
        return False
    return all(fnmatchcase(labels.get(key, ""), value) for key, value in (selector.get("labels") or {}).items())


@rule(
    "G18",
    LOW,
    "EKS Auto Mode has no doubles",
    reads=("cluster", "addons"),
    why="Auto Mode includes these components. A second copy does the same work at your cost, or gets in its way.",
    remedy="Delete the add-ons when no nodes of other kinds are left.",
    task=("eks_addon", {"cluster_name": "{cluster}", "name": "{name}", "state": "absent"}),
)
def auto_mode_doubles(cluster: Row, addons: list[Row]) -> Hits:
    if not (cluster.get("computeConfig") or {}).get("enabled"):
        raise NotApplicable("the cluster does not use EKS Auto Mode")
    for row in addons:
        if row["addonName"] in ("aws-ebs-csi-driver", "eks-pod-identity-agent", "eks-node-monitoring-agent"):
            yield name_addon(row), "the nodes of Auto Mode include it"


@rule(
    "F09",
    MEDIUM,
    "The VPC CNI enforces network policies",
    reads=("cluster", "addons"),
    why="NetworkPolicies are accepted by the API server, and do nothing.",
    remedy="Set enableNetworkPolicy in the configuration of the add-on vpc-cni, or use another engine.",
    task=(
        "eks_addon",
        {"cluster_name": "{cluster}", "name": "vpc-cni", "configuration_values": {"enableNetworkPolicy": "true"}},
    ),
    references=(
        "CIS EKS 4.3.1",
        "CIS EKS 5.4.4",
        "Prowler eks_cluster_network_policy_enabled",
        "Kubescape C-0205",
        "Kubescape C-0230",
    ),
)
def network_policy_engine(cluster: Row, addons: list[Row]) -> Hits:
    if (cluster.get("computeConfig") or {}).get("enabled"):
        raise NotApplicable("the nodes of EKS Auto Mode enforce them")
    addon = next((row for row in addons if row["addonName"] == "vpc-cni"), None)
    if addon is None:
        raise Undecided("the VPC CNI is not an add-on of EKS, so its settings are not known here")
    values = (addon.get("configurationValues") or "").replace(" ", "").lower()
    if (
        '"enablenetworkpolicy":"true"' not in values
        and 'enablenetworkpolicy:"true"' not in values
        and "enablenetworkpolicy:true" not in values
    ):
        yield name_addon(addon), "enableNetworkPolicy is not true in its configuration"
