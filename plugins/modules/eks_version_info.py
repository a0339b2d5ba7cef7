#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: eks_version_info
version_added: 0.1.0
short_description: Describe the Kubernetes versions that Amazon EKS offers
description:
  - Describes Kubernetes versions with their support dates, the default version, the tiers of a provisioned control plane, and the limits
    of settings of the control plane.
  - With O(cluster_name) it describes the version of one cluster, so that a playbook can report when its support ends.
author:
  - kumo.eks contributors (@kumo-eks)
options:
  versions:
    description: The Kubernetes versions to describe, in quotes. By default all versions that EKS offers are described.
    type: list
    elements: str
  cluster_name:
    description: Describe only the version of this cluster, also if EKS no longer offers it.
    type: str
  status:
    description:
      - Describe only versions with this status.
      - V(UNSUPPORTED) implies O(include_all).
    type: str
    choices: [STANDARD_SUPPORT, EXTENDED_SUPPORT, UNSUPPORTED]
  default_only:
    description: Whether to describe only the version that new clusters have if they name none.
    type: bool
    default: false
  include_all:
    description: Whether to also describe versions that EKS no longer offers.
    type: bool
    default: false
  cluster_type:
    description: Describe the versions for this type of clusters. The default of EKS is that of clusters in AWS Regions.
    type: str
seealso:
  - name: Kubernetes versions on EKS
    description: The calendar of releases, and what happens at the end of support.
    link: https://docs.aws.amazon.com/eks/latest/userguide/kubernetes-versions.html
  - module: kumo.eks.eks_addon_version_info
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - kumo.eks.requirements
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
- name: List the versions in standard support
  kumo.eks.eks_version_info:
    region: ap-northeast-1
    status: STANDARD_SUPPORT
  register: offered

- name: Describe the version of a cluster, with the end of its support
  kumo.eks.eks_version_info:
    cluster_name: my-cluster
  register: found

- name: Find the default version
  kumo.eks.eks_version_info:
    default_only: true
