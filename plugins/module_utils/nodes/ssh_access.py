# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""SSH to the nodes of a group that has a launch template of ours, for which EKS makes no security group."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.lookups import list_vpc_blocks
from ansible_collections.kumo.eks.plugins.module_utils.core.iam_names import shorten
from ansible_collections.kumo.eks.plugins.module_utils.core.reconciler import Reconciler
from ansible_collections.kumo.eks.plugins.module_utils.core.resource import Outcome
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.node_template import VPC_SOURCE
from ansible_collections.kumo.eks.plugins.module_utils.ec2.ssh_group import SshGroupResource
from ansible_collections.kumo.eks.plugins.module_utils.eks.nodegroup import NodegroupLookups

Item = dict[str, Any]
LONGEST_NAME = 255  # CreateSecurityGroup GroupName
PLANNED = "sg-to-be-created"  # takes the place of an ID in check mode


def build_ssh_group_name(cluster: str, nodegroup: str) -> str:
    """The name of the security group: "my-cluster.general.ssh"."""
    name = f"{cluster}.{nodegroup}.ssh"
    return shorten(name, name, LONGEST_NAME)


def build_sources(ec2: Callable[[], Any], vpc_id: str, sources: list[str]) -> list[str]:
    """The sources as EC2 takes them: the word for the VPC becomes its IPv4 blocks."""
    found = [source for source in sources if source != VPC_SOURCE]
    return [*found, *(list_vpc_blocks(ec2(), vpc_id) if VPC_SOURCE in sources else [])]


def ensure_ssh_group(
    item: Item, lookups: NodegroupLookups, build_group: Callable[[str | None], SshGroupResource], plan: bool
) -> Outcome | None:
    """The security group for SSH to the nodes, None where the task names no sources.

    Args:
        build_group: the resource in a VPC, whose ID is None where it is not known.
        plan: change nothing.
    """
    sources = (item.get("template") or {}).get("ssh_sources")
    if not sources:
        return None
    vpc_id = ((lookups.describe_cluster() or {}).get("resourcesVpcConfig") or {}).get("vpcId")
    if vpc_id is None:  # the cluster is yet to come, so its group is, too
        return Outcome(True, build_group(None).predict({"sources": sources}), {}, {"sources": sources})
    wanted = {"sources": build_sources(lookups.ec2, vpc_id, sources)}
    return Reconciler(build_group(vpc_id), plan).ensure_present(wanted)


def add_ssh_group(item: Item, ssh: Outcome | None) -> Item:
    """The node group with the security group among those of its launch template."""
    if ssh is None:
        return item
    name = (ssh.raw or {}).get("id") or PLANNED
    groups = [*(item["template"].get("security_groups") or []), name]
    return {**item, "template": {**item["template"], "security_groups": groups}}
