# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""G, B, E: launch templates, instances and Auto Scaling groups of nodes."""

from __future__ import annotations

import base64
import binascii
import re

from ansible_collections.kumo.eks.plugins.module_utils.audit.rule import (
    HIGH,
    LOW,
    MEDIUM,
    Hits,
    NotApplicable,
    Row,
    Undecided,
    rule,
)
from ansible_collections.kumo.eks.plugins.module_utils.core.counts import format_count

OLD_IMAGE = 90  # days
DAY = 86400  # seconds
JOIN_TIME = 900  # seconds that a node may take
# What access keys, private keys and assignments of secrets look like
SECRETS = {
    "an access key of AWS": re.compile(r"\b(AKIA|ASIA)[A-Z0-9]{16}\b"),
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
    # also at the end of a name: DB_PASSWORD=, AWS_SECRET_ACCESS_KEY=
    "a password": re.compile(
        r"(?i)(?<![a-z0-9])(password|passwd|secret|secret_access_key|token|api_?key)['\"]?\s*[=:]\s*['\"]?[^\s'\"$<{]{8,}"
    ),
}


def name_template(row: Row) -> str:
    return f"Launch template {row['LaunchTemplateName']}"


@rule(
    "B10",
    HIGH,
    "Launch templates ask for IMDSv2",
    reads=("launch_templates",),
    why="With IMDSv1, a pod or an application that fetches URLs for users gives away the credentials of the node.",
    remedy="Set http_tokens to required in the metadata options of the template.",
    references=("Prowler ec2_launch_template_imdsv2_required",),
)
def template_imdsv1(launch_templates: list[Row]) -> Hits:
    if not launch_templates:
        raise NotApplicable("no node group has its own launch template")
    for row in launch_templates:
        options = row["LaunchTemplateData"].get("MetadataOptions") or {}
        if options.get("HttpTokens") != "required" and options.get("HttpEndpoint") != "disabled":
            yield (
                name_template(row),
                f"HttpTokens is {options.get('HttpTokens') or 'not set'}; used by {', '.join(row['used_by'])}",
            )


@rule(
    "B10b",
    HIGH,
    "Instances ask for IMDSv2",
    reads=("instances",),
    why="With IMDSv1, a pod or an application that fetches URLs for users gives away the credentials of the node.",
    remedy="Set http_tokens to required in the launch template, and replace the nodes.",
    references=("Prowler ec2_instance_imdsv2_enabled", "hardeneks check_access_to_instance_profile"),
)
def instance_imdsv1(instances: list[Row]) -> Hits:
    if not instances:
        raise NotApplicable("the cluster has no instances")
    for row in instances:
        options = row.get("MetadataOptions") or {}
        if options.get("HttpTokens") == "optional" and options.get("HttpEndpoint") != "disabled":
            yield f"Instance {row['InstanceId']}", "HttpTokens is optional"


@rule(
    "B10c",
    MEDIUM,
    "Pods cannot get the credentials of their node",
    reads=("instances",),
    why="With a hop limit of 2, each pod gets the credentials of the node role. EKS sets 2 on managed nodes that have no launch template.",
    remedy="Set http_put_response_hop_limit to 1 in a launch template, after all pods that call AWS have separate roles.",
    references=("hardeneks check_access_to_instance_profile",),
)
def hop_limit(instances: list[Row]) -> Hits:
    if not instances:
        raise NotApplicable("the cluster has no instances")
    for row in instances:
        options = row.get("MetadataOptions") or {}
        if (options.get("HttpPutResponseHopLimit") or 1) > 1 and options.get("HttpEndpoint") != "disabled":
            yield f"Instance {row['InstanceId']}", f"HttpPutResponseHopLimit is {options['HttpPutResponseHopLimit']}"


@rule(
    "E09",
    MEDIUM,
    "Disks of nodes are encrypted",
    reads=("launch_templates", "ebs_encryption_by_default"),
    why="Images, logs and files of pods are on these disks, and in each snapshot of them.",
    remedy="Set encrypted in the block device mappings of the template, or turn on encryption by default for the region.",
    references=("Prowler ec2_ebs_volume_encryption",),
)
def template_disk_plain(launch_templates: list[Row], ebs_encryption_by_default: bool) -> Hits:
    if ebs_encryption_by_default:
        return
    for row in launch_templates:
        mappings = row["LaunchTemplateData"].get("BlockDeviceMappings") or []
        plain = [one.get("DeviceName", "?") for one in mappings if not (one.get("Ebs") or {}).get("Encrypted")]
        if plain or not mappings:
            yield name_template(row), f"not encrypted: {', '.join(plain) or 'the root volume'}"


@rule(
    "E09b",
    LOW,
    "The region encrypts new EBS volumes by default",
    reads=("cluster", "ebs_encryption_by_default"),
    why="Each volume, for which nobody has thought of it, is not encrypted.",
    remedy="Turn on encryption by default for the region.",
    references=("Prowler ec2_ebs_default_encryption",),
)
def ebs_default_encryption(cluster: Row, ebs_encryption_by_default: bool) -> Hits:
    if not ebs_encryption_by_default:
        yield f"Region {cluster['arn'].split(':')[3]}", "EbsEncryptionByDefault is false"


