# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may use a cluster: access entries by module, role and file, access reviews, and the migration."""

from __future__ import annotations

from support.bad_inputs.row import cluster_config, module, role

ROLE = "arn:aws:iam::123456789012:role/app"
SESSION = "arn:aws:sts::123456789012:assumed-role/app/me"
LINKED = "arn:aws:iam::123456789012:role/aws-service-role/x.amazonaws.com/AWSServiceRoleForX"
PODS = {"verb": "get", "resource": "pods"}
FILE = {"authenticationMode": "API"}


def grant(policy="AmazonEKSViewPolicy", **scope):
    return [{"policy_arn": policy, "access_scope": scope or {"type": "cluster"}}]


entry = module("eks_access_entry", cluster_name="there", principal_arn="$app_role")
several = module("eks_access_entry", cluster_name="there")
info = module("eks_access_entry_info", cluster_name="there")
review = module("eks_access_review", cluster_name="there", checks=[PODS])
aws_auth = module("eks_aws_auth_info", cluster_name="there")
access = role("eks_access")
file = cluster_config(
    apiVersion="eksctl.io/v1alpha5", kind="ClusterConfig", metadata={"name": "new", "region": "ap-northeast-1"}
)


def declare(**fields):
    return {"accessConfig": {**FILE, "accessEntries": [{"principalARN": ROLE, **fields}]}}


