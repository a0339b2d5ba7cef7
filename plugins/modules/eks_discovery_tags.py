#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: eks_discovery_tags
version_added: 0.1.0
short_description: Tag the subnets and security groups that Karpenter finds
description:
  - Sets a tag on subnets and security groups, by which a controller like Karpenter finds where to start nodes.
  - A tag that other subnets or security groups have is not removed, unless O(state=absent). That removes the tag with this value from all
    subnets and security groups of the region, whoever set it.
author:
  - kumo.eks contributors (@kumo-eks)
options:
  cluster_name:
    description: The cluster's name. It must exist, unless O(subnets) and O(security_groups) are given.
    type: str
    required: true
  key:
    description: The key of the tag.
    type: str
    default: karpenter.sh/discovery
  value:
    description: The value of the tag. The default is the name of the cluster.
    type: str
  subnets:
    description: IDs of the subnets. The default is the cluster's private subnets, or all of its subnets if none is private.
    type: list
    elements: str
  security_groups:
    description: IDs of the security groups. The default is the cluster security group, which EKS creates.
    type: list
    elements: str
  state:
    description: Whether the tag is set.
    type: str
    choices: [present, absent]
    default: present
seealso:
  - module: kumo.eks.eks_karpenter
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - kumo.eks.requirements
  - ansible.builtin.action_common_attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  platform:
    platforms: posix
"""

EXAMPLES = r"""
- name: Tag the private subnets and the security group of a cluster
  kumo.eks.eks_discovery_tags:
    cluster_name: my-cluster
    region: ap-northeast-1

- name: Remove the tags
  kumo.eks.eks_discovery_tags:
    cluster_name: my-cluster
    region: ap-northeast-1
    state: absent
"""

RETURN = r"""
key:
  description: The key of the tag.
  returned: always
  type: str
  sample: karpenter.sh/discovery
value:
  description: The value of the tag.
  returned: always
  type: str
  sample: my-cluster
resources:
  description: IDs of the subnets and security groups that have the tag by this task.
  returned: always
  type: list
  elements: str
  sample: [subnet-0a1b2c3d4e5f60718, sg-0a1b2c3d4e5f60718]
"""

from functools import partial
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import get_client
from ansible_collections.kumo.eks.plugins.module_utils.aws.describe import describe_or_none
from ansible_collections.kumo.eks.plugins.module_utils.aws.module import AnsibleAWSModule, handle_failures
from ansible_collections.kumo.eks.plugins.module_utils.core.concurrency import run_concurrently
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import NotFound
from ansible_collections.kumo.eks.plugins.module_utils.core.reconciler import Reconciler
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.common import build_state_spec
from ansible_collections.kumo.eks.plugins.module_utils.ec2.discovery_tags import DiscoveryTag, choose_subnets, find_tags


def choose_resources(module: AnsibleAWSModule, ec2: Any) -> list[str]:
    """The IDs to tag. In check mode none that the cluster would have to say and that does not exist yet."""
    subnets, groups = module.params["subnets"], module.params["security_groups"]
    if subnets is not None and groups is not None:
        return [*subnets, *groups]
    name = module.params["cluster_name"]
    cluster = describe_or_none(get_client(module).describe_cluster, "cluster", name=name)
    if cluster is None and not module.check_mode:
        raise NotFound(f"cluster_name: cluster {name} does not exist. Create it, or name subnets and security_groups.")
    network = (cluster or {}).get("resourcesVpcConfig") or {}
    if subnets is None:
        subnets = choose_subnets(ec2, network["subnetIds"]) if network else []
    if groups is None:
        groups = [network["clusterSecurityGroupId"]] if network.get("clusterSecurityGroupId") else []
    return [*subnets, *groups]


def main() -> None:
    spec = dict(
        cluster_name=dict(type="str", required=True),
        key=dict(type="str", default="karpenter.sh/discovery", no_log=False),
        value=dict(type="str"),
        subnets=dict(type="list", elements="str"),
        security_groups=dict(type="list", elements="str"),
        **build_state_spec(),
    )
    module = AnsibleAWSModule(argument_spec=spec, supports_check_mode=True)
    params = module.params
    key, value = params["key"], params["value"] or params["cluster_name"]
    with handle_failures(module, f"Could not manage the tag {key} of cluster {params['cluster_name']}"):
        ec2 = get_client(module, "ec2")
        present = params["state"] == "present"
        wanted = choose_resources(module, ec2) if present else []
        now = find_tags(ec2, key, resource_id=wanted) if wanted else find_tags(ec2, key, value=[value])
        tags = {name: DiscoveryTag(ec2, name, key, now.get(name)) for name in (wanted if present else sorted(now))}
        work = {name: Reconciler(tag, check_mode=module.check_mode) for name, tag in tags.items()}
        results = run_concurrently(
            [
                (name, partial(one.ensure_present, {"value": value}) if present else one.ensure_absent)
                for name, one in work.items()
            ]
        )
        for result in results:
            if result.error:
                raise result.error
    done = [row for row in results if row.outcome.changed]
    diff = {
        "before": {row.name: row.outcome.before for row in done},
        "after": {row.name: row.outcome.after for row in done},
    }
    module.exit_json(changed=bool(done), key=key, value=value, resources=list(tags) if present else [], diff=diff)


if __name__ == "__main__":
    main()
