# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A: what the control plane depends on in the account: subnets, role, key, log group, insights."""

from __future__ import annotations

from ansible_collections.kumo.eks.plugins.module_utils.audit.policies import list_services
from ansible_collections.kumo.eks.plugins.module_utils.audit.rule import (
    CRITICAL,
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
from ansible_collections.kumo.eks.plugins.module_utils.audit.rules.upgrade_readiness import find_troubled_insights

MIN_ADDRESSES = 5  # https://docs.aws.amazon.com/eks/latest/best-practices/cluster-upgrades.html
MIN_RETENTION = 90  # days
CLUSTER_POLICY = "AmazonEKSClusterPolicy"


@rule(
    "A04",
    MEDIUM,
    "Control plane logs are kept for 90 days or more",
    reads=("cluster", "log_group"),
    why="Attacks are often found after weeks. The records of what happened are then gone.",
    remedy="Keep the logs longer.",
    task=("eks_cluster", {"name": "{cluster}", "log_retention_days": 90}),
    references=("CIS EKS 2.1.2", "Prowler cloudwatch_log_group_retention_policy_specific_days_enabled"),
)
def log_retention(cluster: Row, log_group: Row) -> Hits:
    if not log_group:
        raise NotApplicable("the control plane has no log group")
    days = log_group.get("retentionInDays") or 0
    if 0 < days < MIN_RETENTION:
        yield f"Log group {log_group['logGroupName']}", f"retentionInDays is {days}"


@rule(
    "A04b",
    LOW,
    "An alarm or a subscription watches the control plane logs",
    reads=("cluster", "log_group", "metric_filters"),
    why="Logs that nobody and nothing reads do not warn of an attack.",
    remedy="Add a metric filter with an alarm, or a subscription to a system that looks at them.",
    references=("CIS EKS 2.1.2",),
)
def logs_unwatched(cluster: Row, log_group: Row, metric_filters: list[Row]) -> Hits:
    if not log_group:
        raise NotApplicable("the control plane has no log group")
    if not metric_filters:
        yield f"Log group {log_group['logGroupName']}", "it has neither metric filters nor subscription filters"


@rule(
    "A07",
    MEDIUM,
    "Secrets are encrypted with a key of the customer",
    reads=("cluster",),
    why="Since Kubernetes 1.28, EKS encrypts with a key of AWS. Only a key of your own can be audited, and withdrawn.",
    remedy="Associate a KMS key. It cannot be removed again, and the cluster does not work without it.",
    task=(
        "eks_cluster",
        {"name": "{cluster}", "encryption_config": [{"key_arn": "KEY_ARN", "resources": ["secrets"]}]},
    ),
    references=(
        "CIS EKS 5.3.1",
        "Prowler eks_cluster_kms_cmk_encryption_in_secrets_enabled",
        "Checkov CKV_AWS_58",
        "Trivy AWS-0039",
        "Security Hub EKS.3",
        "Kubescape C-0066",
    ),
)
def secrets_encryption(cluster: Row) -> Hits:
    rows = cluster.get("encryptionConfig") or []
    if not any("secrets" in (row.get("resources") or []) for row in rows):
        yield name_cluster(cluster), "encryptionConfig has no key for secrets"


@rule(
    "A08",
    CRITICAL,
    "The KMS key of the cluster is enabled",
    reads=("cluster", "secrets_key"),
    why="Without its key a cluster can read no Secret, and never again when the key is deleted.",
    remedy="Enable the key, or cancel its deletion.",
)
def key_disabled(cluster: Row, secrets_key: Row) -> Hits:
    _require_key(secrets_key)
    state = secrets_key.get("KeyState") or "missing"
    if state not in ("Enabled", "Creating", "Updating"):
        yield f"KMS key {secrets_key['arn']}", f"its state is {state}"


@rule(
    "A08b",
    LOW,
    "The KMS key of the cluster is rotated",
    reads=("cluster", "secrets_key"),
    why="Rotation limits how much data one key material protects.",
    remedy="Turn on automatic rotation of the key.",
    references=("Prowler kms_cmk_rotation_enabled",),
)
def key_rotation(cluster: Row, secrets_key: Row) -> Hits:
    _require_key(secrets_key)
    if secrets_key.get("rotates") is None:
        raise NotApplicable("KMS does not rotate a key that is not enabled or whose material is not its own")
    if not secrets_key["rotates"]:
        yield f"KMS key {secrets_key['arn']}", "KeyRotationEnabled is false"


def _require_key(secrets_key: Row) -> None:
    if not secrets_key:
        raise NotApplicable("the cluster has no KMS key")


@rule(
    "A12",
    MEDIUM,
    "No insight of EKS reports a misconfiguration",
    reads=("insights",),
    why="EKS has looked at the cluster, and found something that does not work.",
    remedy="Follow the recommendation of the insight.",
    task=("eks_insights_info", {"cluster_name": "{cluster}", "categories": ["MISCONFIGURATION"], "details": True}),
    references=("eksup EKS010",),
)
def misconfiguration_insights(insights: list[Row]) -> Hits:
    rows = [row for row in insights if row.get("category") == "MISCONFIGURATION"]
    if not rows:
        raise NotApplicable("EKS has no insight of this kind")
    yield from find_troubled_insights(rows)


@rule(
    "A13",
    HIGH,
    "Two subnets of the cluster in different zones have free addresses",
    reads=("cluster", "cluster_subnets"),
    why="An upgrade of the control plane needs up to five addresses, and fails without.",
    remedy="Release addresses, or give the cluster more subnets.",
    references=("eksup EKS001",),
)
def control_plane_addresses(cluster: Row, cluster_subnets: list[Row]) -> Hits:
    free = {row["AvailabilityZone"] for row in cluster_subnets if row["AvailableIpAddressCount"] >= MIN_ADDRESSES}
    if len(free) < 2:
        counts = ", ".join(f"{row['SubnetId']} {row['AvailableIpAddressCount']}" for row in cluster_subnets)
        yield name_cluster(cluster), f"free addresses: {counts or 'none of its subnets exists'}"


@rule(
    "A13b",
    CRITICAL,
    "All subnets of the cluster exist",
    reads=("cluster", "subnets"),
    why="EKS cannot upgrade a cluster whose subnets are gone.",
    remedy="Give the cluster other subnets.",
    task=("eks_cluster", {"name": "{cluster}", "subnets": ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]}),
    references=("eksup EKS001",),
)
def cluster_subnets_exist(cluster: Row, subnets: dict[str, Row]) -> Hits:
    for key in cluster["resourcesVpcConfig"]["subnetIds"]:
        if key not in subnets:
            yield f"Subnet {key}", "the cluster names it, and it does not exist in the VPC"


