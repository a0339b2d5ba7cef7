#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: eks_addon_takeover
version_added: 0.1.0
short_description: Take over self-managed CoreDNS, kube-proxy, VPC CNI and EBS CSI driver as EKS add-ons
description:
  - Finds the software of the add-ons C(vpc-cni), C(kube-proxy), C(coredns) and C(aws-ebs-csi-driver) that runs in a cluster without EKS managing
    it, and creates the add-ons in its place, with its settings. EKS installs the first three so when it creates a cluster, unless
    C(bootstrapSelfManagedAddons) is false. The driver is usually installed with Helm or kustomize.
  - Its settings become configuration values, as far as the schema of the add-on's version has a place for them. Settings that it has no place
    for are named, and the task is refused before anything is changed, unless O(accept_loss) names them.
  - The version stays the same. If EKS does not offer it, the next newer one that is compatible with the cluster is used, and never an older one.
  - The role by IRSA of its service account becomes the role of the add-on. An association of EKS Pod Identity stays, as does the use of the role
    of the nodes.
  - Add-ons that EKS manages are not changed. To go back, delete the add-on with O(kumo.eks.eks_addon#module:preserve=true).
author:
  - kumo.eks contributors (@kumo-eks)
options:
  cluster_name:
    description: The cluster's name.
    type: str
    required: true
  addons:
    description: The add-ons to take over, if the cluster has them. The default is all four.
    type: list
    elements: str
    choices: [vpc-cni, kube-proxy, coredns, aws-ebs-csi-driver]
  versions:
    description:
      - The version of an add-on, by its name, instead of the one that changes least. C(default) and C(most_recent) have the same meaning as in
        O(kumo.eks.eks_addon#module:version). A version that is older than the software is refused.
    type: dict
    default: {}
  accept_loss:
    description:
      - Settings that may be lost, in the words of RV(addons[].lost). V(all) accepts all of them.
      - EKS overwrites what its own manifest of the add-on sets, and leaves other fields of the objects alone. It does not publish its manifests, so
        a setting that is in this list may remain in the cluster.
    type: list
    elements: str
    default: []
  owned:
    description:
      - Whether the add-ons get the tag of ownership, C(kumo.eks/<region>/<cluster>), so that O(kumo.eks.eks_addon#module:purge) and the teardown
        include them.
    type: bool
    default: false
  tags:
    description: The tags of the add-ons that are created.
    type: dict
    aliases: [resource_tags]
  wait:
    description:
      - Whether to wait until the add-ons are active and their pods are replaced and ready. An add-on whose software belongs to a Helm release is
        always waited for.
    type: bool
    default: true
  wait_timeout:
    description: The limit of the wait for each add-on, in seconds.
    type: int
    default: 1200
notes:
  - The pods are replaced as in any update of the add-on. CoreDNS and kube-proxy continue to answer meanwhile, and running pods keep their network.
  - Of a Helm release only the records are deleted, after the add-on is active, so that Helm does not know the release any more and nothing else of
    it is deleted, like storage classes. Do not run C(helm upgrade --install) for it again. A release that contains other software is refused.
  - The labels by which a chart selects the pods of the EBS CSI driver cannot be changed, so its Deployment and DaemonSet are deleted before
    the add-on is created. Until its pods are ready, volumes cannot be created, attached or detached. Volumes that are mounted stay mounted.
  - Software that Argo CD or Flux manages is refused, because they would change it back.
  - Settings are compared with known defaults of EKS, and fields that were changed after the installation are found by their field manager. What
    somebody else than EKS installed may differ from EKS' manifest in further fields of the pods that are not compared, such as probes.
seealso:
  - module: kumo.eks.eks_addon
  - module: kumo.eks.eks_addon_info
    description: With O(kumo.eks.eks_addon_info#module:self_managed) it shows the same plan, and changes nothing.
  - name: Determine fields you can customize for Amazon EKS add-ons
    description: What EKS overwrites, and what it leaves alone.
    link: https://docs.aws.amazon.com/eks/latest/userguide/kubernetes-field-management.html
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - kumo.eks.requirements
  - kumo.eks.requirements.kubernetes
  - ansible.builtin.action_common_attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
    details: The diff shows the settings before, and those that are left.
  platform:
    platforms: posix
"""

EXAMPLES = r"""
- name: Take over what EKS installed with the cluster
  kumo.eks.eks_addon_takeover:
    cluster_name: my-cluster
    region: ap-northeast-1
    addons: [vpc-cni, kube-proxy, coredns]

- name: Take over the EBS CSI driver, with its newest version, and accept that one of its settings is lost
  kumo.eks.eks_addon_takeover:
    cluster_name: my-cluster
    region: ap-northeast-1
    addons: [aws-ebs-csi-driver]
    versions:
      aws-ebs-csi-driver: most_recent
    accept_loss: [Helm value image.repository]
"""

RETURN = r"""
addons:
  description: The add-ons whose software the cluster has, in the order of O(addons). Also returned if the task is refused.
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: The add-on's name.
      returned: always
      type: str
      sample: coredns
    state:
      description:
        - V(taken_over) if the task took it over, or would in check mode, V(managed) if EKS managed it before, V(refused) if the task was refused.
      returned: always
      type: str
      sample: taken_over
    # SelfManagedAddon: written by tools/shared_docs.py, from here
    image:
      description: The image that its pods run.
      returned: always
      type: str
      sample: 602401143452.dkr.ecr.ap-northeast-1.amazonaws.com/eks/coredns:v1.12.4-eksbuild.1
    managed_by:
      description:
        - Who manages the software. V(eks) for what EKS installed with the cluster, or an add-on left behind, V(helm), V(argocd), V(flux),
          V(kubectl) for other manifests, and V(eks add-on) if EKS manages it.
      returned: always
      type: str
      sample: eks
    field_managers:
      description: The field managers that created its workload.
      returned: always
      type: list
      elements: str
      sample: [kubectl-client-side-apply]
    release:
      description: Namespace and name of its Helm release.
      returned: always
      type: str
      sample: kube-system/aws-ebs-csi-driver
    installed_version:
      description: The version of the software, as its image says.
      returned: always
      type: str
      sample: v1.12.4-eksbuild.1
    version:
      description: The version of the add-on that takes its place.
      returned: always
      type: str
      sample: v1.12.4-eksbuild.1
    configuration_values:
      description: The settings that are kept, as the configuration values of the add-on.
      returned: always
      type: dict
      sample:
        replicaCount: 3
    kept:
      description: Where in the cluster these settings are.
      returned: always
      type: list
      elements: str
      sample:
        - Deployment coredns .spec.replicas
    lost:
      description: What differs from EKS' defaults and the add-on has no configuration value for.
      returned: always
      type: list
      elements: str
      sample:
        - 'ConfigMap kube-proxy-config conntrack.min: 262144'
    service_account_role_arn:
      description: The IAM role of its service account by IRSA, which is kept.
      returned: always
      type: str
      sample: arn:aws:iam::123456789012:role/ebsCsiRole
    pod_identity_association:
      description: ID of the EKS Pod Identity association of its service account, which is kept.
      returned: always
      type: str
      sample: a-abcdefghijklmnop1
    replaced:
      description: Workloads that are deleted before the add-on is created, because their selectors cannot be changed.
      returned: always
      type: list
      elements: str
      sample:
        - Deployment ebs-csi-controller
        - DaemonSet ebs-csi-node
    why:
      description: Why it cannot be taken over, or why it failed. Empty if it can be.
      returned: always
      type: str
      sample: ''
    # to here.
"""

from functools import partial
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import get_client
from ansible_collections.kumo.eks.plugins.module_utils.aws.describe import describe_or_none
from ansible_collections.kumo.eks.plugins.module_utils.aws.error_kinds import build_error_facts
from ansible_collections.kumo.eks.plugins.module_utils.aws.module import (
    AnsibleAWSModule,
    format_failure,
    handle_failures,
)
from ansible_collections.kumo.eks.plugins.module_utils.aws.ownership import build_owner_key
from ansible_collections.kumo.eks.plugins.module_utils.core.concurrency import run_concurrently
from ansible_collections.kumo.eks.plugins.module_utils.core.error_kinds import copy_first_help, copy_help
from ansible_collections.kumo.eks.plugins.module_utils.core.validation import find_tag_problems, raise_problems
from ansible_collections.kumo.eks.plugins.module_utils.eks.addon import AddonResource
from ansible_collections.kumo.eks.plugins.module_utils.eks.addon_versions import AddonCatalog
from ansible_collections.kumo.eks.plugins.module_utils.eks.placement import refuse_missing_cluster
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.api import KubernetesApi, open_cluster_api
from ansible_collections.kumo.eks.plugins.module_utils.takeover.plan import Plan
from ansible_collections.kumo.eks.plugins.module_utils.takeover.reading import TakeoverReader, check_names
from ansible_collections.kumo.eks.plugins.module_utils.takeover.runner import Takeover, refuse
from ansible_collections.kumo.eks.plugins.module_utils.takeover.table import NAMES

Row = dict[str, Any]


def build_task(module: AnsibleAWSModule, eks: Any, api: KubernetesApi) -> Takeover:
    """The work with the task's options."""
    params, cluster = module.params, module.params["cluster_name"]
    catalog = AddonCatalog(eks, cluster)

    def build_resource(item: Row) -> AddonResource:
        resource = AddonResource(eks, cluster, item, catalog)
        if params["owned"]:
            resource.owner = build_owner_key(eks.meta.region_name, cluster)
        return resource

    reader = TakeoverReader(eks, api, cluster, catalog, params["versions"])
    return Takeover(
        api, reader, build_resource, module.check_mode, params["wait"], params["wait_timeout"], params["tags"]
    )


def take_over(task: Takeover, names: list[str], accepted: list[str]) -> list[Row]:
    """Plan all, refuse what cannot be, and then take over one beside the other; a row for each."""
    managed = task.reader.list_managed(names)
    plans = {name: task.reader.plan(name) for name in names if name not in managed}
    found = {name: plan for name, plan in plans.items() if plan is not None}
    refuse(list(found.values()), accepted)
    results = run_concurrently([(name, partial(task.run, plan)) for name, plan in found.items()])
    rows = {
        item.name: item.outcome if item.error is None else build_failed_row(found[item.name], item.error)
        for item in results
    }
    for name, raw in managed.items():
        rows[name] = task.finish(name) or build_managed_row(raw)
    return [rows[name] for name in names if name in rows]


def build_managed_row(raw: Row) -> Row:
    """What EKS manages already."""
    return {
        **Plan(raw["addonName"], managed_by="eks add-on", version=raw["addonVersion"]).build_row(),
        "state": "managed",
    }


def build_failed_row(plan: Plan, error: Exception) -> Row:
    return {**plan.build_row(), "state": "failed", "why": format_failure(error), **copy_help(build_error_facts(error))}


def main() -> None:
    spec = dict(
        cluster_name=dict(type="str", required=True),
        addons=dict(type="list", elements="str", choices=list(NAMES)),
        versions=dict(type="dict", default={}),
        accept_loss=dict(type="list", elements="str", default=[]),
        owned=dict(type="bool", default=False),
        tags=dict(type="dict", aliases=["resource_tags"]),
        wait=dict(type="bool", default=True),
        wait_timeout=dict(type="int", default=1200),
    )
    module = AnsibleAWSModule(argument_spec=spec, supports_check_mode=True)
    params, name = module.params, module.params["cluster_name"]
    with handle_failures(module, f"Could not take over add-ons of cluster {name}"):
        check_names(list(params["versions"]), "versions")
        raise_problems(find_tag_problems(params["tags"]))
        eks, sts = get_client(module), get_client(module, "sts")
        raw = describe_or_none(eks.describe_cluster, "cluster", name=name)
        if raw is None and module.check_mode:
            module.exit_json(changed=False, addons=[])
        refuse_missing_cluster(raw, name, eks.meta.region_name)
        with open_cluster_api(eks, sts, name) as api:
            task = build_task(module, eks, api)
            rows = take_over(task, list(dict.fromkeys(params["addons"] or NAMES)), params["accept_loss"])
    result = {"changed": bool(task.before), "addons": rows, "diff": {"before": task.before, "after": task.after}}
    failed = [row for row in rows if row["state"] == "failed"]
    if failed:
        module.fail_json(
            msg=" ".join(f"{row['name']}: {row['why']}" for row in failed), **copy_first_help(failed), **result
        )
    module.exit_json(**result)


if __name__ == "__main__":
    main()
