# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The launch template of self-managed nodes: image, bootstrap data, instance profile and security groups. Pure but for one lookup.

The image of a group is looked up when the group is created, and then stays until the task asks for another one: an image that AWS
publishes later must not reach the next instance that an autoscaler starts. So the template names an image ID, and no SSM parameter.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import has_code
from ansible_collections.kumo.eks.plugins.module_utils.aws.ownership import PREFIX
from ansible_collections.kumo.eks.plugins.module_utils.core.ami_types import (
    DEFAULT_AMI_TYPE,
    build_image_parameter,
    read_ami_type,
)
from ansible_collections.kumo.eks.plugins.module_utils.core.bootstrap import Bootstrap, format_taint
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import UnsupportedVersion
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.nodegroup import LATEST
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.self_managed import IN_USER_DATA
from ansible_collections.kumo.eks.plugins.module_utils.core.user_data import build_user_data
from ansible_collections.kumo.eks.plugins.module_utils.core.versions import parse_minor
from ansible_collections.kumo.eks.plugins.module_utils.nodes.template import build_template_data

Item = dict[str, Any]

# Tags of the instances that say what the image is. They are in the version of the template that names the image.
AMI_TYPE_TAG, VERSION_TAG, PINNED_TAG = f"{PREFIX}ami-type", f"{PREFIX}kubernetes-version", f"{PREFIX}image"
PINNED = "image_id"  # value of PINNED_TAG: the task names the image
OLDEST_KUBELET = 3  # minor versions behind the API server: https://kubernetes.io/releases/version-skew-policy/
TO_BE_FOUND = "(the newest image of {ami_type} for Kubernetes {version})"
AUTOSCALER = "k8s.io/cluster-autoscaler"


@dataclass(frozen=True)
class Image:
    """The image of a group's instances.

    Args:
        version: of Kubernetes; empty in the plan of a cluster that does not exist yet and has the default version.
    """

    image_id: str
    ami_type: str
    version: str
    is_pinned: bool = False


def read_image(data: Item | None) -> Image | None:
    """The image that the data of a launch template names, normalized, with what its tags say of it."""
    tags = ((data or {}).get("tag_specifications") or {}).get("instance") or {}
    if not data or AMI_TYPE_TAG not in tags or not data.get("image_id"):
        return None
    return Image(data["image_id"], tags[AMI_TYPE_TAG], tags.get(VERSION_TAG, ""), tags.get(PINNED_TAG) == PINNED)


def choose_image(item: Item, current: Image | None, cluster: Item | None, find_image: Any) -> Image:
    """The image that the options ask for.

    Args:
        current: of the group, None for a new one.
        cluster: the answer of DescribeCluster, None where it does not exist yet.
        find_image: AMI type, Kubernetes version -> the ID of the newest image.
    """
    ami_type = item.get("ami_type") or (current.ami_type if current else DEFAULT_AMI_TYPE)
    version = item.get("version") or (current.version if current else "") or (cluster or {}).get("version") or ""
    if cluster:
        _check_version(version, cluster)
    pinned = (item.get("template") or {}).get("image_id")
    if pinned:
        return Image(pinned, ami_type, version, True)
    same = current is not None and (current.ami_type, current.version, current.is_pinned) == (ami_type, version, False)
    if same and item.get("release_version") != LATEST:
        return current
    if not version:
        return Image(TO_BE_FOUND.format(ami_type=ami_type, version="of the cluster"), ami_type, version)
    return Image(find_image(ami_type, version), ami_type, version)


def _check_version(version: str, cluster: Item) -> None:
    """A kubelet is never newer than the API server, and three minor versions older at most."""
    behind = parse_minor(cluster["version"]) - parse_minor(version)
    if behind < 0:
        raise UnsupportedVersion(
            f"version: nodes cannot be at {version}, because cluster {cluster['name']} is at {cluster['version']}. Upgrade the cluster"
            " first."
        )
    if behind > OLDEST_KUBELET:
        raise UnsupportedVersion(
            f"version: nodes at {version} cannot join cluster {cluster['name']}, which is at {cluster['version']}. Use"
            f" {OLDEST_KUBELET} minor versions behind at most."
        )


