#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: eks_insights_info
version_added: 0.1.0
short_description: Describe the insights of an Amazon EKS cluster, and refresh them
description:
  - Describes what EKS has found that would be a problem for an upgrade or a rollback of a cluster, and misconfigurations of EKS Hybrid Nodes.
  - EKS updates insights once a day. With O(refresh=true) the module has EKS check the cluster now, and waits until it has done so.
author:
  - kumo.eks contributors (@kumo-eks)
options:
  cluster_name:
    description: The cluster's name.
    type: str
    required: true
  id:
    description: Describe only the insight with this ID, with its details.
    type: str
  categories:
    description:
      - Describe only insights of these categories.
      - V(ROLLBACK_READINESS) exists for seven days after an upgrade, while EKS can roll it back.
    type: list
    elements: str
    choices: [UPGRADE_READINESS, MISCONFIGURATION, ROLLBACK_READINESS]
  kubernetes_versions:
    description: Describe only insights about these Kubernetes versions, in quotes. An upgrade insight is about the version after the upgrade.
    type: list
    elements: str
  statuses:
    description: Describe only insights with these statuses.
    type: list
    elements: str
    choices: [PASSING, WARNING, ERROR, UNKNOWN]
  details:
    description: Whether to also describe the affected resources, the recommendation and the links of each insight.
    type: bool
    default: false
  refresh:
    description:
      - Whether to have EKS refresh the insights first, and to wait for the end of the refresh.
      - If a refresh is in progress, the module waits for its end and then starts another one, because the first one may have started
        before the last change of the cluster.
      - It is not done in check mode.
    type: bool
    default: false
  wait_timeout:
    description: The limit for the refresh, in seconds.
    type: int
    default: 900
seealso:
  - name: Cluster insights
    description: The checks, and what their statuses mean.
    link: https://docs.aws.amazon.com/eks/latest/userguide/cluster-insights.html
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - kumo.eks.requirements
  - ansible.builtin.action_common_attributes
  - ansible.builtin.action_common_attributes.facts
attributes:
  check_mode:
    support: full
    details: Insights are described and not refreshed.
  diff_mode:
    support: none
  facts:
    support: none
  platform:
    platforms: posix
"""

EXAMPLES = r"""
- name: Stop before an upgrade that EKS has found problems with
  kumo.eks.eks_insights_info:
    cluster_name: my-cluster
    region: ap-northeast-1
    categories: [UPGRADE_READINESS]
    refresh: true
  register: upgrade
  failed_when: upgrade.failed or upgrade.counts.ERROR > 0

- name: Show what has to be done, with the affected resources
  kumo.eks.eks_insights_info:
    cluster_name: my-cluster
    statuses: [WARNING, ERROR, UNKNOWN]
    details: true
