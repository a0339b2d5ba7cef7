# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The EC2NodeClasses and NodePools of a cluster as manifests: what the user says, over what Karpenter's own instructions begin with. Pure.

https://github.com/aws/karpenter-provider-aws/blob/v1.14.1/website/content/en/preview/getting-started/getting-started-with-karpenter/scripts/step12-add-nodepool.sh
https://karpenter.sh/docs/concepts/nodeclasses/, https://karpenter.sh/docs/concepts/nodepools/
"""

from __future__ import annotations

from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.kinds import Kind
from ansible_collections.kumo.eks.plugins.module_utils.platform.values import merge_values

Object = dict[str, Any]
Options = dict[str, Any]

AWS_GROUP = "karpenter.k8s.aws"
NODE_CLASS = Kind(f"{AWS_GROUP}/v1", "EC2NodeClass", "ec2nodeclasses", namespaced=False)
NODE_POOL = Kind("karpenter.sh/v1", "NodePool", "nodepools", namespaced=False)
NODE_CLAIM = Kind("karpenter.sh/v1", "NodeClaim", "nodeclaims", namespaced=False)
POOL_LABEL = "karpenter.sh/nodepool"  # of the nodes, too
DISCOVERY = "karpenter.sh/discovery"
DEFAULT = "default"
# The mark of the objects that the collection applied, as Kubernetes recommends it:
# https://kubernetes.io/docs/concepts/overview/working-with-objects/common-labels/
MANAGED_BY = {"app.kubernetes.io/managed-by": "kumo.eks"}
REQUIREMENTS = (
    ("kubernetes.io/arch", "In", ["amd64"]),
    ("kubernetes.io/os", "In", ["linux"]),
    ("karpenter.sh/capacity-type", "In", ["on-demand"]),
    (f"{AWS_GROUP}/instance-category", "In", ["c", "m", "r"]),
    (f"{AWS_GROUP}/instance-generation", "Gt", ["2"]),
)


def build_node_class(options: Options, defaults: Object) -> Object:
    """The manifest of an EC2NodeClass.

    Args:
        defaults: the spec that the cluster's own parts give, as ``build_class_defaults`` returns it.
    """
    spec = dict(defaults)
    given = options.get("spec") or {}
    if "instanceProfile" in given:  # of the two a node class has one
        spec.pop("role", None)
    if "role" in given:
        spec.pop("instanceProfile", None)
    return _build(NODE_CLASS, options, merge_values(spec, given))


def build_class_defaults(cluster: str, node_role: str, instance_profile: str, tags: dict[str, str]) -> Object:
    """The spec of a node class that says nothing.

    Args:
        node_role: the name of the nodes' role.
        instance_profile: the profile that has it; "" where Karpenter makes one.
        tags: of the task, for the instances and their volumes.
    """
    identity = {"instanceProfile": instance_profile} if instance_profile else {"role": node_role}
    terms = [{"tags": {DISCOVERY: cluster}}]
    return {
        **identity,
        "amiSelectorTerms": [{"alias": "al2023@latest"}],
        "subnetSelectorTerms": terms,
        "securityGroupSelectorTerms": terms,
        **({"tags": {key: str(value) for key, value in tags.items()}} if tags else {}),
    }


def build_node_pool(options: Options) -> Object:
    """The manifest of a NodePool."""
    reference = {"group": AWS_GROUP, "kind": NODE_CLASS.kind, "name": options.get("node_class") or DEFAULT}
    rows = [{"key": key, "operator": operator, "values": values} for key, operator, values in REQUIREMENTS]
    spec = {
        "template": {"spec": {"requirements": rows, "nodeClassRef": reference, "expireAfter": "720h"}},
        "limits": {"cpu": 1000},
        "disruption": {"consolidationPolicy": "WhenEmptyOrUnderutilized", "consolidateAfter": "1m"},
    }
    return _build(NODE_POOL, options, merge_values(spec, options.get("spec") or {}))


def _build(kind: Kind, options: Options, spec: Object) -> Object:
    labels = {**(options.get("labels") or {}), **MANAGED_BY}
    about = {"name": options["name"], "labels": labels}
    if options.get("annotations"):
        about["annotations"] = options["annotations"]
    return {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": about, "spec": spec}