@rule(
    "E09c",
    HIGH,
    "Volumes of the cluster are encrypted",
    reads=("cluster", "volumes"),
    why="The data of applications is in plain text on the volume, and in each snapshot of it.",
    remedy="Copy a snapshot with encryption, and make a volume of it. Set encrypted in the StorageClass.",
    references=("Prowler ec2_ebs_volume_encryption", "hardeneks use_encryption_with_ebs"),
)
def volume_plain(cluster: Row, volumes: list[Row]) -> Hits:
    for row in volumes:
        if is_of_cluster(row["tags"], cluster["name"]) and not row.get("Encrypted"):
            yield (
                f"Volume {row['VolumeId']}",
                f"Encrypted is false; PersistentVolume {row['tags'].get('kubernetes.io/created-for/pv/name', 'none')}",
            )


def is_of_cluster(tags: Row, name: str) -> bool:
    """Whether a volume was made for a cluster, by its CSI controller or for a node."""
    return f"kubernetes.io/cluster/{name}" in tags or tags.get("KubernetesCluster") == name


@rule(
    "E11",
    HIGH,
    "Launch templates have no secrets in their user data",
    reads=("launch_template_contents",),
    why="Everybody who may describe launch templates, and each pod that reaches the metadata service, can read user data.",
    remedy="Keep the secret in Secrets Manager, let the node read it, and delete the old versions of the template. Then change the secret.",
    references=("Prowler ec2_launch_template_no_secrets",),
)
def user_data_secrets(launch_template_contents: list[Row]) -> Hits:
    for row in launch_template_contents:
        text = decode(row["LaunchTemplateData"].get("UserData") or "")
        found = [name for name, pattern in SECRETS.items() if pattern.search(text)]
        if found:
            yield name_template(row), f"version {row.get('VersionNumber')} has what looks like {', '.join(found)}"


def decode(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode(errors="replace")
    except (binascii.Error, ValueError):
        return text


@rule(
    "G06",
    MEDIUM,
    "The images of nodes are not older than 90 days",
    reads=("instances", "images", "now"),
    why="AWS publishes images with security fixes every few weeks. Nodes get them only when they are replaced.",
    remedy="Update the node group to the newest release.",
)
def old_image(instances: list[Row], images: dict[str, Row], now: float) -> Hits:
    if not instances:
        raise NotApplicable("the cluster has no instances")
    if not images:
        raise Undecided("none of the images of the instances can be described")
    for row in instances:
        created = (images.get(row.get("ImageId", "")) or {}).get("CreationDate", "")
        if created and now - parse_time(created) > OLD_IMAGE * DAY:
            yield f"Instance {row['InstanceId']}", f"{row['ImageId']} is of {created[:10]}"


def parse_time(text: str) -> float:
    """A time of EC2 as 2026-01-02T03:04:05.000Z, in seconds."""
    from datetime import datetime

    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


@rule(
    "G07",
    LOW,
    "Node groups use the newest version of their launch template",
    reads=("launch_templates",),
    why="A change of the template waits for somebody to apply it.",
    remedy="Update the node group to the newest version of the template.",
    references=("eksup EKS006", "eksup EKS007"),
)
def template_version(launch_templates: list[Row]) -> Hits:
    for row in launch_templates:
        if row.get("latest") and row.get("VersionNumber") and row["VersionNumber"] < row["latest"]:
            yield (
                name_template(row),
                f"{', '.join(row['used_by'])} has version {row['VersionNumber']} of {row['latest']}",
            )


@rule(
    "G02",
    HIGH,
    "All instances of the cluster have joined it",
    reads=("instances", "nodes", "now"),
    why="An instance that does not join costs as much as a node, and something is broken that keeps it out.",
    remedy="See the console output of the instance, its role's access entry and its way to the API server. Then terminate it.",
)
def instance_not_joined(instances: list[Row], nodes: list[Row], now: float) -> Hits:
    joined = {str((row.get("spec") or {}).get("providerID") or "").rpartition("/")[2] for row in nodes}
    for row in instances:
        age = now - row["LaunchTime"].timestamp()
        if row["State"]["Name"] == "running" and row["InstanceId"] not in joined and age > JOIN_TIME:
            yield f"Instance {row['InstanceId']}", f"running since {row['LaunchTime']:%Y-%m-%d %H:%M}, and not a node"


@rule(
    "G21",
    LOW,
    "No instance of the cluster is stopped",
    reads=("instances",),
    why="A stopped node keeps its volumes and addresses, and its pods are not moved at once.",
    remedy="Terminate the instance. Its group starts another one.",
)
def instance_stopped(instances: list[Row]) -> Hits:
    for row in instances:
        if row["State"]["Name"] in ("stopping", "stopped"):
            yield f"Instance {row['InstanceId']}", f"state is {row['State']['Name']}"


@rule(
    "G04b",
    LOW,
    "Nodes are managed by EKS or Karpenter",
    reads=("self_managed_groups",),
    why="Updates, drains and repairs of self-managed nodes are your own work.",
    remedy="Use a managed node group, Karpenter or EKS Auto Mode.",
    references=("hardeneks use_managed_nodegroups",),
)
def self_managed(self_managed_groups: list[Row]) -> Hits:
    for row in self_managed_groups:
        yield (
            f"Auto Scaling group {row['AutoScalingGroupName']}",
            format_count(len(row.get("Instances") or []), "self-managed instance"),
        )
