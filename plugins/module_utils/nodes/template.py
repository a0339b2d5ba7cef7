# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From the options of a node group to the LaunchTemplateData of its EC2 launch template. Pure.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RequestLaunchTemplateData.html
"""

from __future__ import annotations

import base64
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.core.ami_types import DATA_DEVICES
from ansible_collections.kumo.eks.plugins.module_utils.core.fields import drop_none
from ansible_collections.kumo.eks.plugins.module_utils.core.iam_names import shorten
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.node_template import DEFAULT_VOLUME_TYPE, get_system
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.outposts import VOLUME_TYPE as OUTPOST_VOLUME_TYPE
from ansible_collections.kumo.eks.plugins.module_utils.core.user_data import build_user_data

Params = dict[str, Any]

LONGEST_NAME = 128  # https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateLaunchTemplate.html
# Tokens are required (IMDSv2). Two hops, because a pod is one hop further away than the node:
# https://docs.aws.amazon.com/eks/latest/userguide/launch-templates.html#launch-template-basics (note on the hop limit)
METADATA_OPTIONS = {"http_tokens": "required", "http_put_response_hop_limit": 2}
METADATA_KEYS = {
    "http_tokens": "HttpTokens",
    "http_put_response_hop_limit": "HttpPutResponseHopLimit",
    "http_endpoint": "HttpEndpoint",
    "http_protocol_ipv6": "HttpProtocolIpv6",
    "instance_metadata_tags": "InstanceMetadataTags",
}
TAGGED = ("instance", "network-interface", "volume")
VOLUME_KEYS = {
    "size": "VolumeSize",
    "type": "VolumeType",
    "iops": "Iops",
    "throughput": "Throughput",
    "encrypted": "Encrypted",
    "kms_key_id": "KmsKeyId",
    "snapshot_id": "SnapshotId",
    "delete_on_termination": "DeleteOnTermination",
}


def build_template_name(cluster: str, nodegroup: str) -> str:
    """ "my-cluster.general": neither name contains a dot, so no two node groups share a launch template."""
    name = f"{cluster}.{nodegroup}"
    return shorten(name, name, LONGEST_NAME)


def build_template_data(params: Params, tags: dict[str, str], cluster: Params | None = None) -> Params:
    """LaunchTemplateData for a node group.

    Args:
        params: the options of the node group.
        tags: of its instances, their volumes and network interfaces.
        cluster: the answer of DescribeCluster, needed with an image or security groups of the user's own.
    """
    template = {key: value for key, value in params["template"].items() if value is not None}
    data = {
        "BlockDeviceMappings": _build_volumes(params, template),
        "MetadataOptions": _build_metadata(template),
        "TagSpecifications": _build_tags({**tags, **(template.get("tags") or {})}),
        "UserData": _encode(build_user_data(template, get_system(params), cluster)),
        "ImageId": template.get("image_id"),
        "KeyName": template.get("key_name"),
        "EbsOptimized": template.get("ebs_optimized"),
        "Monitoring": _wrap("Enabled", template.get("monitoring")),
        "EnclaveOptions": _wrap("Enabled", template.get("enclave")),
        "CreditSpecification": _wrap("CpuCredits", template.get("cpu_credits")),
        "CpuOptions": _rename(
            template.get("cpu_options"), {"core_count": "CoreCount", "threads_per_core": "ThreadsPerCore"}
        ),
        "Placement": _rename(
            template.get("placement"),
            {"group_name": "GroupName", "partition_number": "PartitionNumber", "tenancy": "Tenancy"},
        ),
        **_build_network(template, list_security_groups(template, cluster)),
        **_build_capacity(params, template),
    }
    return {key: value for key, value in data.items() if value not in (None, [], {})}


def _build_volumes(params: Params, template: Params) -> list[Params]:
    device, kind = DATA_DEVICES.get(get_system(params) or ""), DEFAULT_VOLUME_TYPE
    volumes = template.get("volumes") or []
    if params.get("outpost_arn"):  # an image may ask for another type, which an Outpost need not have
        kind, volumes = OUTPOST_VOLUME_TYPE, volumes or ([{}] if device else [])
    return [_build_volume(volume, device, kind) for volume in volumes]


def _build_volume(volume: Params, default_device: str | None, kind: str) -> Params:
    """A mapping; volumes are deleted with their instance unless the task says otherwise, or they would stay and cost."""
    given = {"type": kind, "delete_on_termination": True, **drop_none(volume)}
    if given.get("kms_key_id"):
        given.setdefault("encrypted", True)
    device = given.get("device_name") or default_device
    return {
        "DeviceName": device,
        "Ebs": {VOLUME_KEYS[key]: value for key, value in given.items() if key in VOLUME_KEYS},
    }


def _build_metadata(template: Params) -> Params:
    options = {**METADATA_OPTIONS, **drop_none(template.get("metadata_options") or {})}
    return {METADATA_KEYS[key]: value for key, value in options.items()}


def _build_tags(tags: dict[str, Any]) -> list[Params]:
    rows = [{"Key": key, "Value": str(value)} for key, value in sorted(tags.items())]
    return [{"ResourceType": kind, "Tags": rows} for kind in TAGGED] if rows else []


def list_security_groups(template: Params, cluster: Params | None) -> list[str]:
    """The security groups of the instances; none where EKS adds the cluster's.

    "If you specify custom security groups in the launch template, Amazon EKS doesn't add the cluster security group":
    https://docs.aws.amazon.com/eks/latest/userguide/launch-templates.html#launch-template-security-groups
    """
    groups = list(template.get("security_groups") or [])
    if not groups or template.get("cluster_security_group") is False:
        return groups
    shared = ((cluster or {}).get("resourcesVpcConfig") or {}).get("clusterSecurityGroupId")
    return [shared, *[group for group in groups if group != shared]] if shared else groups


def _build_network(template: Params, groups: list[str]) -> Params:
    """Security groups of the instance, or of its interfaces: EC2 refuses both."""
    count = template.get("efa_interfaces") or 0
    if not count:
        return {"SecurityGroupIds": groups}
    # One EFA on each network card. Device index 0 is the primary interface on card 0, the others have index 1.
    # https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/efa-start.html
    return {"NetworkInterfaces": [_build_interface(card, groups) for card in range(count)]}


def _build_interface(card: int, groups: list[str]) -> Params:
    found = {"DeviceIndex": min(card, 1), "NetworkCardIndex": card, "InterfaceType": "efa"}
    return {**found, "Groups": groups} if groups else found


def _build_capacity(params: Params, template: Params) -> Params:
    """A capacity reservation. For a Capacity Block the template names market and instance type, too.

    https://docs.aws.amazon.com/eks/latest/userguide/capacity-blocks-mng.html
    """
    reservation = drop_none(template.get("capacity_reservation") or {})
    target = _rename(
        reservation, {"id": "CapacityReservationId", "resource_group_arn": "CapacityReservationResourceGroupArn"}
    )
    found: Params = {
        "CapacityReservationSpecification": {
            key: value
            for key, value in (
                ("CapacityReservationPreference", reservation.get("preference")),
                ("CapacityReservationTarget", target),
            )
            if value
        }
    }
    if params.get("capacity_type") == "CAPACITY_BLOCK":
        found["InstanceMarketOptions"] = {"MarketType": "capacity-block"}
        found["InstanceType"] = (params.get("instance_types") or [None])[0]
    return found


def _wrap(key: str, value: Any) -> Params | None:
    return None if value is None else {key: value}


def _rename(values: Params | None, names: dict[str, str]) -> Params:
    return {names[key]: value for key, value in (values or {}).items() if key in names and value is not None}


def _encode(text: str | None) -> str | None:
    return None if text is None else base64.b64encode(text.encode()).decode()
