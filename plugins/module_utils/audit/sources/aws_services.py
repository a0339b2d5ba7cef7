# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sources of other services of AWS: KMS, CloudWatch Logs, ECR, GuardDuty, Inspector, Service Quotas, EventBridge, Savings Plans."""

from __future__ import annotations

import re
from functools import partial
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.audit.snapshot import Snapshot, source
from ansible_collections.kumo.eks.plugins.module_utils.aws.client import has_code
from ansible_collections.kumo.eks.plugins.module_utils.aws.describe import describe_all
from ansible_collections.kumo.eks.plugins.module_utils.aws.lookups import describe_all_pages, describe_key
from ansible_collections.kumo.eks.plugins.module_utils.aws.policy_documents import parse_document

Row = dict[str, Any]
# ACCOUNT.dkr.ecr.REGION.amazonaws.com/NAME:TAG
ECR_IMAGE = re.compile(r"^(\d{12})\.dkr[.-]ecr(?:-fips)?\.([a-z0-9-]+)\.(?:amazonaws|on)\.[a-z.]+/([^:@]+)")
# https://docs.aws.amazon.com/general/latest/gr/eks.html, .../gr/ec2-service.html and the answers of ListServiceQuotas
QUOTAS = ("eks", "elasticloadbalancing", "vpc", "ebs")


@source()
def secrets_key(snapshot: Snapshot) -> Row:
    """The KMS key of the cluster's envelope encryption: C(KeyMetadata) of DescribeKey and C(rotates) of GetKeyRotationStatus. Empty if the cluster has
    none, and without members of KMS if the key does not exist."""
    arn = get_key_arn(snapshot.cluster)
    if not arn:
        return {}
    kms = snapshot.client("kms")
    found = describe_key(kms, arn)
    if found is None:
        return {"arn": arn}
    # Only symmetric keys with material of KMS are rotated by KMS: https://docs.aws.amazon.com/kms/latest/developerguide/rotate-keys.html
    own = found.get("Origin", "AWS_KMS") == "AWS_KMS" and found.get("KeyState") == "Enabled"
    rotates = kms.get_key_rotation_status(KeyId=arn)["KeyRotationEnabled"] if own else None
    return {"arn": arn, **found, "rotates": rotates}


def get_key_arn(cluster: Row) -> str:
    """The key that encrypts the cluster's Secrets, "" for none of the customer's."""
    rows = cluster.get("encryptionConfig") or []
    return next((row["provider"]["keyArn"] for row in rows if "secrets" in (row.get("resources") or [])), "")


@source()
def log_group(snapshot: Snapshot) -> Row:
    """DescribeLogGroups of the control plane's log group. Empty if there is none."""
    name = f"/aws/eks/{snapshot.cluster_name}/cluster"
    return next((row for row in snapshot.get("log_groups") if row["logGroupName"] == name), {})


@source()
def log_groups(snapshot: Snapshot) -> list[Row]:
    """DescribeLogGroups of all log groups of control planes (C(/aws/eks/...)) and of Container Insights."""
    logs = snapshot.client("logs")
    pages = [
        page
        for prefix in ("/aws/eks/", "/aws/containerinsights/")
        for page in logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=prefix)
    ]
    return [row for page in pages for row in page["logGroups"]]


@source()
def metric_filters(snapshot: Snapshot) -> list[Row]:
    """DescribeMetricFilters and DescribeSubscriptionFilters of the control plane's log group."""
    logs, name = snapshot.client("logs"), f"/aws/eks/{snapshot.cluster_name}/cluster"
    if not snapshot.get("log_group"):
        return []
    found = []
    for operation, key in (
        ("describe_metric_filters", "metricFilters"),
        ("describe_subscription_filters", "subscriptionFilters"),
    ):
        pages = logs.get_paginator(operation).paginate(logGroupName=name)
        found += [row for page in pages for row in page[key]]
    return found


@source()
def image_names(snapshot: Snapshot) -> list[str]:
    """The images of all pods, sorted."""
    pods = [row.get("spec") or {} for row in snapshot.get("pods")]
    found = {one["image"] for pod in pods for key in ("initContainers", "containers") for one in pod.get(key) or []}
    return sorted(found)


