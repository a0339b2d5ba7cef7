# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""B: what the IAM roles of nodes allow, judged by their policy documents. Pods on a node can get the credentials of its role."""

from __future__ import annotations

from ansible_collections.kumo.eks.plugins.module_utils.audit.policies import (
    ESCALATIONS,
    SENSITIVE,
    find_grants,
    find_wildcards,
    is_administrator,
    list_services,
    list_trusted,
)
from ansible_collections.kumo.eks.plugins.module_utils.audit.rule import (
    CRITICAL,
    HIGH,
    LOW,
    MEDIUM,
    Hits,
    Row,
    rule,
)
from ansible_collections.kumo.eks.plugins.module_utils.aws.policy_documents import as_list

# Of AWS' policies that nodes need, and those that AWS' guides attach to node roles. Other policies are for pods.
# https://docs.aws.amazon.com/eks/latest/userguide/create-node-role.html
NODE_POLICIES = (
    "AmazonEKSWorkerNodePolicy",
    "AmazonEKSWorkerNodeMinimalPolicy",
    "AmazonEC2ContainerRegistryReadOnly",
    "AmazonEC2ContainerRegistryPullOnly",
    "AmazonEKS_CNI_Policy",
    "AmazonSSMManagedInstanceCore",
)
WORKER_ACTIONS = ("ec2:DescribeInstances", "eks:DescribeCluster", "eks-auth:AssumeRoleForPodIdentity")
PULL_ACTIONS = ("ecr:GetAuthorizationToken", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")
CNI_ACTIONS = ("ec2:AssignPrivateIpAddresses", "ec2:CreateNetworkInterface")
SHOWN = 6
OWN_ROLE = (
    "eks_iam_role",
    {"cluster_name": "{cluster}", "name": "{name}", "purpose": "node", "adopt": True, "purge_policies": True},
)
GUIDE = "Attach only the worker node, registry and CNI policies. Give pods that call AWS separate roles."


def name_role(role: Row) -> str:
    return f"IAM role {role['name']}"


@rule(
    "B08",
    CRITICAL,
    "No node role may do everything",
    reads=("node_roles",),
    why="Each pod on the nodes, also a compromised one, is an administrator of the account.",
    remedy=GUIDE,
    task=OWN_ROLE,
    references=("CIS EKS 5.1.3", "Kubescape C-0223"),
)
def node_role_administrator(node_roles: dict[str, Row]) -> Hits:
    for role in node_roles.values():
        if is_administrator(role):
            names = sorted({name for name, action in find_wildcards(role) if action == "*"})
            yield name_role(role), f"all actions on all resources by {', '.join(names)}"


@rule(
    "B08b",
    HIGH,
    "No node role may do everything of a service",
    reads=("node_roles",),
    why="Each pod on the nodes can use the whole service: read all its data, and delete it.",
    remedy=GUIDE,
    task=OWN_ROLE,
    references=("CIS EKS 5.1.3", "Kubescape C-0223"),
)
def node_role_wildcard(node_roles: dict[str, Row]) -> Hits:
    for role in node_roles.values():
        if is_administrator(role):
            continue
        found = [f"{action} by {name}" for name, action in find_wildcards(role)]
        if found:
            yield name_role(role), "; ".join(found[:SHOWN])


@rule(
    "B08c",
    CRITICAL,
    "No node role may give itself or others more rights",
    reads=("node_roles",),
    why="A pod that may write policies, pass roles or create access entries becomes an administrator with a few calls.",
    remedy=GUIDE,
    task=OWN_ROLE,
    references=("CIS EKS 5.1.3",),
)
def node_role_escalation(node_roles: dict[str, Row]) -> Hits:
    for role in node_roles.values():
        if is_administrator(role):
            continue
        found = [f"{action} by {name}" for action in ESCALATIONS for name, _row in find_grants(role, action)]
        if found:
            yield name_role(role), "on all resources: " + "; ".join(found[:SHOWN])


@rule(
    "B08d",
    HIGH,
    "No node role reads or destroys data of the whole account",
    reads=("node_roles",),
    why="Each pod on the nodes can read buckets, tables and secrets of all applications, or end their instances.",
    remedy=GUIDE,
    task=OWN_ROLE,
    references=("CIS EKS 5.1.3", "Kubescape C-0223"),
)
def node_role_data(node_roles: dict[str, Row]) -> Hits:
    for role in node_roles.values():
        wild = {action for _name, action in find_wildcards(role)}
        if "*" in wild:
            continue
        found = [
            f"{action} by {name}"
            for action in SENSITIVE
            for name, row in find_grants(role, action)
            if not _is_wild(row, wild)
        ]
        if found:
            yield name_role(role), "on all resources: " + "; ".join(found[:SHOWN])


def _is_wild(statement: Row, wild: set[str]) -> bool:
    """Whether node_role_wildcard already reports a statement."""
    return any(action in wild for action in map(str, as_list(statement.get("Action") or [])))


@rule(
    "B08e",
    MEDIUM,
    "Node roles have no policies but those of nodes",
    reads=("node_roles",),
    why="What another policy allows, all pods on the nodes may do, not only the one that it is for.",
    remedy="Move the policy to the role of the service account that needs it (eks_pod_identity or eks_irsa), and detach it here.",
    task=OWN_ROLE,
    references=("CIS EKS 5.1.3", "Kubescape C-0223"),
)
def node_role_extra_policy(node_roles: dict[str, Row]) -> Hits:
    for role in node_roles.values():
        extra = [policy["name"] for policy in role["policies"] if not _is_of_nodes(policy)]
        if extra:
            yield name_role(role), f"it has {', '.join(extra)}"


def _is_of_nodes(policy: Row) -> bool:
    return policy["name"] in NODE_POLICIES and ":iam::aws:policy/" in policy["arn"]


@rule(
    "B08f",
    HIGH,
    "Node roles have what nodes need",
    reads=("node_roles",),
    why="Nodes without these permissions cannot join the cluster, or cannot pull images.",
    remedy="Attach the policies of nodes.",
    task=("eks_iam_role", {"cluster_name": "{cluster}", "name": "{name}", "purpose": "node", "adopt": True}),
)
def node_role_lacks(node_roles: dict[str, Row]) -> Hits:
    for role in node_roles.values():
        if not role["exists"]:
            continue
        # Nodes of Auto Mode need only eks-auth:AssumeRoleForPodIdentity of the first
        lacking = [] if any(_allows(role, action) for action in WORKER_ACTIONS) else [WORKER_ACTIONS[0]]
        lacking += [action for action in PULL_ACTIONS if not _allows(role, action)]
        if lacking:
            yield name_role(role), f"no policy allows {', '.join(lacking)}"


def _allows(role: Row, action: str) -> bool:
    return any(True for _grant in find_grants(role, action, whole=False))


@rule(
    "B08g",
    CRITICAL,
    "The roles of nodes exist, and EC2 may assume them",
    reads=("node_roles", "node_role_arns"),
    why="Nodes without a role get no credentials: they leave the cluster, and new ones do not join it.",
    remedy="Create the role again under the same name.",
    task=("eks_iam_role", {"cluster_name": "{cluster}", "name": "{name}", "purpose": "node", "adopt": True}),
)
def node_role_exists(node_roles: dict[str, Row], node_role_arns: dict[str, list[str]]) -> Hits:
    for arn, role in node_roles.items():
        users = ", ".join(sorted(set(node_role_arns.get(arn) or [])))
        if not role["exists"]:
            yield name_role(role), f"it does not exist, and is used by {users}"
        elif not any(one.startswith("ec2.amazonaws.com") for one in list_services(role["trust"])):
            yield name_role(role), f"its trust policy does not name ec2.amazonaws.com, and it is used by {users}"


@rule(
    "B08h",
    HIGH,
    "Nobody but EC2 may assume a node role",
    reads=("node_roles",),
    why="With the credentials of a node role, one can join the cluster as a node, and read the Secrets of its pods.",
    remedy="Remove the other principals from the trust policy.",
    task=(
        "eks_iam_role",
        {"cluster_name": "{cluster}", "name": "{name}", "purpose": "node", "adopt": True, "purge_trust": True},
    ),
)
def node_role_trust(node_roles: dict[str, Row]) -> Hits:
    for role in node_roles.values():
        others = [
            one
            for one, _row in list_trusted(role["trust"])
            if not one.startswith(("ec2.amazonaws.com", "ssm.amazonaws.com"))
        ]
        if others:
            yield name_role(role), f"it may be assumed by {', '.join(others)}"


@rule(
    "B09",
    MEDIUM,
    "Node roles do not have the permissions of the VPC CNI",
    reads=("node_roles", "cluster"),
    why="Each pod could move addresses and network interfaces of instances. Only the VPC CNI needs to.",
    remedy="Give the add-on vpc-cni a separate role, then detach AmazonEKS_CNI_Policy from the node role.",
    task=(
        "eks_addon",
        {
            "cluster_name": "{cluster}",
            "name": "vpc-cni",
            "pod_identity_associations": [{"service_account": "aws-node", "role_arn": "ROLE_ARN"}],
        },
    ),
    references=("hardeneks check_aws_node_daemonset_service_account",),
)
def cni_on_node_role(node_roles: dict[str, Row], cluster: Row) -> Hits:
    for role in node_roles.values():
        if is_administrator(role):
            continue
        found = sorted({name for action in CNI_ACTIONS for name, _row in find_grants(role, action)})
        if found:
            yield name_role(role), f"{CNI_ACTIONS[0]} is allowed by {', '.join(found)}"


@rule(
    "B12",
    MEDIUM,
    "Node roles do not scale Auto Scaling groups",
    reads=("node_roles",),
    why="Each pod could end all nodes. Only an autoscaler needs to, with a separate role, limited to the groups of the cluster.",
    remedy="Give the autoscaler a separate role, with a condition on the tags of the groups.",
    references=("hardeneks use_separate_iam_role_for_cluster_autoscaler",),
)
def autoscaling_on_node_role(node_roles: dict[str, Row]) -> Hits:
    actions = ("autoscaling:SetDesiredCapacity", "autoscaling:TerminateInstanceInAutoScalingGroup")
    for role in node_roles.values():
        if is_administrator(role):
            continue
        found = [
            f"{action} by {name}"
            for action in actions
            for name, row in find_grants(role, action)
            if not row.get("Condition")
        ]
        if found:
            yield name_role(role), "; ".join(found)


@rule(
    "B08i",
    LOW,
    "Node groups that differ in their tasks do not share a role",
    reads=("node_role_arns",),
    why="What the role is given for one group, the pods of all others get as well.",
    remedy="Give each node group with additional policies a separate role.",
)
def node_role_shared(node_role_arns: dict[str, list[str]]) -> Hits:
    for arn, users in node_role_arns.items():
        groups = sorted({one for one in users if one.startswith("Node group ")})
        if len(groups) > 3:
            yield f"IAM role {arn.rpartition('/')[2]}", f"used by {', '.join(groups)}"
