#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: eks_fargate_profile
version_added: 0.1.0
short_description: Manage Fargate profiles of an Amazon EKS cluster
description:
  - Creates Fargate profiles, changes their tags, and deletes them.
  - Manages one profile with O(name), or a list of profiles in one task with O(profiles).
  - EKS creates or deletes one profile of a cluster at a time. The module waits for its turn, at most O(wait_timeout) seconds. In a
    list, the profiles with work to do follow one another, and the others are described concurrently.
  - EKS can change only the tags of a profile. The module refuses any other change, unless O(replace=true).
  - A task that was written for M(community.aws.eks_fargate_profile) works when only the name of the collection is changed.
author:
  - kumo.eks contributors (@kumo-eks)
options:
  cluster_name:
    description: The cluster's name.
    type: str
    required: true
  profiles:
    description:
      - A list of Fargate profiles, each with O(profiles[].name) and any other option that describes a profile.
      - O(role_arn) and O(subnets) next to the list are the defaults of its items. O(tags) next to the list are merged with the tags of
        each item, whose values take precedence.
      - The module waits for each creation and deletion except the last, even with O(wait=false).
      - A profile that fails does not stop the others. The task fails when all are done.
    type: list
    elements: dict
    suboptions:
      name:
        description: The profile's name.
        type: str
        required: true
      <<: &profile
        role_arn:
          description: ARN of the pod execution role, by which Fargate pulls images and writes logs. Required to create a profile.
          type: str
        subnets:
          description:
            - IDs of private subnets of the cluster's VPC. Pods on Fargate have no public address, so the subnets need a NAT gateway or
              VPC endpoints to pull images.
          type: list
          elements: str
        selectors:
          description: The pods that run on Fargate, as 1 to 5 selectors. Required to create a profile. Their order does not matter.
          type: list
          elements: dict
          suboptions:
            namespace:
              description: The namespace of the pods. It may have the wildcards C(*) and C(?).
              type: str
              required: true
            labels:
              description: Labels, at most 5, that a pod must all have. Values may have the wildcards C(*) and C(?).
              type: dict
        replace:
          description:
            - Whether a change that EKS cannot make deletes the profile and recreates it. Its pods are deleted with it.
            - Omitted options keep the values of the old profile.
            - The old profile is deleted before the new one is created. If the task ends in between, RV(replaced) has its options.
            - It also recreates a profile whose creation failed.
          type: bool
          default: false
        tags:
          description:
            - The tags of the resource. Keys are never rewritten.
            - If it is omitted, tags are not changed. V({}) removes them.
          type: dict
          aliases: [resource_tags]
        purge_tags:
          description:
            - Whether tags that are not in O(tags) are removed. Used only where O(tags) is given.
            - Tags of AWS, with the prefix C(aws:), and the mark of O(owned) remain.
          type: bool
          default: true
  <<: *profile
  name:
    description: The profile's name. One of O(name) and O(profiles) is required.
    type: str
  owned:
    description:
      - Whether the call that creates a profile sets the tag C(kumo.eks/REGION/CLUSTER), by which this collection recognizes what it
        created.
    type: bool
    default: false
  purge:
    description:
      - Whether profiles with the tag of O(owned) that O(profiles) does not name are deleted.
      - V(false) lists them in RV(unlisted) and warns. If it is omitted, the module does not search for them.
    type: bool
  state:
    description: Whether the profiles exist. Pods of a profile that is deleted are deleted, too.
    type: str
    choices: [present, absent]
    default: present
seealso:
  - name: Define which Pods use AWS Fargate when launched
    description: How selectors match, and what a profile needs.
    link: https://docs.aws.amazon.com/eks/latest/userguide/fargate-profile.html
extends_documentation_fragment:
  - kumo.eks.tags
  - kumo.eks.wait
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
- name: Create a Fargate profile
  kumo.eks.eks_fargate_profile:
    cluster_name: my-cluster
    name: fargate-tasks
    region: ap-northeast-1
    role_arn: arn:aws:iam::123456789012:role/eksFargatePodRole
    subnets: [subnet-11111111, subnet-22222222]
    selectors:
      - namespace: fargate-tasks
        labels: {compute: fargate}
    wait: true

