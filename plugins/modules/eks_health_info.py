#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: eks_health_info
version_added: 0.1.0
short_description: Check whether an Amazon EKS cluster is healthy, and since when it has its version
description:
  - Checks the version, the cluster, its managed node groups, add-ons, insights, nodes and pods, for example before the next wave of an upgrade is
    begun. C(kumo.eks.upgrade_fleet) and C(kumo.eks.update_addons_fleet) use it.
  - Returns what is wrong, and does not fail for it.
  - The checks C(nodes) and C(pods) ask the Kubernetes API of the cluster, which must be reachable from where the module runs. What cannot be read
    is a problem.
author:
  - kumo.eks contributors (@kumo-eks)
options:
  cluster_name:
    description: The cluster's name.
    type: str
    required: true
  kubernetes_version:
    description: The version that the control plane must have reached, in quotes. The default is its own version.
    type: str
  checks:
    description:
      - What is checked.
      - C(version) is the version of the control plane, and that managed node groups have the same. C(cluster) are its status and health issues.
        C(nodegroups) and C(addons) are their statuses and health issues.
      - C(insights) are those that EKS has found last. An error of the category C(MISCONFIGURATION) is a problem. One of the category
        C(UPGRADE_READINESS) is about the next version, and is a warning.
      - C(nodes) must be Ready, and C(pods) ready or completed.
    type: list
    elements: str
    choices: [version, cluster, nodegroups, addons, insights, nodes, pods]
    default: [version, cluster, nodegroups, addons, insights, nodes, pods]
  unready_pods:
    description: How many pods may not be ready.
    type: int
    default: 0
  ignored_namespaces:
    description: Namespaces whose pods do not count.
    type: list
    elements: str
    default: []
  timeout:
    description: How long the cluster may take until nothing is wrong, in seconds.
    type: int
    default: 0
  history:
    description:
      - Of what RV(upgraded_at) is the end. V(upgrade) is the last upgrade of the control plane and of managed node groups to the version, V(addons) the
        last update of an add-on.
    type: str
    choices: [upgrade, addons]
    default: upgrade
seealso:
  - module: kumo.eks.eks_upgrade
  - module: kumo.eks.eks_audit_info
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - kumo.eks.requirements
  - kumo.eks.requirements.kubernetes
  - ansible.builtin.action_common_attributes
  - ansible.builtin.action_common_attributes.facts
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
  facts:
    support: none
  platform:
    platforms: posix
"""

EXAMPLES = r"""
- name: Check a cluster after its upgrade
  kumo.eks.eks_health_info:
    cluster_name: my-cluster
    kubernetes_version: "1.34"
    timeout: 300
    region: ap-northeast-1
  register: health
  failed_when: not health.healthy
"""

RETURN = r"""
cluster_name:
  description: The cluster's name.
  returned: success
  type: str
  sample: my-cluster
version:
  description: The version of the control plane.
  returned: success
  type: str
  sample: '1.34'
healthy:
  description: Whether nothing is wrong.
  returned: success
  type: bool
  sample: true
problems:
  description: What is wrong.
  returned: success
  type: list
  elements: str
  sample: ['nodes are not Ready: ip-10-0-1-23.ap-northeast-1.compute.internal']
warnings_found:
  description: What is not wrong, and should be known.
  returned: success
  type: list
  elements: str
  sample: ['insight Deprecated APIs removed in Kubernetes v1.35 is ERROR: Deprecated API usage detected']
upgraded_at:
  description:
    - When the last upgrade of the control plane and of managed node groups to the version was over, or with O(history=addons) the last update of
      an add-on, in seconds since 1970. It is null if there was none.
    - EKS says when an update began, and not when it ended. How long it usually takes is added.
  returned: success
  type: float
  sample: 1795885200.0
