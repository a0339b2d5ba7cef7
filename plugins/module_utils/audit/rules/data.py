# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""E, I: repositories of images, file systems and backups in the account."""

from __future__ import annotations

from ansible_collections.kumo.eks.plugins.module_utils.audit.policies import list_trusted
from ansible_collections.kumo.eks.plugins.module_utils.audit.rule import (
    HIGH,
    LOW,
    MEDIUM,
    Hits,
    NotApplicable,
    Row,
    rule,
)

NFS = 2049
NO_REPOSITORIES = "no image of a pod is from a repository of the account in this region"


def name_repository(row: Row) -> str:
    return f"ECR repository {row['repositoryName']}"


def require_repositories(rows: list[Row]) -> None:
    if not rows:
        raise NotApplicable(NO_REPOSITORIES)


@rule(
    "E06",
    MEDIUM,
    "Tags in ECR cannot be overwritten",
    reads=("ecr_repositories",),
    why="Whoever may push replaces the image behind a tag that runs already. The next restart of a pod runs it.",
    remedy="Set imageTagMutability to IMMUTABLE.",
    references=("hardeneks use_immutable_tags_with_ecr", "Prowler ecr_repositories_tag_immutability"),
)
def ecr_mutable_tags(ecr_repositories: list[Row]) -> Hits:
    require_repositories(ecr_repositories)
    for row in ecr_repositories:
        if not str(row.get("imageTagMutability")).startswith("IMMUTABLE"):
            yield name_repository(row), f"imageTagMutability is {row.get('imageTagMutability')}"


@rule(
    "E07",
    MEDIUM,
    "Images in ECR are scanned",
    reads=("ecr_repositories", "ecr_scanning"),
    why="Known vulnerabilities of images stay unnoticed.",
    remedy="Turn on scanOnPush, or enhanced scanning with Amazon Inspector for the registry.",
    references=("CIS EKS 5.1.1", "Prowler ecr_repositories_scan_images_on_push_enabled", "Kubescape C-0221"),
)
def ecr_scanning_off(ecr_repositories: list[Row], ecr_scanning: Row) -> Hits:
    require_repositories(ecr_repositories)
    if ecr_scanning.get("scanType") == "ENHANCED" and ecr_scanning.get("rules"):
        return
    for row in ecr_repositories:
        if not (row.get("imageScanningConfiguration") or {}).get("scanOnPush"):
            yield name_repository(row), "scanOnPush is false, and the registry has no enhanced scanning"


@rule(
    "E07b",
    LOW,
    "Amazon Inspector looks at ECR",
    reads=("cluster", "inspector_status"),
    why="A scan on push does not find what becomes known later. Inspector scans again.",
    remedy="Turn on Amazon Inspector for ECR.",
    references=("hardeneks make_sure_inspector_is_enabled", "Prowler inspector2_is_enabled"),
)
def inspector_off(cluster: Row, inspector_status: Row) -> Hits:
    state = (inspector_status.get("ecr") or {}).get("status") or "DISABLED"
    if state != "ENABLED":
        yield f"Account {cluster['arn'].split(':')[4]}", f"Amazon Inspector for ECR is {state}"


@rule(
    "E08",
    HIGH,
    "Repositories in ECR are not open to everybody",
    reads=("ecr_repositories",),
    why="Images contain code and often credentials, and who may push to them runs code in the cluster.",
    remedy="Name accounts or roles in the policy of the repository.",
    references=("CIS EKS 5.1.2", "Prowler ecr_repositories_not_publicly_accessible", "Kubescape C-0222"),
)
def ecr_public(ecr_repositories: list[Row]) -> Hits:
    require_repositories(ecr_repositories)
    for row in ecr_repositories:
        wide = [
            who
            for who, statement in list_trusted(row.get("policy") or {})
            if who == "*" and not statement.get("Condition")
        ]
        if wide:
            yield name_repository(row), "its policy allows Principal * without a condition"


