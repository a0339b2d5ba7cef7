#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: eks_helm_rollback
version_added: 0.1.0
short_description: Roll back a Helm release of an Amazon EKS cluster
description:
  - Rolls a release back to a revision, or undoes its last upgrade.
  - It does nothing if the release already matches that revision, so a second run changes nothing.
  - A rollback changes the cluster, not your files. Revert the change in your files, or the next run of M(kumo.eks.eks_helm) upgrades the release again.
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
      - The revision to roll back to. The release matches it if it is deployed with the same chart, values and manifests.
      - By default the module undoes the last upgrade. It rolls back to the last revision before it that worked. If the last revision is a
        rollback, there is no upgrade to undo. Set the revision to go back further.
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
    description: The limit of each wait of Helm, in seconds, including hooks.
    type: int
    default: 300
    aliases: [timeout]
  recover:
    description: Whether to also roll back a release that an interrupted run left pending.
    type: bool
    default: false
  recover_after:
    description:
      - How many seconds a release must be pending before O(recover) rolls it back. Another run may still be working on it, so use more than the duration
        of a run.
      - The default is twice O(wait_timeout), and at least 600.
    type: int
  cleanup_on_fail:
    description: Whether a failed rollback removes what it created.
    type: bool
    default: false
  disable_hook:
    description: Whether to skip the hooks of the chart.
    type: bool
    default: false
  binary_path:
    description: The C(helm) to run. The default is the first C(helm) on PATH.
    type: path
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - kumo.eks.requirements
  - kumo.eks.requirements.kubernetes
  - kumo.eks.requirements.helm
  - ansible.builtin.action_common_attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  platform:
    platforms: posix
seealso:
  - module: kumo.eks.eks_helm
  - name: helm rollback
    description: The command that is run.
    link: https://helm.sh/docs/helm/helm_rollback/
notes:
  - The diff hides the values of Secrets, and texts whose keys in the release's values look like secrets. Others that O(kumo.eks.eks_helm#module:secret_values)
    set are not known here. Set C(diff=false) where a chart writes them into other objects than Secrets.
  - M(kumo.eks.eks_helm) describes how the token is created and protected, and what happens when the task is killed.
  - C(kubernetes.core) has no module that rolls back. Its Helm library is used to find Helm.
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
  sample: it is the same as revision 1
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
  description: Its last revision. A rollback creates a new one.
  returned: success
  type: int
  sample: 3
status:
  description: The status of that revision in Helm.
  returned: success
  type: str
  sample: deployed
chart:
  description: The chart's name and version.
  returned: success
  type: str
  sample: my-chart-1.2.3
app_version:
  description: The version of the application that the chart installs.
  returned: success
  type: str
  sample: v1.2.3
updated:
  description: When that revision was created.
  returned: success
  type: str
  sample: "2026-11-24T10:53:09.371221572Z"
description:
  description: Helm's description of that revision.
  returned: success
  type: str
  sample: Rollback to 1