def find_newest_image(ssm: Any, ami_type: str, version: str) -> str:
    """The ID of the newest image for an AMI type and a Kubernetes version (ssm:GetParameter on AWS' public parameters).

    Raises:
        ValidationError: where AWS publishes none.
    """
    parameter = build_image_parameter(ami_type, version)
    try:
        return ssm.get_parameter(Name=parameter)["Parameter"]["Value"]
    except Exception as error:
        if not has_code(error, "ParameterNotFound"):
            raise
        raise UnsupportedVersion(
            f"ami_type: AWS publishes no image of {ami_type} for Kubernetes {version} (SSM parameter {parameter} does not exist)."
            " Use another AMI type or version, or template.image_id."
        ) from error


def build_data(item: Item, image: Image, profile: str, cluster: Item, tags: dict[str, str]) -> Item:
    """LaunchTemplateData for a group.

    Args:
        item: the options of the group.
        profile: name of the instance profile.
        cluster: the answer of DescribeCluster.
        tags: of instances, volumes and network interfaces.
    """
    template = {key: value for key, value in (item.get("template") or {}).items() if value is not None}
    system = read_ami_type(image.ami_type).system
    bootstrap = Bootstrap(cluster, item.get("labels") or {}, tuple(item.get("taints") or []))
    user_data = build_user_data({key: template.get(key) for key in IN_USER_DATA}, system, None, bootstrap)
    kept = {key: value for key, value in template.items() if key not in (*IN_USER_DATA, "image_id")}
    kept["security_groups"] = _list_groups(template, cluster)
    kept["cluster_security_group"] = False  # it is in the list already
    data = build_template_data({**item, "ami_type": image.ami_type, "template": kept}, tags, cluster)
    return {
        **data,
        "TagSpecifications": _add_image_tags(data.get("TagSpecifications") or [], image),
        "ImageId": image.image_id,
        "IamInstanceProfile": {"Name": profile},
        "UserData": base64.b64encode((user_data or "").encode()).decode(),
    }


def _list_groups(template: Item, cluster: Item) -> list[str]:
    """The cluster's security group and those of the task: nobody adds it to instances that EKS does not start."""
    own = list(template.get("security_groups") or [])
    shared = (cluster.get("resourcesVpcConfig") or {}).get("clusterSecurityGroupId")
    if not shared or template.get("cluster_security_group") is False:
        return own
    return [shared, *[group for group in own if group != shared]]


def _add_image_tags(rows: list[Item], image: Image) -> list[Item]:
    marks = {AMI_TYPE_TAG: image.ami_type, VERSION_TAG: image.version}
    if image.is_pinned:
        marks[PINNED_TAG] = PINNED
    own = [{"Key": key, "Value": value} for key, value in marks.items()]
    return [{**row, "Tags": [*row["Tags"], *own]} if row["ResourceType"] == "instance" else row for row in rows]


def build_derived_tags(item: Item, cluster: str) -> dict[str, str]:
    """Tags of the Auto Scaling group for the cloud provider and for the Cluster Autoscaler, which finds the group by them.

    The labels and taints tell it what a node will be like while there is none:
    https://github.com/kubernetes/autoscaler/blob/master/cluster-autoscaler/cloudprovider/aws/README.md (Auto-Discovery Setup)
    """
    found = {f"kubernetes.io/cluster/{cluster}": "owned"}
    if item.get("cluster_autoscaler") is False:
        return found
    found |= {f"{AUTOSCALER}/enabled": "true", f"{AUTOSCALER}/{cluster}": "owned"}
    found |= {
        f"{AUTOSCALER}/node-template/label/{key}": str(value) for key, value in (item.get("labels") or {}).items()
    }
    return found | dict(_build_taint_tags(item.get("taints") or []))


def _build_taint_tags(taints: list[Item]) -> Iterator[tuple[str, str]]:
    for taint in taints:
        effect = format_taint(taint).rpartition(":")[2]
        yield f"{AUTOSCALER}/node-template/taint/{taint['key']}", f"{taint.get('value') or ''}:{effect}"