"""

RETURN = r"""
versions:
  description:
    - The versions as DescribeClusterVersions returns them, in snake case, newest first.
    - The list is empty if EKS knows none of them, or if the cluster does not exist.
  returned: always
  type: list
  elements: dict
  contains:
    # ClusterVersionInformation: written by tools/shared_docs.py, from here
    cluster_version:
      description: The Kubernetes version.
      returned: always
      type: str
      sample: '1.34'
    cluster_type:
      description: The type of clusters that the version is for.
      returned: when EKS returns it
      type: str
      sample: eks
    default_platform_version:
      description: The platform version of new clusters.
      returned: when EKS returns it
      type: str
      sample: eks.20
    default_version:
      description: Whether new clusters have this version if they name none.
      returned: always
      type: bool
      sample: true
    release_date:
      description: When EKS released it.
      returned: when EKS returns it
      type: str
      sample: '2025-10-02T00:00:00+00:00'
    end_of_standard_support_date:
      description: When its standard support ends.
      returned: when EKS returns it
      type: str
      sample: '2026-12-02T00:00:00+00:00'
    end_of_extended_support_date:
      description: When its extended support ends. EKS then upgrades clusters that still have it.
      returned: when EKS returns it
      type: str
      sample: '2027-12-02T00:00:00+00:00'
    status:
      description: The status in the spelling that EKS has deprecated.
      returned: when EKS returns it
      type: str
      sample: standard-support
    version_status:
      description: The status, V(STANDARD_SUPPORT), V(EXTENDED_SUPPORT) or V(UNSUPPORTED).
      returned: always
      type: str
      sample: STANDARD_SUPPORT
    kubernetes_patch_version:
      description: The patch version of Kubernetes that new control planes run.
      returned: when EKS returns it
      type: str
      sample: 1.34.2
    control_plane_scaling_tiers:
      description: The tiers of a provisioned control plane.
      returned: when EKS returns it
      type: list
      elements: dict
      contains:
        tier_name:
          description: The tier's name.
          returned: when EKS returns it
          type: str
          sample: tier-xl
        api_request_concurrency:
          description: How many requests the API server handles at the same time.
          returned: when EKS returns it
          type: int
          sample: 1700
        pod_scheduling_rate_per_second:
          description: How many pods the scheduler places in a second.
          returned: when EKS returns it
          type: int
          sample: 167
        cluster_database_size_gb:
          description: The size of the cluster's database in gigabytes.
          returned: when EKS returns it
          type: int
          sample: 16
        control_plane_component_config_overrides:
          description: Settings of the control plane's components that differ in this tier.
          returned: when EKS returns it
          type: dict
          contains:
            kube_api_server_config:
              description: Settings of the Kubernetes API server.
              returned: when EKS returns it
              type: dict
              contains:
                event_ttl:
                  description: How long events are kept.
                  returned: when EKS returns it
                  type: dict
                  contains:
                    default_value:
                      description: The default value.
                      returned: when EKS returns it
                      type: str
                      sample: 60m
                    constraints:
                      description: The limits.
                      returned: when EKS returns it
                      type: dict
                      contains:
                        min:
                          description: The shortest duration.
                          returned: when EKS returns it
                          type: str
                          sample: 10m
                        max:
                          description: The longest duration.
                          returned: when EKS returns it
                          type: str
                          sample: 60m
                service_node_port_range:
                  description: The ports of services of the type NodePort.
                  returned: when EKS returns it
                  type: dict
                  contains:
                    default_value:
                      description: The default value.
                      returned: when EKS returns it
                      type: dict
                      contains:
                        min_port:
                          description: The first port.
                          returned: when EKS returns it
                          type: int
                          sample: 30000
                        max_port:
                          description: The last port.
                          returned: when EKS returns it
                          type: int
                          sample: 32767
                    constraints:
                      description: The limits.
                      returned: when EKS returns it
                      type: dict
                      contains:
                        min_port:
                          description: The limits of the first port.
                          returned: when EKS returns it
                          type: dict
                          contains:
                            min:
                              description: The lowest value.
                              returned: when EKS returns it
                              type: int
                              sample: 10260
                            max:
                              description: The highest value.
                              returned: when EKS returns it
                              type: int
                              sample: 32767
                        max_port:
                          description: The limits of the last port.
                          returned: when EKS returns it
                          type: dict
                          contains:
                            min:
                              description: The lowest value.
                              returned: when EKS returns it
                              type: int
                              sample: 10260
                            max:
                              description: The highest value.
                              returned: when EKS returns it
                              type: int
                              sample: 32767
            kube_scheduler_config:
              description: Settings of the Kubernetes scheduler.
              returned: when EKS returns it
              type: dict
              contains:
                node_resources_fit:
                  description: How nodes are scored by their resources.
                  returned: when EKS returns it
                  type: dict
                  contains:
                    scoring_strategy:
                      description: The strategy.
                      returned: when EKS returns it
                      type: dict
                      contains:
                        default_value:
                          description: The default value.
                          returned: when EKS returns it
                          type: dict
                          contains:
                            type:
                              description: Its kind.
                              returned: when EKS returns it
                              type: str
                              sample: LeastAllocated
                            resources:
                              description: How much each resource counts.
                              returned: when EKS returns it
                              type: list
                              elements: dict
                              contains:
                                name:
                                  description: The resource.
                                  returned: when EKS returns it
                                  type: str
                                  sample: cpu
                                weight:
                                  description: Its weight.
                                  returned: when EKS returns it
                                  type: int
                                  sample: 1
                        constraints:
                          description: The limits.
                          returned: when EKS returns it
                          type: dict
                          contains:
                            scoring_strategy:
                              description: The kinds of strategies.
                              returned: when EKS returns it
                              type: dict
                              contains:
                                allowed_values:
                                  description: The values that EKS accepts.
                                  returned: when EKS returns it
                                  type: list
                                  elements: str
                                  sample: &id001 [LeastAllocated, MostAllocated]
                            resources:
                              description: The resources that can be weighted.
                              returned: when EKS returns it
                              type: dict
                              contains:
                                name:
                                  description: The names of resources.
                                  returned: when EKS returns it
                                  type: dict
                                  contains:
                                    allowed_values:
                                      description: The values that EKS accepts.
                                      returned: when EKS returns it
                                      type: list
                                      elements: str
                                      sample: *id001
                                weight:
                                  description: The limits of a weight.
                                  returned: when EKS returns it
                                  type: dict
                                  contains:
                                    min:
                                      description: The lowest weight.
                                      returned: when EKS returns it
                                      type: int
                                      sample: 1
                                    max:
                                      description: The highest weight.
                                      returned: when EKS returns it
                                      type: int
                                      sample: 100
            kube_controller_manager_config:
              description: Settings of the Kubernetes controller manager.
              returned: when EKS returns it
              type: dict
              contains:
                pod_gc_controller_config:
                  description: Removal of pods that have ended.
                  returned: when EKS returns it
                  type: dict
                  contains:
                    terminated_pod_gc_threshold:
                      description: How many of them are kept.
                      returned: when EKS returns it
                      type: dict
                      contains:
                        default_value:
                          description: The default value.
                          returned: when EKS returns it
                          type: int
                          sample: 12500
                        constraints:
                          description: The limits.
                          returned: when EKS returns it
                          type: dict
                          contains:
                            min:
                              description: The lowest value.
                              returned: when EKS returns it
                              type: int
                              sample: 1
                            max:
                              description: The highest value.
                              returned: when EKS returns it
                              type: int
                              sample: 12500
                horizontal_pod_autoscaler_controller_config:
                  description: The horizontal pod autoscaler.
                  returned: when EKS returns it
                  type: dict
                  contains:
                    horizontal_pod_autoscaler_sync_period:
                      description: The interval between its checks.
                      returned: when EKS returns it
                      type: dict
                      contains:
                        default_value:
                          description: The default value.
                          returned: when EKS returns it
                          type: str
                          sample: 60m
                        constraints:
                          description: The limits.
                          returned: when EKS returns it
                          type: dict
                          contains:
                            min:
                              description: The shortest duration.
                              returned: when EKS returns it
                              type: str
                              sample: 10m
                            max:
                              description: The longest duration.
                              returned: when EKS returns it
                              type: str
                              sample: 60m
    control_plane_component_config:
      description: Settings of the control plane's components, with default values and limits.
      returned: when EKS returns it
      type: dict
      contains:
        kube_api_server_config:
          description: Settings of the Kubernetes API server.
          returned: when EKS returns it
          type: dict
          contains:
            event_ttl:
              description: How long events are kept.
              returned: when EKS returns it
              type: dict
              contains:
                default_value:
                  description: The default value.
                  returned: when EKS returns it
                  type: str
                  sample: 60m
                constraints:
                  description: The limits.
                  returned: when EKS returns it
                  type: dict
                  contains:
                    min:
                      description: The shortest duration.
                      returned: when EKS returns it
                      type: str
                      sample: 10m
                    max:
                      description: The longest duration.
                      returned: when EKS returns it
                      type: str
                      sample: 60m
            service_node_port_range:
              description: The ports of services of the type NodePort.
              returned: when EKS returns it
              type: dict
              contains:
                default_value:
                  description: The default value.
                  returned: when EKS returns it
                  type: dict
                  contains:
                    min_port:
                      description: The first port.
                      returned: when EKS returns it
                      type: int
                      sample: 30000
                    max_port:
                      description: The last port.
                      returned: when EKS returns it
                      type: int
                      sample: 32767
                constraints:
                  description: The limits.
                  returned: when EKS returns it
                  type: dict
                  contains:
                    min_port:
                      description: The limits of the first port.
                      returned: when EKS returns it
                      type: dict
                      contains:
                        min:
                          description: The lowest value.
                          returned: when EKS returns it
                          type: int
                          sample: 10260
                        max:
                          description: The highest value.
                          returned: when EKS returns it
                          type: int
                          sample: 32767
                    max_port:
                      description: The limits of the last port.
                      returned: when EKS returns it
                      type: dict
                      contains:
                        min:
                          description: The lowest value.
                          returned: when EKS returns it
                          type: int
                          sample: 10260
                        max:
                          description: The highest value.
                          returned: when EKS returns it
                          type: int
                          sample: 32767
        kube_scheduler_config:
          description: Settings of the Kubernetes scheduler.
          returned: when EKS returns it
          type: dict
          contains:
            node_resources_fit:
              description: How nodes are scored by their resources.
              returned: when EKS returns it
              type: dict
              contains:
                scoring_strategy:
                  description: The strategy.
                  returned: when EKS returns it
                  type: dict
                  contains:
                    default_value:
                      description: The default value.
                      returned: when EKS returns it
                      type: dict
                      contains:
                        type:
                          description: Its kind.
                          returned: when EKS returns it
                          type: str
                          sample: LeastAllocated
                        resources:
                          description: How much each resource counts.
                          returned: when EKS returns it
                          type: list
                          elements: dict
                          contains:
                            name:
                              description: The resource.
                              returned: when EKS returns it
                              type: str
                              sample: cpu
                            weight:
                              description: Its weight.
                              returned: when EKS returns it
                              type: int
                              sample: 1
                    constraints:
                      description: The limits.
                      returned: when EKS returns it
                      type: dict
                      contains:
                        scoring_strategy:
                          description: The kinds of strategies.
                          returned: when EKS returns it
                          type: dict
                          contains:
                            allowed_values:
                              description: The values that EKS accepts.
                              returned: when EKS returns it
                              type: list
                              elements: str
                              sample: *id001
                        resources:
                          description: The resources that can be weighted.
                          returned: when EKS returns it
                          type: dict
                          contains:
                            name:
                              description: The names of resources.
                              returned: when EKS returns it
                              type: dict
                              contains:
                                allowed_values:
                                  description: The values that EKS accepts.
                                  returned: when EKS returns it
                                  type: list
                                  elements: str
                                  sample: *id001
                            weight:
                              description: The limits of a weight.
                              returned: when EKS returns it
                              type: dict
                              contains:
                                min:
                                  description: The lowest weight.
                                  returned: when EKS returns it
                                  type: int
                                  sample: 1
                                max:
                                  description: The highest weight.
                                  returned: when EKS returns it
                                  type: int
                                  sample: 100
        kube_controller_manager_config:
          description: Settings of the Kubernetes controller manager.
          returned: when EKS returns it
          type: dict
          contains:
            pod_gc_controller_config:
              description: Removal of pods that have ended.
              returned: when EKS returns it
              type: dict
              contains:
                terminated_pod_gc_threshold:
                  description: How many of them are kept.
                  returned: when EKS returns it
                  type: dict
                  contains:
                    default_value:
                      description: The default value.
                      returned: when EKS returns it
                      type: int
                      sample: 12500
                    constraints:
                      description: The limits.
                      returned: when EKS returns it
                      type: dict
                      contains:
                        min:
                          description: The lowest value.
                          returned: when EKS returns it
                          type: int
                          sample: 1
                        max:
                          description: The highest value.
                          returned: when EKS returns it
                          type: int
                          sample: 12500
            horizontal_pod_autoscaler_controller_config:
              description: The horizontal pod autoscaler.
              returned: when EKS returns it
              type: dict
              contains:
                horizontal_pod_autoscaler_sync_period:
                  description: The interval between its checks.
                  returned: when EKS returns it
                  type: dict
                  contains:
                    default_value:
                      description: The default value.
                      returned: when EKS returns it
                      type: str
                      sample: 60m
                    constraints:
                      description: The limits.
                      returned: when EKS returns it
                      type: dict
                      contains:
                        min:
                          description: The shortest duration.
                          returned: when EKS returns it
                          type: str
                          sample: 10m
                        max:
                          description: The longest duration.
                          returned: when EKS returns it
                          type: str
                          sample: 60m
    # to here.
