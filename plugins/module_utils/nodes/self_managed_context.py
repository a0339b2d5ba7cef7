# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is the same for all groups of self-managed nodes of a cluster: clients, names and marks."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.ownership import PREFIX, build_owner_key, build_owner_tags
from ansible_collections.kumo.eks.plugins.module_utils.core.iam_names import shorten
from ansible_collections.kumo.eks.plugins.module_utils.ec2.autoscaling_group import AutoScalingGroupResource
from ansible_collections.kumo.eks.plugins.module_utils.ec2.key_pair import KeyPairResource
from ansible_collections.kumo.eks.plugins.module_utils.ec2.launch_template import LaunchTemplateResource
from ansible_collections.kumo.eks.plugins.module_utils.ec2.ssh_group import SshGroupResource
from ansible_collections.kumo.eks.plugins.module_utils.eks.nodegroup import NodegroupLookups
from ansible_collections.kumo.eks.plugins.module_utils.nodes.efa import EfaParts
from ansible_collections.kumo.eks.plugins.module_utils.nodes.ssh_access import LONGEST_NAME as LONGEST_SSH_NAME
from ansible_collections.kumo.eks.plugins.module_utils.nodes.template import LONGEST_NAME

Item = dict[str, Any]

GROUP_TAG = f"{PREFIX}self-managed-nodegroup"  # of a group and of its launch template: the name in the task


def build_group_name(cluster: str, name: str) -> str:
    """ "my-cluster.self-managed.general", of the Auto Scaling group and its launch template.

    No managed node group has a template of this name, since neither name contains a dot.
    """
    found = f"{cluster}.self-managed.{name}"
    return shorten(found, found, LONGEST_NAME)


@dataclass
class GroupContext:
    """The clients of one task, and the resources of its groups.

    Args:
        eks, asg: boto3's clients of EKS and EC2 Auto Scaling; iam makes one.
        lookups: what the groups of one task look up together.
        wait_timeout: seconds for which a request waits that is refused for a while.
        lock: of what groups of a list may share.
    """

    eks: Any
    asg: Any
    iam: Callable[[], Any]
    lookups: NodegroupLookups
    check_mode: bool = False
    wait_timeout: float = 1200
    lock: Any = field(default_factory=threading.Lock)

    @property
    def cluster_name(self) -> str:
        return self.lookups.cluster_name

    @property
    def owner(self) -> str:
        """The key of the tag that marks what is created for the cluster."""
        return build_owner_key(self.eks.meta.region_name, self.cluster_name)

    def build_group(self, name: str) -> AutoScalingGroupResource:
        """The Auto Scaling group of a name in the task."""
        return AutoScalingGroupResource(
            self.asg, build_group_name(self.cluster_name, name), self._build_marks(name), self.owner
        )

    def _build_marks(self, name: str) -> dict[str, str]:
        return {**build_owner_tags(self.eks.meta.region_name, self.cluster_name), GROUP_TAG: name}

    def build_ssh_group(self, name: str, vpc_id: str | None = None) -> SshGroupResource:
        """The security group for SSH to the nodes of a group, by its name in the task."""
        found = f"{self.cluster_name}.self-managed.{name}.ssh"
        group_name = shorten(found, found, LONGEST_SSH_NAME)
        return SshGroupResource(self.lookups.ec2(), group_name, vpc_id, self._build_marks(name), self.owner)

    def build_efa(self, name: str) -> EfaParts:
        """What the nodes of a group need for EFA, by its name in the task."""
        prefix = build_group_name(self.cluster_name, name)
        return EfaParts(self.lookups, prefix, self._build_marks(name), self.owner)

    def build_key_pair(self, name: str, pair: str, key: str) -> KeyPairResource:
        """A key pair of a group, by the group's name in the task."""
        return KeyPairResource(self.lookups.ec2(), pair, key, self._build_marks(name), self.owner)

    def build_template(
        self, name: str, in_use: str | None = None, wanted: Item | None = None
    ) -> LaunchTemplateResource:
        """The launch template of a name in the task."""
        names = build_group_name(self.cluster_name, name), self._build_marks(name)
        return LaunchTemplateResource(self.lookups.ec2(), *names, self.owner, in_use, wanted)