ENTRIES = [
    entry(
        "a session of a role",
        "principal_arn",
        SESSION,
        f"Use the ARN of the role, with its path: {ROLE}",
        principal_arn=SESSION,
    ),
    entry("a role by name", "principal_arn", "'app'", "Use one like arn:aws:iam", principal_arn="app"),
    entry("a service-linked role", "principal_arn", LINKED, "Remove it", principal_arn=LINKED),
    entry(
        "a group of IAM",
        "principal_arn",
        "group/people",
        "role or user",
        principal_arn="arn:aws:iam::123456789012:group/people",
    ),
    entry(
        "a role that is not there",
        "principal_arn",
        "role/none",
        "does not exist",
        principal_arn="arn:aws:iam::123456789012:role/none",
    ),
    entry(
        "a role of China", "principal_arn", "aws-cn", "arn:aws:", principal_arn="arn:aws-cn:iam::123456789012:role/app"
    ),
    entry("an unknown type", "type", "EC2_MAC", "STANDARD, EC2_LINUX", type="EC2_MAC"),
    entry("groups of nodes", "kubernetes_groups", "EC2_LINUX", "Remove it", type="EC2_LINUX", kubernetes_groups=["g"]),
    entry(
        "policies of nodes", "access_policies", "EC2_LINUX", "Remove them", type="EC2_LINUX", access_policies=grant()
    ),
    entry(
        "a user as nodes",
        "principal_arn",
        "user/ann",
        "requires a role",
        type="EC2",
        principal_arn="arn:aws:iam::123456789012:user/ann",
    ),
    entry(
        "masters",
        "kubernetes_groups[0]",
        "system:masters",
        "AmazonEKSClusterAdminPolicy",
        kubernetes_groups=["system:masters"],
    ),
    entry(
        "a group of the system",
        "kubernetes_groups[1]",
        "'system:x'",
        "another name",
        kubernetes_groups=["a", "system:x"],
    ),
    entry("a group twice", "kubernetes_groups", "a", "unique", kubernetes_groups=["a", "a"]),
    entry("an empty group", "kubernetes_groups[0]", "is empty", "Use the name", kubernetes_groups=[""]),
    entry("a reserved user name", "username", "'aws:me'", "Use another name", username="aws:me"),
    entry(
        "a session without a colon", "username", "{{SessionName}}", "Use one like team:", username="me{{SessionName}}"
    ),
    entry(
        "a misspelt policy",
        "access_policies[0].policy_arn",
        "AmazonEKSVeiwPolicy",
        "Did you mean AmazonEKSViewPolicy",
        access_policies=grant("AmazonEKSVeiwPolicy"),
    ),
    entry(
        "a policy of IAM",
        "access_policies[0].policy_arn",
        "arn:aws:iam::aws:policy/ReadOnlyAccess",
        "Use a name like AmazonEKSViewPolicy",
        access_policies=grant("arn:aws:iam::aws:policy/ReadOnlyAccess"),
    ),
    entry("a policy twice", "access_policies", "AmazonEKSViewPolicy", "unique", access_policies=grant() * 2),
    entry(
        "no scope",
        "access_scope",
        "access_policies",
        "missing",
        access_policies=[{"policy_arn": "AmazonEKSViewPolicy"}],
    ),
    entry(
        "no namespaces",
        "access_policies[0].access_scope.namespaces",
        "type=namespace",
        "List namespaces",
        access_policies=grant(type="namespace"),
    ),
    entry(
        "namespaces of the cluster",
        "access_policies[0].access_scope.namespaces",
        "type=cluster",
        "Remove it",
        access_policies=grant(type="cluster", namespaces=["a"]),
    ),
    entry(
        "a namespace with capitals",
        "access_scope.namespaces",
        "'Shop'",
        "Use 1-63 of a-z",
        access_policies=grant(type="namespace", namespaces=["Shop"]),
    ),
    entry("exact without a list", "exact", "a list does not declare", "Use it with access_entries", exact=True),
    entry("a cluster that is not there", "cluster_name", "none", "Check its name", cluster_name="none"),
    several(
        "a principal twice", "access_entries", "role/app", "unique", access_entries=[{"principal_arn": "$app_role"}] * 2
    ),
    several("neither one nor a list", "principal_arn", "access_entries", "one of"),
    info("a misspelt option", "principal", "Unsupported", "principal_arn", principal="x"),
]
REVIEWS = [
    review("no checks", "checks", "is empty", "List at least one", checks=[]),
    review("a check of nothing", "resource", "non_resource_url", "one of", checks=[{"verb": "get"}]),
    review("a session of a role", "principal_arn", SESSION, "Use the ARN of the role", principal_arn=SESSION),
    review(
        "a user to assume",
        "assume_role",
        "user/ann",
        "requires the ARN of a role",
        assume_role=True,
        principal_arn="arn:aws:iam::123456789012:user/ann",
    ),
    review("groups of nobody", "groups", "username", "missing", groups=["a"]),
    review("no time", "wait_timeout", "-1", "Use 0 or more", wait_timeout=-1),
    review("a cluster that is not there", "cluster_name", "none", "does not exist", cluster_name="none"),
    aws_auth("a cluster that is not there", "cluster_name", "none", "does not exist", cluster_name="none"),
]
ROLES = [
    access(
        "a session of a role",
        "eks_access_entries[0].principal_arn",
        SESSION,
        "Use the ARN of the role",
        eks_access_entries=[{"principal_arn": SESSION}],
    ),
    access(
        "a misspelt option",
        "eks_access_entries[0].kubernetes_group",
        "unknown option",
        "Did you mean kubernetes_groups",
        eks_access_entries=[{"principal_arn": ROLE, "kubernetes_group": ["a"]}],
    ),
    access(
        "masters",
        "eks_access_entries[0].kubernetes_groups[0]",
        "system:masters",
        "AmazonEKSClusterAdminPolicy",
        eks_access_entries=[{"principal_arn": ROLE, "kubernetes_groups": ["system:masters"]}],
    ),
    access("a principal twice", "eks_access_entries", ROLE, "unique", eks_access_entries=[{"principal_arn": ROLE}] * 2),
    access(
        "no principal",
        "eks_access_entries[0].principal_arn",
        "required",
        "missing",
        eks_access_entries=[{"type": "STANDARD"}],
    ),
]
FILES = [
    file(
        "no access entries by mode",
        "accessConfig.authenticationMode",
        "CONFIG_MAP",
        "Use API_AND_CONFIG_MAP",
        accessConfig={"authenticationMode": "CONFIG_MAP", "accessEntries": [{"principalARN": ROLE}]},
    ),
    file(
        "masters",
        "accessConfig.accessEntries[0].kubernetesGroups[0]",
        "system:masters",
        "AmazonEKSClusterAdminPolicy",
        **declare(kubernetesGroups=["system:masters"]),
    ),
    file(
        "a reserved user name",
        "accessConfig.accessEntries[0].kubernetesUsername",
        "'eks:me'",
        "Use another name",
        **declare(kubernetesUsername="eks:me"),
    ),
    file(
        "an unknown type",
        "accessConfig.accessEntries[0].type",
        "'EC2_MAC'",
        "Use one of STANDARD",
        **declare(type="EC2_MAC"),
    ),
    file(
        "no scope",
        "accessPolicies[0].accessScope.type",
        "is missing",
        "Use cluster or namespace",
        **declare(accessPolicies=[{"policyARN": "AmazonEKSViewPolicy"}]),
    ),
    file(
        "an account",
        "iamIdentityMappings[0].account",
        "not supported",
        "List the roles and users",
        iamIdentityMappings=[{"account": "210987654321"}],
    ),
    file(
        "a service",
        "iamIdentityMappings[0].serviceName",
        "not supported",
        "Bind a role",
        iamIdentityMappings=[{"arn": ROLE, "serviceName": "emr-containers"}],
    ),
    file(
        "a group that cannot be mapped",
        "iamIdentityMappings[0]",
        "system:custom",
        "other names",
        iamIdentityMappings=[{"arn": ROLE, "groups": ["system:custom"]}],
    ),
    file(
        "a user name that cannot be kept",
        "iamIdentityMappings[0].username",
        "system:admin",
        "Use another one",
        iamIdentityMappings=[{"arn": ROLE, "username": "system:admin"}],
    ),
    file("a principal twice", "iamIdentityMappings", ROLE, "unique", **declare(), iamIdentityMappings=[{"arn": ROLE}]),
]
ROWS = [*ENTRIES, *REVIEWS, *ROLES, *FILES]