"""

from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import convert_answer, get_client
from ansible_collections.kumo.eks.plugins.module_utils.aws.describe import describe_or_none
from ansible_collections.kumo.eks.plugins.module_utils.aws.module import AnsibleAWSModule, handle_failures
from ansible_collections.kumo.eks.plugins.module_utils.core.versions import parse_minor
from ansible_collections.kumo.eks.plugins.module_utils.eks.versions import list_versions


def choose_versions(eks: Any, params: dict[str, Any]) -> list[str] | None:
    """The versions that the task names, None for all; an empty list where the cluster does not exist."""
    if params["cluster_name"]:
        cluster = describe_or_none(eks.describe_cluster, "cluster", name=params["cluster_name"])
        return [cluster["version"]] if cluster else []
    for number, version in enumerate(params["versions"] or []):
        parse_minor(version, f"versions[{number}]")
    return params["versions"]


def build_request(params: dict[str, Any], versions: list[str] | None) -> dict[str, Any]:
    """The request, with unsupported versions where the task asks for them or names a cluster."""
    asked = {
        "clusterVersions": versions,
        "versionStatus": params["status"],
        "defaultOnly": params["default_only"] or None,
        "includeAll": params["include_all"]
        or params["status"] == "UNSUPPORTED"
        or bool(params["cluster_name"])
        or None,
        "clusterType": params["cluster_type"],
    }
    return {key: value for key, value in asked.items() if value is not None}


def describe_versions(eks: Any, params: dict[str, Any]) -> list[dict[str, Any]]:
    """The versions, newest first."""
    versions = choose_versions(eks, params)
    if versions == []:
        return []
    rows = [convert_answer(row) for row in list_versions(eks, **build_request(params, versions))]
    return sorted(rows, key=lambda row: parse_minor(row["cluster_version"]), reverse=True)


def main() -> None:
    spec = dict(
        versions=dict(type="list", elements="str"),
        cluster_name=dict(type="str"),
        status=dict(type="str", choices=["STANDARD_SUPPORT", "EXTENDED_SUPPORT", "UNSUPPORTED"]),
        default_only=dict(type="bool", default=False),
        include_all=dict(type="bool", default=False),
        cluster_type=dict(type="str"),
    )
    module = AnsibleAWSModule(
        argument_spec=spec, mutually_exclusive=[("versions", "cluster_name")], supports_check_mode=True
    )
    with handle_failures(module, "Could not describe Kubernetes versions"):
        found = describe_versions(get_client(module), module.params)
    module.exit_json(changed=False, versions=found)


if __name__ == "__main__":
    main()