@rule(
    "A13c",
    CRITICAL,
    "All security groups of the cluster exist",
    reads=("cluster", "security_groups"),
    why="EKS cannot make network interfaces for the control plane without them.",
    remedy="Give the cluster security groups that exist.",
)
def cluster_groups_exist(cluster: Row, security_groups: dict[str, Row]) -> Hits:
    place = cluster["resourcesVpcConfig"]
    own = place.get("clusterSecurityGroupId")
    for key in [*(place.get("securityGroupIds") or []), *([own] if own else [])]:
        if key not in security_groups:
            yield f"Security group {key}", "the cluster names it, and it does not exist in the VPC"


@rule(
    "A14",
    CRITICAL,
    "The cluster role exists, and EKS may assume it",
    reads=("cluster", "cluster_role"),
    why="EKS manages the cluster with this role. Without it, load balancers, network interfaces and upgrades fail.",
    remedy="Create the role again under the same name.",
    task=("eks_iam_role", {"cluster_name": "{cluster}", "name": "{name}", "purpose": "cluster", "adopt": True}),
)
def cluster_role_exists(cluster: Row, cluster_role: Row) -> Hits:
    if not cluster_role["exists"]:
        yield f"IAM role {cluster_role['name']}", f"{cluster_role['arn']} does not exist"
    elif "eks.amazonaws.com" not in list_services(cluster_role["trust"]):
        yield f"IAM role {cluster_role['name']}", "its trust policy does not name eks.amazonaws.com"


@rule(
    "A14b",
    HIGH,
    "The cluster role has the policy that EKS asks for",
    reads=("cluster", "cluster_role"),
    why="Without AmazonEKSClusterPolicy or its permissions, the control plane cannot manage instances and load balancers.",
    remedy="Attach AmazonEKSClusterPolicy.",
    task=("eks_iam_role", {"cluster_name": "{cluster}", "name": "{name}", "purpose": "cluster", "adopt": True}),
)
def cluster_role_policy(cluster: Row, cluster_role: Row) -> Hits:
    if not cluster_role["exists"]:
        raise NotApplicable("the role does not exist")
    names = [policy["name"] for policy in cluster_role["policies"]]
    if CLUSTER_POLICY in names:
        return
    if any(not _is_of_aws(policy) for policy in cluster_role["policies"]):
        raise Undecided(f"it has policies of the account's own instead of {CLUSTER_POLICY}: {', '.join(names)}")
    yield f"IAM role {cluster_role['name']}", f"it has {', '.join(names) or 'no policy'}, and not {CLUSTER_POLICY}"


def _is_of_aws(policy: Row) -> bool:
    return ":iam::aws:policy/" in str(policy.get("arn"))