"""

from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.module import AnsibleAWSModule, handle_failures
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import NotFound, ReleasePending, ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.helm import (
    DEFAULTS,
    build_helm_spec,
    build_wait_spec,
    find_release_problems,
    find_revision_problems,
)
from ansible_collections.kumo.eks.plugins.module_utils.helm.cli import HelmError
from ansible_collections.kumo.eks.plugins.module_utils.helm.environment import describe_cluster, open_cluster_helm
from ansible_collections.kumo.eks.plugins.module_utils.helm.hiding import mask_stored_values
from ansible_collections.kumo.eks.plugins.module_utils.helm.operations import ReleaseOperations
from ansible_collections.kumo.eks.plugins.module_utils.helm.plan import Plan
from ansible_collections.kumo.eks.plugins.module_utils.helm.pod_watch import PodWatch
from ansible_collections.kumo.eks.plugins.module_utils.helm.recovery import (
    PENDING,
    build_failure,
    find_last_working,
    validate_recovery,
)
from ansible_collections.kumo.eks.plugins.module_utils.helm.release import Release
from ansible_collections.kumo.eks.plugins.module_utils.helm.store import ReleaseStore

ROLLBACK = "Rollback to "  # how Helm describes a revision that is one
History = list[dict[str, Any]]


def build_argument_spec() -> dict[str, Any]:
    wait = {
        name: {**about, "default": DEFAULTS[name]} if name in DEFAULTS else about
        for name, about in build_wait_spec().items()
    }
    return build_helm_spec(
        cluster_name=dict(type="str", required=True),
        name=dict(type="str", required=True, aliases=["release_name"]),
        namespace=dict(type="str", default="default", aliases=["release_namespace"]),
        revision=dict(type="int"),
        recover=dict(type="bool", default=False),
        recover_after=dict(type="int"),
        cleanup_on_fail=dict(type="bool", default=False),
        **wait,
    )


def find_target(
    operations: ReleaseOperations, current: Release, history: History, revision: int | None
) -> tuple[Release | None, str]:
    """The revision to roll back to, or None and why there is nothing to do.

    Raises:
        ValidationError: there is no such revision.
    """
    if revision is None:
        if current.status == "deployed" and current.description.startswith(ROLLBACK):
            return None, f"revision {current.revision} is itself a rollback ({current.description})"
        revision = find_last_working(current.revision, history)
        if revision is None:
            reason = f"release {current.name} has no earlier revision that worked"
            raise ReleasePending(reason, **current.build_facts())
    target = operations.find_revision(revision)
    if target is None:
        kept = ", ".join(str(row["revision"]) for row in history)
        reason = f"revision: release {current.name} has no revision {revision}. It has {kept}"
        raise ReleasePending(reason, **current.build_facts())
    if current.status == "deployed" and current.content == target.content:
        return None, f"it is the same as revision {revision}"
    return target, ""


def roll_back(module: AnsibleAWSModule, operations: ReleaseOperations, pods: PodWatch) -> dict[str, Any]:
    params = module.params
    current = operations.find()
    if current is None:
        raise NotFound(f"name: release {params['name']} does not exist in namespace {params['namespace']}")
    history = operations.list_history()
    if current.status in PENDING:
        validate_recovery(current, history, operations.title, params)
    target, reason = find_target(operations, current, history, params["revision"])
    if target is None:
        return {"changed": False, "reason": reason, **current.build_facts()}
    result = {"changed": True, "rolled_back_to": target.revision}
    for each in (current, target):
        mask_stored_values(module, each.values)
    if module._diff:
        before, after = (operations.select_manifests(each.manifest, each.hooks) for each in (current, target))
        result["diff"] = Plan("rollback", [], before, after).build_diff(current.namespace, current.name)
    if module.check_mode:
        return {**result, **current.build_facts()}
    pods.follow(lambda: target.manifest)
    try:
        operations.rollback(target.revision)
    except HelmError as error:
        raise build_failure(error, current, operations.find(), pods.format_last(), atomic=False) from error
    return {**result, **operations.find().build_facts()}


def main() -> None:
    module = AnsibleAWSModule(argument_spec=build_argument_spec(), supports_check_mode=True)
    params = module.params
    wanted = {**params, "wait": params["wait"] or params["wait_for_jobs"]}
    with handle_failures(module, f"Could not roll back release {params['name']}"):
        options = {**params, "state": "absent"}  # there is no chart to check
        for problem in (*find_release_problems(options), *find_revision_problems(params["revision"])):
            raise ValidationError(problem)
        raw = describe_cluster(module, params["cluster_name"])
        with open_cluster_helm(module, params["cluster_name"], raw) as (helm, api):
            pods = PodWatch(api, params["namespace"])
            operations = ReleaseOperations(helm, api, ReleaseStore(helm, api), wanted, pods.observe)
            result = roll_back(module, operations, pods)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