"""

RETURN = r"""
insights:
  description:
    - The insights as ListInsights returns them, or with details as DescribeInsight does, in snake case.
    - The list is empty if there is none, or if the cluster does not exist.
  returned: always
  type: list
  elements: dict
  contains:
    # Insight: written by tools/shared_docs.py, from here
    id:
      description: Its ID.
      returned: always
      type: str
      sample: a1b2c3d4-5678-90ab-cdef-111111111111
    name:
      description: The name of the check.
      returned: always
      type: str
      sample: Kubelet version skew
    category:
      description: Its category.
      returned: always
      type: str
      sample: UPGRADE_READINESS
    kubernetes_version:
      description: The Kubernetes version that it is about.
      returned: when EKS returns it
      type: str
      sample: '1.35'
    last_refresh_time:
      description: When EKS last checked it.
      returned: always
      type: str
      sample: '2026-08-01T09:00:00+09:00'
    last_transition_time:
      description: When its status last changed.
      returned: always
      type: str
      sample: '2026-08-01T09:00:00+09:00'
    description:
      description: What is checked. EKS writes Markdown.
      returned: always
      type: str
      sample: Checks the kubelet of each node against the version skew that the next version allows.
    insight_status:
      description: The status of the check.
      returned: always
      type: dict
      contains:
        status:
          description: The status, V(PASSING), V(WARNING), V(ERROR) or V(UNKNOWN).
          returned: always
          type: str
          sample: ERROR
        reason:
          description: Why it has this status.
          returned: when EKS returns it
          type: str
          sample: Node kubelet versions are beyond the supported skew for version 1.35.
    recommendation:
      description: What to do about it.
      returned: with details, when EKS returns it
      type: str
      sample: Update the node groups before you upgrade the cluster.
    additional_info:
      description: Links to documentation, by title.
      returned: with details, when EKS returns it
      type: dict
      sample:
        Kubernetes version skew policy: https://kubernetes.io/releases/version-skew-policy/
    resources:
      description: The resources that were checked and found to be affected.
      returned: with details, when EKS returns it
      type: list
      elements: dict
      contains:
        insight_status:
          description: The status of the resource.
          returned: when EKS returns it
          type: dict
          contains:
            status:
              description: The status, V(PASSING), V(WARNING), V(ERROR) or V(UNKNOWN).
              returned: always
              type: str
              sample: ERROR
            reason:
              description: Why it has this status.
              returned: when EKS returns it
              type: str
              sample: Node kubelet versions are beyond the supported skew for version 1.35.
        kubernetes_resource_uri:
          description: The path of a Kubernetes resource.
          returned: when EKS returns it
          type: str
          sample: /apis/policy/v1beta1/podsecuritypolicies/null
        arn:
          description: The ARN of a resource of AWS.
          returned: when EKS returns it
          type: str
          sample: arn:aws:eks:ap-northeast-1:123456789012:nodegroup/my-cluster/general/1
    category_specific_summary:
      description: More about some insights of the category V(UPGRADE_READINESS).
      returned: with details, when EKS returns it
      type: dict
      contains:
        deprecation_details:
          description: Deprecated APIs that are used.
          returned: when EKS returns it
          type: list
          elements: dict
          contains:
            usage:
              description: The deprecated API.
              returned: when EKS returns it
              type: str
              sample: /apis/policy/v1beta1/podsecuritypolicies
            replaced_with:
              description: The API that replaces it.
              returned: when EKS returns it
              type: str
              sample: /apis/policy/v1/poddisruptionbudgets
            stop_serving_version:
              description: The Kubernetes version that no longer has the deprecated API.
              returned: when EKS returns it
              type: str
              sample: '1.25'
            start_serving_replacement_version:
              description: The Kubernetes version that has the new API first.
              returned: when EKS returns it
              type: str
              sample: '1.21'
            client_stats:
              description: The clients that use it.
              returned: when EKS returns it
              type: list
              elements: dict
              contains:
                user_agent:
                  description: The client's name.
                  returned: when EKS returns it
                  type: str
                  sample: helm
                number_of_requests_last30_days:
                  description: How many requests it has made in 30 days.
                  returned: when EKS returns it
                  type: int
                  sample: 12
                last_request_time:
                  description: When it made the last one.
                  returned: when EKS returns it
                  type: str
                  sample: '2026-08-01T09:00:00+09:00'
        addon_compatibility_details:
          description: Add-ons that are not compatible with the next version.
          returned: when EKS returns it
          type: list
          elements: dict
          contains:
            name:
              description: The add-on's name.
              returned: when EKS returns it
              type: str
              sample: coredns
            compatible_versions:
              description: Its versions that are.
              returned: when EKS returns it
              type: list
              elements: str
              sample: [v1.13.1-eksbuild.1]
    # to here.
counts:
  description: How many of RV(insights) have each status.
  returned: always
  type: dict
  contains:
    PASSING:
      description: Checks that found nothing.
      returned: always
      type: int
      sample: 3
    WARNING:
      description: Problems for a later version.
      returned: always
      type: int
      sample: 0
    ERROR:
      description: Problems for the next version.
      returned: always
      type: int
      sample: 1
    UNKNOWN:
      description: Checks that could not be made.
      returned: always
      type: int
      sample: 0
