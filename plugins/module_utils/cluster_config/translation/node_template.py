# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The launch template of a node group of a ClusterConfig, as option ``template`` of eks_nodegroup and eks_self_managed_nodes. Pure.

eksctl gives each group a launch template. Its defaults and what it writes into it:
https://github.com/eksctl-io/eksctl/blob/main/pkg/apis/eksctl.io/v1alpha5/defaults.go, pkg/cfn/builder/managed_launch_template.go,
pkg/nodebootstrap
"""

from __future__ import annotations

from typing import Any

try:
    import yaml
except ImportError:
    pass  # ansible-core brings it to where filters run

from ansible_collections.kumo.eks.plugins.module_utils.core.fields import merge
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.outposts import VOLUME_TYPE as OUTPOST_VOLUME_TYPE

Group = dict[str, Any]

VOLUME_SIZE = 80  # GiB
VOLUME_TYPE = "gp3"
GP3_IOPS, GP3_THROUGHPUT = 3000, 125
IO_IOPS = 100
BOTTLEROCKET_SYSTEM, BOTTLEROCKET_DATA = "/dev/xvda", "/dev/xvdb"
KEYS = {"publicKeyName": "key_name", "publicKey": "public_key", "publicKeyPath": "public_key_path"}
DEFAULT_KEY = "~/.ssh/id_rsa.pub"  # DefaultNodeSSHPublicKeyPath
VPC, EVERYWHERE = "vpc", ("0.0.0.0/0", "::/0")  # of ssh_sources
BOTTLEROCKET, WINDOWS, AL2, AL2023 = "Bottlerocket", "Windows", "AmazonLinux2", "AmazonLinux2023"
VOLUME_KEYS = {
    "volumeName": "device_name",
    "volumeSize": "size",
    "volumeType": "type",
    "volumeIOPS": "iops",
    "volumeThroughput": "throughput",
    "volumeEncrypted": "encrypted",
    "volumeKmsKeyID": "kms_key_id",
    "snapshotID": "snapshot_id",
}
# Fields of a group that need a launch template of eksctl's own making, and so exclude launchTemplate.
OF_THE_TEMPLATE = (
    *[name for name in VOLUME_KEYS if name.startswith("volume")],
    "additionalVolumes",
    "ami",
    "bottlerocket",
    "capacityReservation",
    "disableIMDSv1",
    "disablePodIMDS",
    "ebsOptimized",
    "efaEnabled",
    "enableDetailedMonitoring",
    "instanceName",
    "instancePrefix",
    "maxPodsPerNode",
    "overrideBootstrapCommand",
    "placement",
    "preBootstrapCommands",
    "securityGroups",
    "ssh",
)


def build_template(group: Group, family: str, cluster: str) -> Group | None:
    """``template`` for a group; None beside a launch template of the user's own."""
    if "launchTemplate" in group:
        return None
    reservation = group.get("capacityReservation", {})
    target = reservation.get("capacityReservationTarget", {})
    found = {
        "volumes": _build_volumes(group, family),
        "metadata_options": _build_metadata(group),
        "tags": {"Name": build_instance_name(group, cluster)},
        "image_id": group.get("ami"),
        "security_groups": group.get("securityGroups", {}).get("attachIDs"),
        "cluster_security_group": False if has_own_groups_alone(group) else None,
        **build_key(group),
        "ssh_sources": list_ssh_sources(group),
        "ebs_optimized": group.get("ebsOptimized"),
        "monitoring": group.get("enableDetailedMonitoring"),
        "cpu_credits": group["cpuCredits"].lower() if "cpuCredits" in group else None,
        "enclave": group.get("enclaveEnabled"),
        "efa": group.get("efaEnabled") or None,
        "placement": _drop_empty({"group_name": group.get("placement", {}).get("groupName")}),
        "capacity_reservation": _drop_empty(
            {
                "preference": reservation.get("capacityReservationPreference"),
                "id": target.get("capacityReservationID"),
                "resource_group_arn": target.get("capacityReservationResourceGroupARN"),
            }
        ),
        **_build_user_data(group, family),
    }
    return {name: value for name, value in found.items() if value is not None}


def has_own_groups_alone(group: Group) -> bool:
    """Whether self-managed nodes have neither of eksctl's security groups, whose place the cluster security group takes here."""
    groups = group.get("securityGroups", {})
    return groups.get("withShared") is False and groups.get("withLocal") is False


def list_ssh_sources(group: Group) -> list[str] | None:
    """makeSSHIngressRules in eksctl's pkg/cfn/builder: who may connect where a key is named and SSH is not switched off."""
    ssh = group.get("ssh", {})
    if not allows_ssh(group) or group.get("securityGroups", {}).get("withLocal") is False:
        return None
    if ssh.get("sourceSecurityGroupIds"):
        return ssh["sourceSecurityGroupIds"]
    return [VPC] if group.get("privateNetworking") else list(EVERYWHERE)


def allows_ssh(group: Group) -> bool:
    """setSSHDefaults in eksctl: a key opens SSH unless that is switched off."""
    ssh = group.get("ssh", {})
    return ssh.get("allow", any(ssh.get(name) for name in KEYS))


def build_key(group: Group) -> Group:
    """LoadKey in eksctl's pkg/ssh: a key that is to be imported is left alone where SSH is switched off, the name of one is used."""
    ssh = group.get("ssh", {})
    named = {option: ssh[field] for field, option in KEYS.items() if ssh.get(field)}
    if allows_ssh(group):
        return named or {"public_key_path": DEFAULT_KEY}
    return {option: value for option, value in named.items() if option == "key_name"}


