# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from case import Case, allow, build_cluster, build_role

NODE = ["IAM role eksNodeRole"]
EC2 = "ec2.amazonaws.com"
BASE = [
    allow(["ec2:DescribeInstances", "eks:DescribeCluster"], name="AmazonEKSWorkerNodePolicy"),
    allow(
        ["ecr:GetAuthorizationToken", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
        name="AmazonEC2ContainerRegistryReadOnly",
    ),
]
BOUNDARY = {"Statement": [{"Effect": "Allow", "Action": ["ec2:*", "ecr:*"], "Resource": "*"}]}


def nodes(*policies, service=EC2, **fields):
    role = build_role("eksNodeRole", service, policies=[*BASE, *policies], **fields)
    return {"node_roles": {role["arn"]: role}}


def users(*names):
    return {"node_role_arns": {"arn:aws:iam::123456789012:role/eksNodeRole": list(names)}}


def with_cluster(values):
    return {**values, "cluster": build_cluster()}


ADMIN, S3 = allow("*", name="AdministratorAccess"), allow("s3:*", name="all-of-s3")
FOUR = [f"Node group {name}" for name in "abcd"]
TRUST = {"Statement": [{"Effect": "Allow", "Principal": {"Service": EC2, "AWS": "arn:aws:iam::123456789012:root"}}]}
CASES = {
    "node_role_administrator": Case(nodes(ADMIN), NODE, nodes(S3), ("AdministratorAccess",)),
    "node_role_wildcard": Case(
        nodes(S3), NODE, nodes(allow("s3:*", resource="arn:aws:s3:::one/*")), ("s3:* by all-of-s3",)
    ),
    "node_role_escalation": Case(
        nodes(allow(["iam:Put*"], name="own")),
        NODE,
        nodes(allow(["iam:Put*"], name="own"), boundary=BOUNDARY),
        ("iam:PutRolePolicy by own",),
    ),
    "node_role_data": Case(
        nodes(allow("secretsmanager:Get*", name="own")),
        NODE,
        nodes(allow("secretsmanager:Get*", "arn:aws:secretsmanager:r:1:secret:one-x")),
    ),
    "node_role_extra_policy": Case(nodes(allow("sqs:SendMessage", name="queue")), NODE, nodes(), ("queue",)),
    "node_role_lacks": Case(
        {"node_roles": {"arn": build_role("eksNodeRole", EC2, policies=BASE[:1])}},
        NODE,
        nodes(),
        ("ecr:BatchGetImage",),
    ),
    "node_role_exists": Case(
        {**nodes(exists=False), **users("Node group general")},
        NODE,
        {**nodes(), **users("Node group general")},
        ("general",),
    ),
    "node_role_trust": Case(nodes(trust=TRUST), NODE, nodes(), (":root",)),
    "cni_on_node_role": Case(
        with_cluster(nodes(allow("ec2:AssignPrivateIpAddresses", name="AmazonEKS_CNI_Policy"))),
        NODE,
        with_cluster(nodes()),
    ),
    "autoscaling_on_node_role": Case(
        nodes(allow("autoscaling:*Capacity", name="scaler")),
        NODE,
        nodes(allow("autoscaling:*Capacity", name="scaler", Condition={"StringEquals": {"aws:ResourceTag/x": "y"}})),
    ),
    "node_role_shared": Case(users(*FOUR), NODE, users(*FOUR[:2])),
}