refresh:
  description: The refresh as DescribeInsightsRefresh returns it, in snake case.
  returned: when O(refresh=true), and not in check mode
  type: dict
  contains:
    status:
      description: How it ended.
      returned: always
      type: str
      sample: COMPLETED
    message:
      description: The message of EKS.
      returned: when EKS returns it
      type: str
      sample: Insights refresh completed
    started_at:
      description: When it started.
      returned: when EKS returns it
      type: str
      sample: '2026-08-01T09:00:00+09:00'
    ended_at:
      description: When it ended.
      returned: when EKS returns it
      type: str
      sample: '2026-08-01T09:01:00+09:00'
"""

from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import convert_answer, get_client
from ansible_collections.kumo.eks.plugins.module_utils.aws.describe import describe_or_none
from ansible_collections.kumo.eks.plugins.module_utils.aws.module import AnsibleAWSModule, handle_failures
from ansible_collections.kumo.eks.plugins.module_utils.core.validation import find_range_problems, raise_problems
from ansible_collections.kumo.eks.plugins.module_utils.core.versions import parse_minor
from ansible_collections.kumo.eks.plugins.module_utils.eks.insights import (
    describe_insights,
    list_insights,
    refresh_insights,
)
from ansible_collections.kumo.eks.plugins.module_utils.eks.placement import refuse_missing_cluster

CATEGORIES = ["UPGRADE_READINESS", "MISCONFIGURATION", "ROLLBACK_READINESS"]
STATUSES = ["PASSING", "WARNING", "ERROR", "UNKNOWN"]


def refresh(eks: Any, params: dict[str, Any]) -> dict[str, Any]:
    """Refresh the insights of a cluster, which must exist."""
    name = params["cluster_name"]
    refuse_missing_cluster(describe_or_none(eks.describe_cluster, "cluster", name=name), name, eks.meta.region_name)
    return convert_answer(refresh_insights(eks, name, params["wait_timeout"]))


def find_insights(eks: Any, params: dict[str, Any]) -> list[dict[str, Any]]:
    """The insights that the task asks for, in the shape of the API."""
    cluster = params["cluster_name"]
    if params["id"]:
        return describe_insights(eks, cluster, [params["id"]])
    options = {"categories": "categories", "kubernetesVersions": "kubernetes_versions", "statuses": "statuses"}
    wanted = {key: params[option] for key, option in options.items() if params[option]}
    found = list_insights(eks, cluster, wanted)
    return describe_insights(eks, cluster, [row["id"] for row in found]) if params["details"] else found


def count_statuses(found: list[dict[str, Any]]) -> dict[str, int]:
    given = [row["insightStatus"]["status"] for row in found]
    return {status: given.count(status) for status in STATUSES}


def main() -> None:
    spec = dict(
        cluster_name=dict(type="str", required=True),
        id=dict(type="str"),
        categories=dict(type="list", elements="str", choices=CATEGORIES),
        kubernetes_versions=dict(type="list", elements="str"),
        statuses=dict(type="list", elements="str", choices=STATUSES),
        details=dict(type="bool", default=False),
        refresh=dict(type="bool", default=False),
        wait_timeout=dict(type="int", default=900),
    )
    exclusive = [("id", option) for option in ("categories", "kubernetes_versions", "statuses")]
    module = AnsibleAWSModule(argument_spec=spec, mutually_exclusive=exclusive, supports_check_mode=True)
    params = module.params
    with handle_failures(module, f"Could not describe insights of cluster {params['cluster_name']}"):
        raise_problems(find_range_problems("wait_timeout", params["wait_timeout"], 1))
        for number, version in enumerate(params["kubernetes_versions"] or []):
            parse_minor(version, f"kubernetes_versions[{number}]")
        eks = get_client(module)
        result = {"refresh": refresh(eks, params)} if params["refresh"] and not module.check_mode else {}
        found = find_insights(eks, params)
    module.exit_json(
        changed=False, insights=[convert_answer(row) for row in found], counts=count_statuses(found), **result
    )


if __name__ == "__main__":
    main()