@source()
def ecr_repositories(snapshot: Snapshot) -> list[Row]:
    """DescribeRepositories of the account's repositories in the region that images of pods are from, with C(policy), the document or null, and C(lifecycle),
    whether it has a lifecycle policy."""
    matches = [ECR_IMAGE.match(name) for name in snapshot.get("image_names")]
    own = {m[3] for m in matches if m and (m[1], m[2]) == (snapshot.account, snapshot.region)}
    ecr = snapshot.client("ecr")

    def look(name: str) -> Row | None:
        answer = _ask(partial(ecr.describe_repositories, repositoryNames=[name]), "RepositoryNotFoundException")
        if answer is None:
            return None
        policy = _ask(partial(ecr.get_repository_policy, repositoryName=name), "RepositoryPolicyNotFoundException")
        rules = _ask(partial(ecr.get_lifecycle_policy, repositoryName=name), "LifecyclePolicyNotFoundException")
        document = parse_document(policy["policyText"], name) if policy else None
        return {**answer["repositories"][0], "policy": document, "lifecycle": rules is not None}

    return describe_all(sorted(own), look)


@source()
def ecr_scanning(snapshot: Snapshot) -> Row:
    """C(scanningConfiguration) of GetRegistryScanningConfiguration."""
    return snapshot.client("ecr").get_registry_scanning_configuration()["scanningConfiguration"]


def _ask(ask: Any, *codes: str) -> Any:
    try:
        return ask()
    except Exception as error:
        if has_code(error, *codes):
            return None
        raise


@source()
def guardduty_features(snapshot: Snapshot) -> dict[str, Row]:
    """The features of the region's GuardDuty detector by name (GetDetector), with C(Status) and C(AdditionalConfiguration). Empty without one."""
    guardduty = snapshot.client("guardduty")
    ids = guardduty.list_detectors()["DetectorIds"]
    detector = guardduty.get_detector(DetectorId=ids[0]) if ids else {}
    if detector.get("Status") != "ENABLED":
        return {}
    return {row["Name"]: row for row in detector.get("Features") or []}


@source()
def inspector_status(snapshot: Snapshot) -> Row:
    """C(resourceState) of Amazon Inspector for the account (BatchGetAccountStatus)."""
    answer = snapshot.client("inspector2").batch_get_account_status(accountIds=[snapshot.account])
    rows = answer.get("accounts") or []
    return rows[0].get("resourceState") or {} if rows else {}


@source()
def service_quotas(snapshot: Snapshot) -> dict[str, Row]:
    """The account's quotas by service and name, as "eks Clusters": C(QuotaCode) and C(Value) of ListServiceQuotas, for EKS, load balancers, VPC and EBS."""
    client = snapshot.client("service-quotas")

    def look(service: str) -> Row:
        pages = client.get_paginator("list_service_quotas").paginate(ServiceCode=service)
        rows = [row for page in pages for row in page["Quotas"]]
        return {f"{service} {row['QuotaName']}": row for row in rows}

    found: dict[str, Row] = {}
    for rows in describe_all(list(QUOTAS), look):
        found |= rows
    return found


@source()
def efs_file_systems(snapshot: Snapshot) -> list[Row]:
    """DescribeFileSystems of the file systems that PersistentVolumes name, with C(mount_targets), and C(volumes), the names of those volumes."""
    named: dict[str, list[str]] = {}
    for row in snapshot.get("persistent_volumes"):
        csi = (row.get("spec") or {}).get("csi") or {}
        if csi.get("driver") == "efs.csi.aws.com":
            named.setdefault(csi.get("volumeHandle", "").partition(":")[0], []).append(row["metadata"]["name"])
    if not named:
        return []
    efs = snapshot.client("efs")

    def look(key: str) -> Row | None:
        answer = _ask(partial(efs.describe_file_systems, FileSystemId=key), "FileSystemNotFound")
        if answer is None:
            return None
        targets = efs.describe_mount_targets(FileSystemId=key)["MountTargets"]
        return {**answer["FileSystems"][0], "mount_targets": targets, "volumes": named[key]}

    return describe_all(sorted(named), look)


@source()
def event_rules(snapshot: Snapshot) -> list[Row]:
    """The rules of the default event bus of Amazon EventBridge (ListRules)."""
    return describe_all_pages(snapshot.client("events"), "list_rules", "Rules")


@source()
def savings_plans(snapshot: Snapshot) -> list[Row]:
    """DescribeSavingsPlans of the account's active savings plans."""
    client, words, found = snapshot.client("savingsplans"), {"states": ["active"]}, []
    while True:  # botocore has no paginator
        answer = client.describe_savings_plans(**words)
        found += answer["savingsPlans"]
        if not answer.get("nextToken"):
            return found
        words = {"states": ["active"], "nextToken": answer["nextToken"]}
