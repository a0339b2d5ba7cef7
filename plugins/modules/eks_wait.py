#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: eks_wait
version_added: 0.1.0
short_description: Wait for any set of an Amazon EKS cluster's things, with live progress
description:
  - Waits until a cluster, node groups, Fargate profiles, add-ons and updates are all active, or all gone. They are looked at side by side.
  - Prints a line whenever one of them changes its state, and a heartbeat with the time elapsed while nothing changes.
  - Ends at once, with the health issues or update errors EKS gives, when one of them reaches a state from which it does not come back.
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
      - Left out, it is waited for where O(all) is V(true) or nothing else is named.
    type: bool
  nodegroups:
    description: The names of node groups to wait for.
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
      - Updates to wait for, as the modules of this collection return them in RV(kumo.eks.eks_cluster#module:updates).
      - Not together with O(state=deleted).
    type: list
    elements: dict
    suboptions:
      id:
        description: The update's ID.
        type: str
        required: true
      nodegroup:
        description: The node group the update is of. Left out, as O(updates[].addon), the update is of the cluster.
        type: str
      addon:
        description: The add-on the update is of.
        type: str
  results:
    description:
      - Registered results of M(kumo.eks.eks_cluster), M(kumo.eks.eks_nodegroup), M(kumo.eks.eks_fargate_profile) and M(kumo.eks.eks_addon).
      - What these tasks changed, or found in another status than ACTIVE, is waited for, together with the updates they started.
        What they started to delete is waited for until it is gone.
        Where there is none, the task ends without a call to AWS. Results of skipped tasks are ignored.
      - In check mode nothing is asked of AWS, because what was planned does not exist.
    type: list
    elements: dict
  all:
    description: Whether to wait for the cluster and every node group, Fargate profile and add-on that EKS lists for it.
    type: bool
    default: false
  state:
    description:
      - V(active) waits until all are ACTIVE, and updates Successful. One that is missing or DELETING is a failure.
      - V(deleted) waits until all are gone. One that is missing already is as wanted.
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
      - How long, in seconds, a thing may be DEGRADED on end before that is a failure. EKS takes a thing out of it once the cause is gone.
      - For an add-on the time runs only once the node groups and Fargate profiles of the same task are active, since
        CoreDNS is DEGRADED until a node takes its pods.
    type: int
    default: 600
  interval:
    description: The longest pause between two looks, in seconds. The first pauses are shorter and grow up to it.
    type: int
    default: 10
  heartbeat:
    description: The time between two lines of progress while nothing changes, in seconds.
    type: int
    default: 30
  _look_once:
    description: For the action plugin of the same name, which looks again and again from the controller. Not for playbooks.
    type: bool
    default: false
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - ansible.builtin.action_common_attributes
attributes:
  check_mode:
    support: full
    details: Looks once and returns what it saw; nothing is waited for and nothing that is missing is a failure.
  diff_mode:
    support: none
  platform:
    platforms: posix
notes:
  - The lines go to the standard error of the controller, so they appear on a terminal and among AWX's events.
  - The task cannot run with C(async).
"""

EXAMPLES = r"""
- name: Wait for a cluster
  kumo.eks.eks_wait:
    cluster_name: my-cluster
    region: ap-northeast-1

- name: Wait for node groups and add-ons at once
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
  description: What was waited for, as it was seen last. Also returned with a failure of the wait.
  returned: when at least one look was possible
  type: list
  elements: dict
  contains:
    kind:
      description: One of cluster, nodegroup, fargate_profile, addon and update.
      returned: always
      type: str
      sample: nodegroup
    name:
      description: The name, of an update the ID.
      returned: always
      type: str
      sample: general
    status:
      description: The status as EKS spells it, or MISSING where there is no such thing.
      returned: always
      type: str
      sample: ACTIVE
    issues:
      description: The health issues or update errors EKS gives, in a line; empty where there are none.
      returned: always
      type: str
      sample: "NodeCreationFailure: Instances failed to join the kubernetes cluster (i-0123456789abcdef0)"
    seconds:
      description: How long it took from the start of the wait, or has taken so far.
      returned: always
      type: float
      sample: 118.4
"""

from dataclasses import asdict
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import get_client
from ansible_collections.kumo.eks.plugins.module_utils.aws.module import AnsibleAWSModule, handle_failures
from ansible_collections.kumo.eks.plugins.module_utils.core.unsettled import collect_unsettled
from ansible_collections.kumo.eks.plugins.module_utils.core.waiting import Deadline
from ansible_collections.kumo.eks.plugins.module_utils.core.watcher import Limits, Observation, Watcher, follow
from ansible_collections.kumo.eks.plugins.module_utils.eks.watch_targets import KINDS, check, look


def argument_spec() -> dict[str, Any]:
    names = dict(type="list", elements="str")
    update = dict(id=dict(type="str", required=True), nodegroup=dict(type="str"), addon=dict(type="str"))
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
        interval=dict(type="int", default=10),
        heartbeat=dict(type="int", default=30),
        _look_once=dict(type="bool", default=False),  # by the action plugin, which loops on the controller
    )


def merge_unsettled(params: dict[str, Any]) -> dict[str, Any]:
    """The options with what earlier tasks started among the names and updates to wait for."""
    found = collect_unsettled(params["results"])
    updates = [{"nodegroup": None, "addon": None, **update} for update in found.get("updates", [])]
    lists = {option: [*(params[option] or []), *found.get(option, [])] for option in KINDS}
    cluster = params["cluster"] if params["cluster"] is not None else found.get("cluster", False)
    return {
        **params,
        **lists,
        "cluster": cluster,
        "updates": [*(params["updates"] or []), *updates],
        "deleted": found.get("deleted"),
    }


def seen_once(observations: list[Observation]) -> list[dict[str, Any]]:
    """The result's rows of a single look."""
    rows = [
        (observation.kind, observation.name, observation.status, observation.reason, 0.0)
        for observation in observations
    ]
    return [dict(zip(("kind", "name", "status", "issues", "seconds"), row, strict=True)) for row in rows]


def main() -> None:
    module = AnsibleAWSModule(argument_spec=argument_spec(), supports_check_mode=True)
    params = module.params
    limits = Limits(**{option: params[option] for option in Limits.__dataclass_fields__})
    with handle_failures(module, f"Could not look at cluster {params['cluster_name']}"):
        check(params)
        if params["results"] is not None:
            params = merge_unsettled(params)
        eks = get_client(module)
        if module.check_mode:
            result = {"resources": seen_once(look(eks, params))}
        elif params["_look_once"]:
            observations = [asdict(observation) for observation in look(eks, params)]
            result = {"sights": observations, "limits": asdict(limits), "cluster_name": params["cluster_name"]}
        else:
            watcher = Watcher(params["cluster_name"], limits, lambda line: None)
            result = {"resources": follow(lambda: look(eks, params), watcher, limits, Deadline(limits.wait_timeout))}
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()