- name: Manage two profiles in one task, with the same role and subnets
  kumo.eks.eks_fargate_profile:
    cluster_name: my-cluster
    role_arn: arn:aws:iam::123456789012:role/eksFargatePodRole
    subnets: [subnet-11111111, subnet-22222222]
    profiles:
      - name: fargate-tasks
        selectors:
          - namespace: fargate-tasks
            labels: {compute: fargate}
      - name: batch
        selectors: [{namespace: batch}]
    wait: true

- name: Recreate a profile with other selectors
  kumo.eks.eks_fargate_profile:
    cluster_name: my-cluster
    name: batch
    selectors: [{namespace: batch}, {namespace: reports}]
    replace: true
    wait: true

- name: Delete a profile
  kumo.eks.eks_fargate_profile:
    cluster_name: my-cluster
    name: batch
    state: absent
    wait: true
"""

RETURN = r"""
fargate_profile:
  description:
    - The profile as DescribeFargateProfile returns it, in snake case. Its keys are also at the top level of the result.
    - In check mode, before it exists, only what the task sets.
  returned: when O(name) is given
  type: dict
  contains: &fargate_profile
    # FargateProfile: written by tools/shared_docs.py, from here
    fargate_profile_name:
      description: The profile's name.
      returned: when the profile exists
      type: str
      sample: fargate-tasks
    fargate_profile_arn:
      description: The profile's ARN.
      returned: when the profile exists
      type: str
      sample: arn:aws:eks:ap-northeast-1:123456789012:fargateprofile/my-cluster/fargate-tasks/1
    cluster_name:
      description: The cluster's name.
      returned: when the profile exists
      type: str
      sample: my-cluster
    created_at:
      description: When it was created.
      returned: when the profile exists
      type: str
      sample: '2026-08-01T09:00:00+09:00'
    pod_execution_role_arn:
      description: ARN of the pods' execution role.
      returned: when the profile exists
      type: str
      sample: arn:aws:iam::123456789012:role/eksFargatePodRole
    subnets:
      description: IDs of the subnets.
      returned: when the profile exists
      type: list
      elements: str
      sample: [subnet-11111111, subnet-22222222]
    selectors:
      description: Which pods run on Fargate.
      returned: when the profile exists
      type: list
      elements: dict
      contains:
        namespace:
          description: The namespace.
          returned: always
          type: str
          sample: fargate-tasks
        labels:
          description: The labels, all of which a pod must have.
          returned: when EKS returns it
          type: dict
          sample:
            compute: fargate
    status:
      description: Its status.
      returned: when the profile exists
      type: str
      sample: ACTIVE
    tags:
      description: Its tags.
      returned: when the profile exists
      type: dict
      sample:
        Environment: production
    health:
      description: Health issues that EKS reports.
      returned: when EKS returns it
      type: dict
      contains:
        issues:
          description: The issues.
          returned: when EKS returns it
          type: list
          elements: dict
          contains:
            code:
              description: The error code.
              returned: always
              type: str
              sample: AccessDenied
            message:
              description: The message of EKS.
              returned: always
              type: str
              sample: no access
            resource_ids:
              description: The resources that are affected.
              returned: when EKS returns it
              type: list
              elements: str
              sample: [i-0123456789abcdef0]
    # to here.
updates:
  description: Always empty, because EKS has no updates of Fargate profiles.
  returned: when O(name) is given
  type: list
  elements: dict
  sample: []
replaced:
  description: The options of the old profile. If the new one could not be created, they are the only record of it.
  returned: when it is replaced
  type: dict
  sample: {"selectors": [{"namespace": "batch", "labels": {}}]}
unlisted:
  description: Fargate profiles that were created for the cluster with O(owned) and that O(profiles) does not name.
  returned: when O(profiles) and O(purge) are given
  type: list
  elements: str
  sample: ["batch"]