@rule(
    "E08b",
    LOW,
    "Repositories in ECR delete old images",
    reads=("ecr_repositories",),
    why="Old images cost storage, and can be run with their vulnerabilities.",
    remedy="Add a lifecycle policy.",
    references=("Prowler ecr_repositories_lifecycle_policy_enabled",),
)
def ecr_lifecycle(ecr_repositories: list[Row]) -> Hits:
    require_repositories(ecr_repositories)
    for row in ecr_repositories:
        if not row["lifecycle"]:
            yield name_repository(row), "it has no lifecycle policy"


@rule(
    "E08c",
    LOW,
    "Repositories in ECR are encrypted with a key of the customer",
    reads=("ecr_repositories",),
    why="Only a key of your own can be audited, and withdrawn.",
    remedy="Create the repository again with a KMS key. The encryption of a repository cannot be changed.",
)
def ecr_encryption(ecr_repositories: list[Row]) -> Hits:
    require_repositories(ecr_repositories)
    for row in ecr_repositories:
        kind = (row.get("encryptionConfiguration") or {}).get("encryptionType") or "AES256"
        if not kind.startswith("KMS"):
            yield name_repository(row), f"encryptionType is {kind}"


def require_file_systems(rows: list[Row]) -> None:
    if not rows:
        raise NotApplicable("no PersistentVolume is on EFS")


@rule(
    "E09d",
    HIGH,
    "File systems of EFS are encrypted",
    reads=("efs_file_systems",),
    why="The data of applications is in plain text.",
    remedy="Create an encrypted file system, and copy the data. Encryption cannot be turned on later.",
    references=("hardeneks use_encryption_with_efs",),
)
def efs_plain(efs_file_systems: list[Row]) -> Hits:
    require_file_systems(efs_file_systems)
    for row in efs_file_systems:
        if not row.get("Encrypted"):
            yield (
                f"EFS file system {row['FileSystemId']}",
                f"Encrypted is false; volumes: {', '.join(row['volumes'][:3])}",
            )


@rule(
    "E10",
    HIGH,
    "EFS has a mount target in each zone of nodes",
    reads=("efs_file_systems", "node_subnets", "subnets"),
    why="Pods on nodes of the other zones cannot mount the volume.",
    remedy="Create a mount target in each zone.",
)
def efs_mount_targets(efs_file_systems: list[Row], node_subnets: dict[str, list[str]], subnets: dict[str, Row]) -> Hits:
    require_file_systems(efs_file_systems)
    zones = {(subnets.get(key) or {}).get("AvailabilityZone") for key in node_subnets} - {None}
    for row in efs_file_systems:
        there = {one.get("AvailabilityZoneName") for one in row["mount_targets"]}
        missing = sorted(map(str, zones - there))
        if missing:
            yield f"EFS file system {row['FileSystemId']}", f"no mount target in {', '.join(missing)}"


@rule(
    "I14",
    LOW,
    "Volumes of the cluster have snapshots",
    reads=("cluster", "volumes", "snapshots"),
    why="What is deleted or spoilt in a volume without a copy is gone.",
    remedy="Use AWS Backup, Data Lifecycle Manager or VolumeSnapshots, and try the restore.",
    references=("Prowler ec2_ebs_volume_protected_by_backup_plan",),
)
def volume_without_snapshot(cluster: Row, volumes: list[Row], snapshots: list[Row]) -> Hits:
    copied = {row.get("VolumeId") for row in snapshots}
    for row in volumes:
        claim = row["tags"].get("kubernetes.io/created-for/pvc/name")
        if claim and f"kubernetes.io/cluster/{cluster['name']}" in row["tags"] and row["VolumeId"] not in copied:
            yield (
                f"Volume {row['VolumeId']}",
                f"no snapshot; PersistentVolumeClaim {row['tags'].get('kubernetes.io/created-for/pvc/namespace', '?')}/{claim}",
            )
