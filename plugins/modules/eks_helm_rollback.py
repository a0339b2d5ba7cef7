#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: eks_helm_rollback
version_added: 0.1.0
short_description: Roll a Helm release of an Amazon EKS cluster back
description:
  - Brings a release back to a revision, or undoes its last upgrade.
  - Nothing happens where the release is that already. So a second run changes nothing.
author:
  - kumo.eks contributors (@kumo-eks)
options:
  cluster_name:
    description: The cluster's name.
    type: str
    required: true
  name:
    description: The release's name.
    type: str
    required: true
    aliases: [release_name]
  namespace:
    description: The release's namespace.
    type: str
    default: default
    aliases: [release_namespace]
  revision:
    description:
      - The revision to go back to. The release is that already where it is deployed and its chart, values and manifests are those of the revision.
      - Left out, the last upgrade is undone, which means going back to the last revision before it that worked. Where the last revision is itself a
        rollback there is no upgrade to undo. Name the revision to go back further.
    type: int
  wait:
    description: Whether to wait until the release's pods are ready.
    type: bool
    default: false
  wait_for_jobs:
    description: Whether to wait until the release's Jobs have completed, too. Implies O(wait).
    type: bool
    default: false
  wait_timeout:
    description: How long Helm waits for one thing, in seconds. Hooks count, too.
    type: int
    default: 300
    aliases: [timeout]
  recover:
    description: Whether to roll back also a release that a broken run left pending.
    type: bool
    default: false
  recover_after:
    description:
      - How many seconds a release has to be pending before O(recover) rolls it back. Somebody may be at work, so make it longer than a run takes.
      - Left out, it is twice O(wait_timeout), and at least 600.
    type: int
  cleanup_on_fail:
    description: Whether a failed rollback removes what it created.
    type: bool
    default: false
  disable_hook:
    description: Whether to leave out the chart's hooks.
    type: bool
    default: false
  binary_path:
    description: The C(helm) to run. Left out, the first one on PATH.
    type: path
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - ansible.builtin.action_common_attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  platform:
    platforms: posix
requirements:
  - Helm 3.14 or later, or Helm 4
  - PyYAML
  - kubernetes >= 26.1.0
notes:
  - How the token is made, where it does not stand, and what becomes of a task that is killed, is told in M(kumo.eks.eks_helm).
  - C(kubernetes.core) has no rollback. Its Helm library is used to find Helm.
"""

EXAMPLES = r"""
- name: Undo the last upgrade
  kumo.eks.eks_helm_rollback:
    cluster_name: my-cluster
    region: ap-northeast-1
    name: my-app
    namespace: production
    wait: true

- name: Go back to the first revision
  kumo.eks.eks_helm_rollback:
    cluster_name: my-cluster
    region: ap-northeast-1
    name: my-app
    namespace: production
    revision: 1
"""

RETURN = r"""
rolled_back_to:
  description: The revision that the release was rolled back to, or would be in check mode.
  returned: when changed
  type: int
  sample: 1
reason:
  description: Why nothing was done.
  returned: when not changed
  type: str
  sample: it is what revision 1 is
name:
  description: The release's name.
  returned: success
  type: str
  sample: my-app
namespace:
  description: Its namespace.
  returned: success
  type: str
  sample: production
revision:
  description: Its last revision. A rollback makes a new one.
  returned: success
  type: int
  sample: 3
status:
  description: That revision's status as Helm spells it.
  returned: success
  type: str
  sample: deployed
chart:
  description: The chart's name and version.
  returned: success
  type: str
  sample: my-chart-1.2.3
app_version:
  description: The version of what the chart brings.
  returned: success
  type: str
  sample: v1.2.3
updated:
  description: When that revision was made.
  returned: success
  type: str
  sample: "2026-11-24T10:53:09.371221572Z"
description:
  description: What Helm says about that revision.
  returned: success
  type: str
  sample: Rollback to 1
"""

from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.module import AnsibleAWSModule, handle_failures
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import EksError, ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.helm.cli import HelmError, cluster_helm, helm_options
from ansible_collections.kumo.eks.plugins.module_utils.helm.pod_watch import PodWatch
from ansible_collections.kumo.eks.plugins.module_utils.helm.release import (
    PENDING,
    WAIT_OPTIONS,
    Plan,
    Release,
    ReleaseOperations,
    check_release,
    failed,
    find_last_deployed,
)

ROLLBACK = "Rollback to "  # how Helm describes a revision that is one


def argument_spec() -> dict[str, Any]:
    return helm_options(
        cluster_name=dict(type="str", required=True),
        name=dict(type="str", required=True, aliases=["release_name"]),
        namespace=dict(type="str", default="default", aliases=["release_namespace"]),
        revision=dict(type="int"),
        recover=dict(type="bool", default=False),
        recover_after=dict(type="int"),
        cleanup_on_fail=dict(type="bool", default=False),
        **WAIT_OPTIONS,
    )


def target_of(work: ReleaseOperations, current: Release, revision: int | None) -> tuple[Release | None, str]:
    """The revision to go back to, or none and why not.

    Raises:
        Refused: there is no such revision.
    """
    if revision is None:
        if current.status == "deployed" and current.description.startswith(ROLLBACK):
            return None, f"revision {current.revision} is itself a rollback ({current.description})"
        revision = find_last_deployed(current)
        if revision is None:
            raise ValidationError(f"release {current.name} has no earlier revision that worked", **current.facts())
    target = work.find(revision)
    if target is None:
        kept = ", ".join(str(row["revision"]) for row in current.history)
        raise ValidationError(
            f"revision: release {current.name} has no revision {revision}; it has {kept}", **current.facts()
        )
    if current.status == "deployed" and current.content == target.content:
        return None, f"it is what revision {revision} is"
    return target, ""


def roll(module: AnsibleAWSModule, work: ReleaseOperations, pods: PodWatch) -> dict[str, Any]:
    params = module.params
    current = work.find()
    if current is None:
        raise EksError(f"name: there is no release {params['name']} in namespace {params['namespace']}")
    if current.status in PENDING:
        work.check_stuck(current)
    target, why = target_of(work, current, params["revision"])
    if target is None:
        return {"changed": False, "reason": why, **current.facts()}
    result = {"changed": True, "rolled_back_to": target.revision}
    if module._diff:
        normalize_map = (work.text_of(each.manifest, each.hooks) for each in (current, target))
        result["diff"] = Plan("rollback", [], *normalize_map).diff(current.namespace, current.name)
    if module.check_mode:
        return {**result, **current.facts()}
    pods.follow(lambda: target.manifest)
    try:
        work.rollback(target.revision)
    except HelmError as error:
        raise failed(error, current, work.find(), pods.last_words(), atomic=False) from error
    return {**result, **work.find().facts()}


def main() -> None:
    module = AnsibleAWSModule(argument_spec=argument_spec(), supports_check_mode=True)
    params = module.params
    wanted = {**params, "wait": params["wait"] or params["wait_for_jobs"]}
    with handle_failures(module, f"Could not roll release {params['name']} back"):
        check_release(params)
        with cluster_helm(module, params["cluster_name"]) as (helm, api):
            pods = PodWatch(api, params["namespace"])
            result = roll(module, ReleaseOperations(helm, api, wanted, pods.look), pods)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