fargate_profiles:
  description: A result for each profile, in the order given.
  returned: when O(profiles) is given
  type: list
  elements: dict
  contains:
    <<: *fargate_profile
    name:
      description: The profile's name.
      returned: always
      type: str
      sample: fargate-tasks
    changed:
      description: Whether it was changed, also before it failed.
      returned: always
      type: bool
      sample: true
    failed:
      description: Whether it failed.
      returned: always
      type: bool
      sample: false
    msg:
      description: Why it failed.
      returned: when it failed
      type: str
      sample: "Fargate profile batch is CREATE_FAILED: InternalFailure: no free addresses"
    replaced:
      description: See RV(replaced).
      returned: when it is replaced
      type: dict
      sample: {"selectors": [{"namespace": "batch", "labels": {}}]}
    updates:
      description: Always empty, see RV(updates).
      returned: when it did not fail
      type: list
      elements: dict
      sample: []
# Unhealthy: written by tools/shared_docs.py, from here
unhealthy:
  description:
    - What EKS says is wrong with resources of the task, a sentence for each, which is also a warning. They are DEGRADED, something about
      them failed, or they have health issues.
    - EKS makes a resource ACTIVE again when the cause is gone. With O(wait=true) the task waits for that, and fails if it does not happen.
  returned: when the task describes the resource
  type: list
  elements: str
  sample:
    - 'add-on coredns is DEGRADED: InsufficientNumberOfReplicas: The add-on is unhealthy because it doesn''t have the desired number of
      replicas.'
# to here.
# Waits: written by tools/shared_docs.py, from here
waits:
  description:
    - What the task waited for because AWS did not see it yet, like an IAM role that was created a moment before.
    - Where the module runs on the controller itself, the same is printed while it lasts, otherwise when the module has ended.
  returned: when the task had to wait for it
  type: list
  elements: dict
  contains:
    resource:
      description: What could not be created or changed meanwhile.
      returned: always
      type: str
      sample: node group general
    reason:
      description: Why it waited, with the answer of AWS.
      returned: always
      type: str
      sample: 'EKS refused its IAM role, which may be new: An error occurred (InvalidParameterException) when calling the CreateNodegroup
        operation: ...'
    seconds:
      description: How long it waited.
      returned: always
      type: float
      sample: 12.4
