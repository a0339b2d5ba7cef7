#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: eks_wait
version_added: 0.1.0
short_description: Wait for resources of an Amazon EKS cluster, with live progress
description:
  - Waits until a cluster, node groups, Fargate profiles, add-ons and updates are all active, or all deleted. It describes them
    concurrently.
  - Prints a line when the status of a resource changes, and regularly the elapsed time while nothing changes.
  - Warns of a resource that is active and has health issues, as EKS says of clusters.
  - Fails immediately if a resource reaches a status from which it cannot recover, and returns the health issues or update errors of EKS, with what mends
    them where the collection knows it. So it does for a named resource that does not exist.
author:
  - kumo.eks contributors (@kumo-eks)
options:
  cluster_name:
    description: The cluster's name.
    type: str
    required: true
  cluster:
    description:
      - Whether to wait for the cluster itself.
      - By default the module waits for it if O(all) is V(true), or if no other resource is named.
    type: bool
  nodegroups:
    description: The names of node groups to wait for, in EKS or as they are declared.
    type: list
    elements: str
  fargate_profiles:
    description: The names of Fargate profiles to wait for.
    type: list
    elements: str
  addons:
    description: The names of add-ons to wait for.
    type: list
    elements: str
  updates:
    description:
      - Updates to wait for, as modules of this collection return them in RV(kumo.eks.eks_cluster#module:updates).
      - Cannot be combined with O(state=deleted).
    type: list
    elements: dict
    suboptions:
      id:
        description: The update's ID.
        type: str
        required: true
      nodegroup:
        description:
          - The node group of the update. If none of this, O(updates[].addon) and O(updates[].capability) is set, it is an update of the
            cluster.
        type: str
      addon:
        description: The add-on of the update.
        type: str
      capability:
        description: The capability of the update.
        type: str
  results:
    description:
      - Registered results of M(kumo.eks.eks_cluster), M(kumo.eks.eks_nodegroup), M(kumo.eks.eks_fargate_profile) and M(kumo.eks.eks_addon).
      - The module waits for the resources that these tasks changed, or found in a status other than ACTIVE, and for the updates that they
        started. It waits until resources that they began to delete are gone.
      - If there are none, the task makes no call to AWS. Results of skipped tasks are ignored.
      - In check mode the task makes no call to AWS, because planned resources do not exist.
    type: list
    elements: dict
  all:
    description: Whether to wait for the cluster and every node group, Fargate profile and add-on that EKS lists for it.
    type: bool
    default: false
  state:
    description:
      - V(active) waits until all resources are ACTIVE and all updates are Successful. It fails if a resource is missing or DELETING.
      - V(deleted) waits until all are gone. A resource that does not exist counts as deleted.
    type: str
    choices: [active, deleted]
    default: active
  wait_timeout:
    description: The limit for the whole wait, in seconds.
    type: int
    default: 3600
    aliases: [timeout]
  degraded_timeout:
    description:
      - How long a resource may be DEGRADED before the task fails, in seconds. EKS sets it to ACTIVE when the cause is gone.
      - For an add-on the time starts when the node groups and Fargate profiles of the same task are active, because CoreDNS is DEGRADED
        until there is a node for its pods.
    type: int
    default: 600
  interval:
    description: The maximum interval between two polls, in seconds. The first intervals are shorter.
    type: int
    default: 5
  heartbeat:
    description: The interval between two lines of progress while nothing changes, in seconds.
    type: int
    default: 30
  _poll_once:
    description: Set by the action plugin of the same name, which polls from the controller. Do not use it in playbooks.
    type: bool
    default: false
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - kumo.eks.requirements
  - ansible.builtin.action_common_attributes
attributes:
  check_mode:
    support: full
    details: Describes the resources once and returns their status. It does not wait, and missing resources are not a failure.
  diff_mode:
    support: none
  platform:
    platforms: posix
notes:
  - The lines are written to standard error of the controller. They appear in the terminal and in the events of AWX.
  - The task cannot run with C(async).
"""

EXAMPLES = r"""
- name: Wait for a cluster
  kumo.eks.eks_wait:
    cluster_name: my-cluster
    region: ap-northeast-1

- name: Wait for node groups and add-ons in one task
  kumo.eks.eks_wait:
    cluster_name: my-cluster
    nodegroups: [general, spot]
    addons: [coredns, kube-proxy, vpc-cni]
    wait_timeout: 1800
    region: ap-northeast-1

- name: Wait for an update of the cluster and one of a node group
  kumo.eks.eks_wait:
    cluster_name: my-cluster
    updates:
      - id: 0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9
      - id: 1b2c3d4e-5f60-7182-93a4-b5c6d7e8f90a
        nodegroup: general
    region: ap-northeast-1

- name: Start node groups
  kumo.eks.eks_nodegroup:
    cluster_name: my-cluster
    nodegroups: "{{ nodegroups }}"
    region: ap-northeast-1
  register: started_nodegroups

- name: Wait for the node groups that were changed
  kumo.eks.eks_wait:
    cluster_name: my-cluster
    results:
      - "{{ started_nodegroups }}"
    region: ap-northeast-1

- name: Wait until a Fargate profile is gone
  kumo.eks.eks_wait:
    cluster_name: my-cluster
    fargate_profiles: [fargate-tasks]
    state: deleted
    region: ap-northeast-1
"""

RETURN = r"""
resources:
  description: The resources and their last status. Also returned if the wait fails.
  returned: when the resources could be described at least once
  type: list
  elements: dict
  contains:
    kind:
      description: One of cluster, nodegroup, fargate_profile, addon and update.
      returned: always
      type: str
      sample: nodegroup
    name:
      description: The name, or the ID of an update.
      returned: always
      type: str
      sample: general
    status:
      description: The status in EKS, or MISSING if it does not exist.
      returned: always
      type: str
      sample: ACTIVE
    issues:
      description: The health issues or update errors of EKS, in one line. Empty if there are none.
      returned: always
      type: str
      sample: "NodeCreationFailure: Instances failed to join the kubernetes cluster (i-0123456789abcdef0)"
    seconds:
      description: Seconds from the start of the wait until the last status change.
      returned: always
      type: float
      sample: 118.4
    version:
      description: The cluster's Kubernetes version.
      returned: for the cluster
      type: str
      sample: "1.35"
    endpoint:
      description: The URL of the cluster's Kubernetes API server.
      returned: for the cluster, as soon as it has one
      type: str
      sample: https://0123456789ABCDEF0123456789ABCDEF.gr7.ap-northeast-1.eks.amazonaws.com
"""

from dataclasses import asdict
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import get_client
from ansible_collections.kumo.eks.plugins.module_utils.aws.module import AnsibleAWSModule, handle_failures
from ansible_collections.kumo.eks.plugins.module_utils.core.unsettled import collect_unsettled
from ansible_collections.kumo.eks.plugins.module_utils.core.waiting import Deadline
from ansible_collections.kumo.eks.plugins.module_utils.core.watcher import (
    Limits,
    Watcher,
    follow,
    list_warnings,
)
from ansible_collections.kumo.eks.plugins.module_utils.eks.updates import TARGETS
from ansible_collections.kumo.eks.plugins.module_utils.eks.watch_targets import KINDS, describe_targets, validate_params


def argument_spec() -> dict[str, Any]:
    names = dict(type="list", elements="str")
    update = dict(id=dict(type="str", required=True), **{option: dict(type="str") for option in TARGETS})
    return dict(
        cluster_name=dict(type="str", required=True),
        cluster=dict(type="bool"),
        nodegroups=names,
        fargate_profiles=names,
        addons=names,
        updates=dict(type="list", elements="dict", options=update),
        results=dict(type="list", elements="dict"),
        all=dict(type="bool", default=False),
        state=dict(type="str", choices=["active", "deleted"], default="active"),
        wait_timeout=dict(type="int", default=3600, aliases=["timeout"]),
        degraded_timeout=dict(type="int", default=600),
        interval=dict(type="int", default=5),
        heartbeat=dict(type="int", default=30),
        _poll_once=dict(type="bool", default=False),  # by the action plugin, which loops on the controller
    )


def merge_unsettled(params: dict[str, Any]) -> dict[str, Any]:
    """The options with what earlier tasks started among the names and updates to wait for."""
    found = collect_unsettled(params["results"])
    lists = {option: [*(params[option] or []), *found.get(option, [])] for option in KINDS}
    cluster = params["cluster"] if params["cluster"] is not None else found.get("cluster", False)
    return {
        **params,
        **lists,
        "cluster": cluster,
        "updates": [*(params["updates"] or []), *found.get("updates", [])],
        "deleted": found.get("deleted"),
        "started": found,
    }


def main() -> None:
    module = AnsibleAWSModule(argument_spec=argument_spec(), supports_check_mode=True)
    params = module.params
    limits = Limits(**{option: params[option] for option in Limits.__dataclass_fields__})
    with handle_failures(module, f"Could not describe cluster {params['cluster_name']}"):
        validate_params(params)
        if params["results"] is not None:
            params = merge_unsettled(params)
        eks = get_client(module)
        if module.check_mode:
            result = {"resources": [observation.build_row() for observation in describe_targets(eks, params)]}
        elif params["_poll_once"]:
            observations = [asdict(observation) for observation in describe_targets(eks, params)]
            result = {"observations": observations, "limits": asdict(limits), "cluster_name": params["cluster_name"]}
        else:
            watcher = Watcher(params["cluster_name"], limits, lambda line: None)
            result = {
                "resources": follow(
                    lambda: describe_targets(eks, params), watcher, limits, Deadline(limits.wait_timeout)
                )
            }
    for text in list_warnings(result.get("resources") or []):
        module.warn(text)
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()
