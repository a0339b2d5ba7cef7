# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the controller of Karpenter may do in AWS: the policies that its project publishes. Data, with its source. Pure.

They are those of v1.12 to v1.14, which do not differ, with the names, the statements and the order of the template:
https://github.com/aws/karpenter-provider-aws/blob/v1.14.1/website/content/en/preview/getting-started/getting-started-with-karpenter/cloudformation.yaml
https://karpenter.sh/v1.14/reference/cloudformation/#karpenter-controller-authorization
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.policy_documents import VERSION

Statement = dict[str, Any]
Document = dict[str, Any]
VERSION_OF_POLICIES = "1.14"
NAME = "KarpenterController{}Policy"
# What Karpenter makes with one of its requests, and tags at once
MADE = ("fleet", "instance", "volume", "network-interface", "launch-template", "spot-instances-request")
USED = ("security-group", "subnet", "capacity-reservation", "placement-group")
OWNED_BY_POOL = "karpenter.sh/nodepool"
OF_NODE_CLASS = "karpenter.k8s.aws/ec2nodeclass"
REGION_TAG = "topology.kubernetes.io/region"
CLUSTER_NAME_TAG = "eks:eks-cluster-name"
RESOURCE, REQUEST = "aws:ResourceTag/", "aws:RequestTag/"


@dataclass(frozen=True)
class ControllerRights:
    """What the controller of a cluster works with.

    Args:
        node_role_arn: the role of the nodes, which Karpenter passes to EC2.
        queue_arn: the interruption queue; "" where there is none.
    """

    cluster: str
    region: str
    partition: str
    account: str
    node_role_arn: str
    queue_arn: str = ""

    @property
    def ec2(self) -> str:
        return f"arn:{self.partition}:ec2:{self.region}"

    @property
    def profiles(self) -> str:
        return f"arn:{self.partition}:iam::{self.account}:instance-profile/*"

    @property
    def cluster_arn(self) -> str:
        return f"arn:{self.partition}:eks:{self.region}:{self.account}:cluster/{self.cluster}"

    @property
    def cluster_tag(self) -> str:
        return f"kubernetes.io/cluster/{self.cluster}"


def build_controller_policies(rights: ControllerRights) -> dict[str, Document]:
    """The documents, by the names of the policies."""
    found = {
        "NodeLifecycle": _build_node_lifecycle(rights),
        "IAMIntegration": _build_iam_integration(rights),
        "EKSIntegration": [
            _allow("AllowAPIServerEndpointDiscovery", "eks:DescribeCluster", rights.cluster_arn),
        ],
        "ZonalShift": [
            _allow(
                "AllowZonalShiftStatusReadOnly",
                "arc-zonal-shift:GetManagedResource",
                "*",
                {"StringEquals": {"arc-zonal-shift:ResourceIdentifier": rights.cluster_arn}},
            ),
        ],
        "ResourceDiscovery": _build_resource_discovery(rights),
    }
    if rights.queue_arn:
        actions = ["sqs:DeleteMessage", "sqs:GetQueueUrl", "sqs:ReceiveMessage"]
        found["Interruption"] = [_allow("AllowInterruptionQueueActions", actions, rights.queue_arn)]
    return {NAME.format(name): {"Version": VERSION, "Statement": rows} for name, rows in found.items()}


def _allow(sid: str, actions: str | list[str], resources: str | list[str], condition: Any = None) -> Statement:
    statement: Statement = {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resources}
    return {**statement, "Condition": condition} if condition else statement