# to here.
"""

from functools import cache, partial
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import get_client
from ansible_collections.kumo.eks.plugins.module_utils.aws.describe import describe_or_none
from ansible_collections.kumo.eks.plugins.module_utils.aws.module import AnsibleAWSModule, handle_failures
from ansible_collections.kumo.eks.plugins.module_utils.aws.ownership import build_owner_key
from ansible_collections.kumo.eks.plugins.module_utils.aws.results import build_rows, exit_with, exit_with_rows
from ansible_collections.kumo.eks.plugins.module_utils.aws.unlisted import find_unlisted, list_unlisted
from ansible_collections.kumo.eks.plugins.module_utils.core.concurrency import ItemResult, run_serially
from ansible_collections.kumo.eks.plugins.module_utils.core.fields import drop_none
from ansible_collections.kumo.eks.plugins.module_utils.core.reconciler import Reconciler
from ansible_collections.kumo.eks.plugins.module_utils.core.resource import Outcome
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.common import (
    build_item_spec,
    build_state_spec,
    build_wait_spec,
    merge_tags,
)
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.fargate_profile import build_fargate_profile_spec
from ansible_collections.kumo.eks.plugins.module_utils.core.validation import check_name, check_unique
from ansible_collections.kumo.eks.plugins.module_utils.eks.fargate_profile import FargateProfileResource
from ansible_collections.kumo.eks.plugins.module_utils.eks.placement import Placement

DEFAULTS = ("role_arn", "subnets")  # options that, next to a list, are the defaults of its items


def build_placement(module: AnsibleAWSModule, eks: Any) -> Placement:
    """What is looked at before a profile is created; the cluster is described once in a task."""
    name = module.params["cluster_name"]
    describe_cluster = cache(lambda: describe_or_none(eks.describe_cluster, "cluster", name=name))
    return Placement(name, describe_cluster, partial(get_client, module, "ec2"), module.check_mode)


def reconcile(
    module: AnsibleAWSModule, eks: Any, placement: Placement, item: dict[str, Any], check: bool, wait: bool
) -> Outcome:
    """Bring one profile to its desired state, or with check predict the result."""
    check_name("Fargate profile", item["name"])
    resource = FargateProfileResource(eks, module.params["cluster_name"], item["name"], placement)
    if module.params["owned"]:
        resource.owner = build_owner_key(eks.meta.region_name, module.params["cluster_name"])
    reconciler = Reconciler(
        resource,
        check_mode=check,
        wait=wait,
        wait_timeout=module.params["wait_timeout"],
        replace=item.get("replace", False),
    )
    absent = item.get("state", module.params["state"]) == "absent"
    return reconciler.ensure_absent() if absent else reconciler.ensure_present(item)


def find_others(module: AnsibleAWSModule, eks: Any, listed: set[str]) -> list[str]:
    """Profiles that were created for the cluster and that the list does not name."""
    cluster = module.params["cluster_name"]

    def describe(name: str) -> dict[str, Any] | None:
        return FargateProfileResource(eks, cluster, name).describe()

    look = partial(list_unlisted, eks, cluster, "list_fargate_profiles", "fargateProfileNames", listed, describe)
    return find_unlisted(module, "Fargate profiles", look, "eks:ListFargateProfiles or eks:DescribeFargateProfile")


def reconcile_list(module: AnsibleAWSModule, eks: Any, rows: list[dict[str, Any]]) -> list[ItemResult]:
    """EKS takes one creation or deletion of a profile of a cluster at a time."""
    check_unique("profiles", [row["name"] for row in rows])
    placement = build_placement(module, eks)
    return run_serially(
        [row["name"] for row in rows],
        lambda number: reconcile(module, eks, placement, rows[number], True, False),
        lambda number, wait: reconcile(module, eks, placement, rows[number], module.check_mode, wait),
        module.params["wait"],
    )


def main() -> None:
    spec = dict(
        cluster_name=dict(type="str", required=True),
        name=dict(type="str"),
        profiles=dict(type="list", elements="dict", options=build_item_spec(build_fargate_profile_spec())),
        owned=dict(type="bool", default=False),
        purge=dict(type="bool"),
        **build_state_spec(),
        **build_wait_spec(),
        **build_fargate_profile_spec(),
    )
    module = AnsibleAWSModule(
        argument_spec=spec,
        mutually_exclusive=[
            ("profiles", option)
            for option in ("name", *build_fargate_profile_spec())
            if option not in ("tags", *DEFAULTS)
        ]
        + [("name", "purge")],
        required_one_of=[("name", "profiles")],
        supports_check_mode=True,
    )
    params = drop_none(module.params)
    with handle_failures(module, f"Could not manage Fargate profiles of cluster {params['cluster_name']}"):
        eks = get_client(module)
        if "name" in params:
            placement = build_placement(module, eks)
            outcome = reconcile(module, eks, placement, params, module.check_mode, params["wait"])
            exit_with(module, outcome, "fargate_profile")
        defaults = {name: params[name] for name in DEFAULTS if name in params}
        rows = merge_tags([{**defaults, **row} for row in params["profiles"]], params.get("tags"))
        unlisted = find_others(module, eks, {row["name"] for row in rows})
        surplus = [{"name": name, "state": "absent"} for name in unlisted] if params.get("purge") else []
        results = reconcile_list(module, eks, [*rows, *surplus])
        found = build_rows(results)
        facts = {} if "purge" not in params else {"unlisted": unlisted}
        changed = any(row["changed"] for row in found)
        exit_with_rows(module, results, found, {"changed": changed, **facts}, "fargate_profiles")


if __name__ == "__main__":
    main()