"""

import time
from contextlib import ExitStack
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import get_client
from ansible_collections.kumo.eks.plugins.module_utils.aws.module import AnsibleAWSModule, handle_failures
from ansible_collections.kumo.eks.plugins.module_utils.aws.reading import read_or_note
from ansible_collections.kumo.eks.plugins.module_utils.core.validation import (
    find_range_problems,
    raise_problems,
)
from ansible_collections.kumo.eks.plugins.module_utils.core.versions import parse_minor
from ansible_collections.kumo.eks.plugins.module_utils.core.waiting import poll_for
from ansible_collections.kumo.eks.plugins.module_utils.eks.insights import describe_insights, list_insights
from ansible_collections.kumo.eks.plugins.module_utils.upgrade.aftermath import (
    CHECKS,
    Health,
    check_health,
    find_addons_updated_at,
    find_upgraded_at,
)
from ansible_collections.kumo.eks.plugins.module_utils.upgrade.kubernetes_reading import KubernetesReader
from ansible_collections.kumo.eks.plugins.module_utils.upgrade.state import ClusterState
from ansible_collections.kumo.eks.plugins.module_utils.upgrade.task import build_reader

ERRORS = {"statuses": ["ERROR"]}
UPGRADE = "upgrade"  # ansible-doc warns of assignments to tuples
ADDONS = "addons"


def build_spec() -> dict[str, Any]:
    """The module's options."""
    return dict(
        cluster_name=dict(type="str", required=True),
        kubernetes_version=dict(type="str"),
        checks=dict(type="list", elements="str", choices=list(CHECKS), default=list(CHECKS)),
        unready_pods=dict(type="int", default=0),
        ignored_namespaces=dict(type="list", elements="str", default=[]),
        timeout=dict(type="int", default=0),
        history=dict(type="str", choices=[UPGRADE, ADDONS], default=UPGRADE),
    )


def check_options(params: dict[str, Any]) -> None:
    if params["kubernetes_version"]:
        parse_minor(params["kubernetes_version"], "kubernetes_version")
    raise_problems(
        problem for option in ("unready_pods", "timeout") for problem in find_range_problems(option, params[option], 0)
    )


class Look:
    """Reads a cluster, and says what is wrong with it."""

    def __init__(self, module: AnsibleAWSModule, stack: ExitStack) -> None:
        self.params, self.eks = module.params, get_client(module)
        self.name = self.params["cluster_name"]
        asks = {"nodes", "pods"} & set(self.params["checks"])
        region = self.eks.meta.region_name
        kubernetes = KubernetesReader(stack, get_client(module, "sts"), self.name, region) if asks else None
        self.reader = build_reader(module, kubernetes)

    def read(self) -> ClusterState:
        state = self.reader.read(0, False)
        if "pods" in self.params["checks"]:
            state.kubernetes.pods = self.reader.read_pods(state.cluster)
        if "insights" in self.params["checks"]:
            state.insights = read_or_note(self._list_errors)
        return state

    def _list_errors(self) -> list[dict[str, Any]]:
        found = list_insights(self.eks, self.name, ERRORS)
        return describe_insights(self.eks, self.name, [row["id"] for row in found])

    def find_target(self, state: ClusterState) -> int:
        wanted = self.params["kubernetes_version"]
        return parse_minor(wanted) if wanted else state.minor

    def check(self) -> tuple[ClusterState, Health]:
        """The cluster and what is wrong with it, as soon as nothing is or when the time is over."""

        def look() -> tuple[bool, tuple[ClusterState, Health]]:
            state, params = self.read(), self.params
            health = check_health(
                state, self.find_target(state), params["checks"], params["unready_pods"], params["ignored_namespaces"]
            )
            return not health.problems, (state, health)

        return poll_for(look, self.params["timeout"])


def run(module: AnsibleAWSModule, stack: ExitStack) -> dict[str, Any]:
    check_options(module.params)
    look = Look(module, stack)
    state, health = look.check()
    return {
        "changed": False,
        "cluster_name": look.name,
        "version": state.cluster["version"],
        "healthy": not health.problems,
        "problems": health.problems,
        "warnings_found": health.warnings,
        "upgraded_at": find_end(look, state),
    }


def find_end(look: Look, state: ClusterState) -> float | None:
    """When what the history is asked for was over."""
    if look.params["history"] == ADDONS:
        return find_addons_updated_at(look.eks, state, time.time())
    return find_upgraded_at(look.eks, state, look.find_target(state), time.time())


def main() -> None:
    module = AnsibleAWSModule(argument_spec=build_spec(), supports_check_mode=True)
    action = f"Could not check cluster {module.params['cluster_name']}"
    with handle_failures(module, action), ExitStack() as stack:
        result = run(module, stack)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