def build_instance_name(group: Group, cluster: str) -> str:
    """The tag Name of the instances: "my-cluster-general-Node", or what the file says."""
    prefix = f"{group['instancePrefix']}-" if group.get("instancePrefix") else ""
    return prefix + (group.get("instanceName") or f"{cluster}-{group['name']}-Node")


def _drop_empty(values: Group) -> Group | None:
    return {name: value for name, value in values.items() if value is not None} or None


def _build_volumes(group: Group, family: str) -> list[Group]:
    # setVolumeDefaults in eksctl; here additional volumes, too, which eksctl leaves with a type that an Outpost need not have
    usual = OUTPOST_VOLUME_TYPE if group.get("outpostARN") else VOLUME_TYPE
    main = _build_volume(group, usual)
    if family.startswith(BOTTLEROCKET):
        main.setdefault("device_name", BOTTLEROCKET_DATA)
    elif group.get("ami"):  # the module does not know the devices of an own image
        main.setdefault("device_name", "/dev/sda1" if family.startswith(WINDOWS) else "/dev/xvda")
    volumes = [main, *[_build_volume(row, usual) for row in group.get("additionalVolumes", [])]]
    if family.startswith(BOTTLEROCKET) and group.get("volumeEncrypted") and main["device_name"] == BOTTLEROCKET_DATA:
        kept = {key: main[key] for key in ("encrypted", "kms_key_id", "type") if key in main}
        volumes.append({"device_name": BOTTLEROCKET_SYSTEM, **kept})
    return volumes


def _build_volume(fields: Group, usual: str) -> Group:
    kind = fields.get("volumeType", usual)
    defaults: Group = {"volumeType": kind, "volumeSize": VOLUME_SIZE}
    if kind == "gp3":
        defaults |= {"volumeIOPS": GP3_IOPS, "volumeThroughput": GP3_THROUGHPUT}
    elif kind in ("io1", "io2"):
        defaults |= {"volumeIOPS": IO_IOPS}
    given = {**defaults, **fields}
    return {VOLUME_KEYS[name]: given[name] for name in VOLUME_KEYS if given.get(name) is not None}


def _build_metadata(group: Group) -> Group:
    """makeMetadataOptions in eksctl: tokens are required unless disableIMDSv1 is false, and pods are kept out by one hop."""
    without_pods = bool(group.get("disablePodIMDS"))
    required = group.get("disableIMDSv1", True) or without_pods
    return {
        "http_tokens": "required" if required else "optional",
        "http_put_response_hop_limit": 1 if without_pods else 2,
    }


def _build_user_data(group: Group, family: str) -> Group:
    """user_data, node_config or bottlerocket_settings, as the family reads them."""
    if family.startswith(BOTTLEROCKET):
        return _build_bottlerocket(group)
    scripts = list(group.get("preBootstrapCommands", []))
    if family.startswith(WINDOWS):
        return {"user_data": "\n".join(scripts) or None}
    if family == AL2023:
        return {"user_data": _build_script(scripts), "node_config": _build_node_config(group)}
    override, most = group.get("overrideBootstrapCommand"), group.get("maxPodsPerNode")
    if override:
        scripts.append(override)
    elif most:  # bootstrap.sh of Amazon Linux 2 has no other way beside the user data of EKS
        argument = f"""s/KUBELET_EXTRA_ARGS=$2/KUBELET_EXTRA_ARGS="$2 --max-pods={most}"/"""
        scripts.append(f"set -ex\nsed -i '{argument}' /etc/eks/bootstrap.sh")
    return {"user_data": _build_script(scripts)}


def _build_script(commands: list[str]) -> str | None:
    """One script of all commands, in their order."""
    if not commands:
        return None
    lines = [line for command in commands for line in command.strip("\n").splitlines() if not line.startswith("#!")]
    return "\n".join(["#!/bin/bash", *lines, ""])


def _build_node_config(group: Group) -> Group | None:
    kubelet = dict(group.get("kubeletExtraConfig") or {})
    if group.get("clusterDNS"):
        kubelet["clusterDNS"] = [group["clusterDNS"]]
    if group.get("maxPodsPerNode"):
        kubelet["maxPods"] = group["maxPodsPerNode"]
    config: Group = {"spec": {"kubelet": {"config": kubelet}}} if kubelet else {}
    if group.get("overrideBootstrapCommand"):
        config = merge(config, read_node_config(group["overrideBootstrapCommand"]))
    return config if config or group.get("ami") else None


def read_node_config(text: str) -> Group:
    """overrideBootstrapCommand of Amazon Linux 2023, which is a NodeConfig in YAML.

    Raises:
        ValueError: where it is something else.
    """
    try:
        found = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError(f"this is not YAML ({error})") from error
    if not isinstance(found, dict) or not isinstance(found.get("spec"), dict):
        raise ValueError("Amazon Linux 2023 reads a NodeConfig here, a mapping with apiVersion, kind and spec")
    return found


def _build_bottlerocket(group: Group) -> Group:
    given = group.get("bottlerocket", {})
    settings = dict(given.get("settings") or {})
    # setBottlerocketNodeGroupDefaults in eksctl: SSH goes to the admin container. What the settings say counts.
    enabled = given.get("enableAdminContainer", True if allows_ssh(group) else None)
    if enabled is not None:
        settings = merge({"host-containers": {"admin": {"enabled": enabled}}}, settings)
    kubernetes = {"max-pods": group.get("maxPodsPerNode"), "cluster-dns-ip": group.get("clusterDNS")}
    if kubernetes := {name: value for name, value in kubernetes.items() if value}:
        settings = merge(settings, {"kubernetes": kubernetes})
    return {"bottlerocket_settings": settings if settings or group.get("ami") else None}