def _build_node_lifecycle(rights: ControllerRights) -> list[Statement]:
    """Karpenter starts instances with tags, and ends only what has them."""
    ec2, templates = rights.ec2, f"{rights.ec2}:*:launch-template/*"
    start = ["ec2:RunInstances", "ec2:CreateFleet"]
    made = [f"{ec2}:*:{kind}/*" for kind in MADE]
    of_cluster = {
        "StringEquals": {f"{RESOURCE}{rights.cluster_tag}": "owned"},
        "StringLike": {f"{RESOURCE}{OWNED_BY_POOL}": "*"},
    }
    tagged = {
        f"{REQUEST}{rights.cluster_tag}": "owned",
        f"{REQUEST}{CLUSTER_NAME_TAG}": rights.cluster,
    }
    pool = {"StringLike": {f"{REQUEST}{OWNED_BY_POOL}": "*"}}
    by = {"ec2:CreateAction": ["RunInstances", "CreateFleet", "CreateLaunchTemplate"]}
    later = {
        **of_cluster,
        "StringEqualsIfExists": {f"{REQUEST}{CLUSTER_NAME_TAG}": rights.cluster},
        "ForAllValues:StringEquals": {"aws:TagKeys": [CLUSTER_NAME_TAG, "karpenter.sh/nodeclaim", "Name"]},
    }
    used = [f"{ec2}::image/*", f"{ec2}::snapshot/*", *(f"{ec2}:*:{kind}/*" for kind in USED)]
    return [
        _allow("AllowScopedEC2InstanceAccessActions", start, used),
        _allow("AllowScopedEC2LaunchTemplateAccessActions", start, templates, of_cluster),
        _allow(
            "AllowScopedEC2InstanceActionsWithTags",
            [*start, "ec2:CreateLaunchTemplate"],
            made,
            {"StringEquals": tagged, **pool},
        ),
        _allow(
            "AllowScopedResourceCreationTagging", "ec2:CreateTags", made, {"StringEquals": {**tagged, **by}, **pool}
        ),
        _allow("AllowScopedResourceTagging", "ec2:CreateTags", f"{ec2}:*:instance/*", later),
        _allow(
            "AllowScopedDeletion",
            ["ec2:TerminateInstances", "ec2:DeleteLaunchTemplate"],
            [f"{ec2}:*:instance/*", templates],
            of_cluster,
        ),
    ]


def _build_iam_integration(rights: ControllerRights) -> list[Statement]:
    """Karpenter makes an instance profile for each node class that names a role, and passes no other role."""
    services = ["ec2.amazonaws.com", "ec2.amazonaws.com.cn"]

    def build_tags(kind: str, *names: str) -> dict[str, str]:
        values = {rights.cluster_tag: "owned", CLUSTER_NAME_TAG: rights.cluster, REGION_TAG: rights.region}
        return {f"{kind}{name}": values[name] for name in names}

    now = build_tags(RESOURCE, rights.cluster_tag, REGION_TAG)
    then = build_tags(REQUEST, rights.cluster_tag, CLUSTER_NAME_TAG, REGION_TAG)
    of_now, of_then = {f"{RESOURCE}{OF_NODE_CLASS}": "*"}, {f"{REQUEST}{OF_NODE_CLASS}": "*"}
    return [
        _allow(
            "AllowPassingInstanceRole",
            "iam:PassRole",
            rights.node_role_arn,
            {"StringEquals": {"iam:PassedToService": services}},
        ),
        _allow(
            "AllowScopedInstanceProfileCreationActions",
            "iam:CreateInstanceProfile",
            rights.profiles,
            {"StringEquals": then, "StringLike": of_then},
        ),
        _allow(
            "AllowScopedInstanceProfileTagActions",
            "iam:TagInstanceProfile",
            rights.profiles,
            {"StringEquals": {**now, **then}, "StringLike": {**of_now, **of_then}},
        ),
        _allow(
            "AllowScopedInstanceProfileActions",
            ["iam:AddRoleToInstanceProfile", "iam:RemoveRoleFromInstanceProfile", "iam:DeleteInstanceProfile"],
            rights.profiles,
            {"StringEquals": now, "StringLike": of_now},
        ),
    ]


def _build_resource_discovery(rights: ControllerRights) -> list[Statement]:
    """Reads, of EC2 in the cluster's region alone."""
    words = (
        "CapacityReservations Images Instances InstanceStatus InstanceTypeOfferings InstanceTypes LaunchTemplates PlacementGroups"
        " SecurityGroups SpotPriceHistory Subnets"
    )
    parameters = f"arn:{rights.partition}:ssm:{rights.region}::parameter/aws/service/*"
    return [
        _allow(
            "AllowRegionalReadActions",
            [f"ec2:Describe{word}" for word in words.split()],
            "*",
            {"StringEquals": {"aws:RequestedRegion": rights.region}},
        ),
        _allow("AllowSSMReadActions", "ssm:GetParameter", parameters),
        _allow("AllowPricingReadActions", "pricing:GetProducts", "*"),
        _allow("AllowUnscopedInstanceProfileListAction", "iam:ListInstanceProfiles", "*"),
        _allow("AllowInstanceProfileReadActions", "iam:GetInstanceProfile", rights.profiles),
    ]
