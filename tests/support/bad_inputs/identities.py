# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of the modules of IAM roles and of identities of pods."""

from __future__ import annotations

from support.bad_inputs.row import module

ARN = "arn:aws:iam::aws:policy"
LONG = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": f"s3:Get{'x' * 4100}", "Resource": "*"}]}
iam = module(
    "eks_iam_role",
    cluster_name="there",
    purpose="custom",
    name="app",
    trust_policy={"Version": "2012-10-17", "Statement": []},
)
irsa = module(
    "eks_irsa",
    cluster_name="there",
    namespace="shop",
    service_account="web",
    policy_arns=[f"{ARN}/AmazonS3ReadOnlyAccess"],
)
pod = module("eks_pod_identity", cluster_name="there", namespace="shop", service_account="web", role_arn="$app_role")
managed = module("eks_pod_identity", cluster_name="there", namespace="shop", service_account="web")

ROLES = [
    iam("a name of 65 characters", "name", "n" * 65, "1-64 letters", name="n" * 65),
    iam("a name with a slash", "name", "'team/app'", "1-64 letters", name="team/app"),
    iam(
        "no purpose and no name",
        "purpose",
        "one of purpose, name",
        "is required",
        purpose=None,
        name=None,
        trust_policy=None,
    ),
    iam("an unknown purpose", "purpose", "worker", "cluster, auto_mode_cluster", purpose="worker"),
    iam("a trust policy that is no JSON", "trust_policy", "JSON", "JSON", trust_policy="{Statement: "),
    iam(
        "a trust policy without statements",
        "trust_policy",
        "Statement",
        "Statement",
        trust_policy={"Version": "2012-10-17"},
    ),
    iam("a trust policy as a list", "trust_policy", "['a']", "a mapping", trust_policy=["a"]),
    iam("a trust policy that is too long", "trust_policy", "characters", "at most 2048", trust_policy=LONG),
    iam(
        "a boundary by name",
        "permissions_boundary",
        "'developer'",
        "Use one like arn:aws:iam",
        permissions_boundary="developer",
    ),
    iam(
        "a role for a boundary",
        "permissions_boundary",
        "role/x",
        "Use one like",
        permissions_boundary="arn:aws:iam::123456789012:role/x",
    ),
    iam(
        "a policy by name",
        "policy_arns",
        "'AmazonS3ReadOnlyAccess'",
        "Use one like arn:aws:iam",
        policy_arns=["AmazonS3ReadOnlyAccess"],
    ),
    iam(
        "a policy that does not exist",
        "policy_arns",
        "AmazonS3Readonly",
        "does not exist",
        policy_arns=[f"{ARN}/AmazonS3Readonly"],
    ),
    iam(
        "a policy of another partition",
        "policy_arns",
        "arn:aws-cn:",
        "arn:aws:",
        policy_arns=["arn:aws-cn:iam::aws:policy/AmazonS3ReadOnlyAccess"],
    ),
    iam(
        "inline policies that are too long",
        "inline_policies",
        "10240",
        "customer-managed policy",
        inline_policies={f"p{n}": LONG for n in range(6)},
    ),
    iam(
        "an inline policy's name with a space",
        "inline_policies",
        "'my policy'",
        "1-128 letters",
        inline_policies={"my policy": LONG},
    ),
    iam(
        "an inline policy that is no JSON",
        "inline_policies.s3",
        "JSON",
        "JSON",
        inline_policies={"s3": "allow everything"},
    ),
    iam("a path without slashes", "path", "'apps'", "a slash at both ends", path="apps"),
    iam("a session of a minute", "max_session_duration", "60", "3600-43200", max_session_duration=60),
    iam("a session of a day", "max_session_duration", "86400", "3600-43200", max_session_duration=86400),
    iam(
        "a node group of a custom role",
        "nodegroup",
        "purpose=node and purpose=self_managed_node only",
        "Remove the option",
        nodegroup="web",
    ),
    iam("an unknown well-known policy", "well_known_policies", "s3", "auto_scaler", well_known_policies=["s3"]),
    iam("a reserved tag", "tags", "aws:team", "aws:", tags={"aws:team": "x"}),
    iam("51 tags", "tags", "51", "50", tags={f"t{n}": "x" for n in range(51)}),
    iam("a tag that IAM does not take", "tags", "team!", "letters", tags={"team!": "x"}),
    iam(
        "two lists",
        "iam_roles",
        "nodegroups",
        "mutually exclusive",
        purpose=None,
        name=None,
        trust_policy=None,
        iam_roles=[],
        nodegroups=[],
    ),
    iam(
        "a role twice",
        "iam_roles",
        "app",
        "must be unique",
        purpose=None,
        name=None,
        trust_policy=None,
        iam_roles=[{"name": "app"}, {"name": "App"}],
    ),
    iam(
        "a key of an item that does not exist",
        "iam_roles",
        "policies",
        "policy_arns",
        purpose=None,
        name=None,
        trust_policy=None,
        iam_roles=[{"name": "app", "policies": []}],
    ),
    iam(
        "a cluster's name that is none", "cluster_name", "'my cluster'", "Use 1-100 letters", cluster_name="my cluster"
    ),
]
IRSA = [
    irsa("a namespace with capital letters", "namespace", "'Shop'", "a-z, 0-9 and -", namespace="Shop"),
    irsa("a namespace of 64 characters", "namespace", "n" * 64, "1-63", namespace="n" * 64),
    irsa("an account with an underscore", "service_account", "'my_app'", "a-z, 0-9 and -", service_account="my_app"),
    irsa("an account of 254 characters", "service_account", "a" * 254, "1-253", service_account="a" * 254),
    irsa("a wildcard", "service_account", "shop/*", "allow_patterns=true", service_account="*"),
    irsa(
        "neither an account nor a list",
        "service_account",
        "one of the following is required",
        "identities",
        service_account=None,
    ),
    irsa("an account and a list", "identities", "service_account", "mutually exclusive", identities=[]),
    irsa(
        "a role and its policies", "role_arn", "policy_arns", "Remove role_arn or these options", role_arn="$app_role"
    ),
    irsa("a role by name", "role_arn", "'app-role'", "Use one like arn:aws:iam", role_arn="app-role", policy_arns=None),
    irsa("a token of a minute", "token_expiration", "60", "3600-86400", token_expiration=60),
    irsa(
        "the module's own annotation",
        "service_account_annotations",
        "eks.amazonaws.com/role-arn",
        "Remove it",
        service_account_annotations={"eks.amazonaws.com/role-arn": "x"},
    ),
    irsa(
        "several accounts without a role's name",
        "role_name",
        "is required",
        "several service accounts",
        service_account=None,
        service_accounts=[{"name": "a"}, {"name": "b"}],
    ),
    irsa(
        "an account twice",
        "service_accounts",
        "shop/a",
        "List each once",
        service_account=None,
        role_name="r",
        service_accounts=[{"name": "a"}, {"name": "a"}],
    ),
    irsa(
        "an identity twice",
        "identities",
        "shop/web",
        "Name it once",
        service_account=None,
        policy_arns=None,
        identities=[{"namespace": "shop", "name": "web"}, {"namespace": "shop", "name": "web"}],
    ),
    irsa("an unknown policy", "well_known_policies", "s3", "auto_scaler", well_known_policies=["s3"]),
    irsa("a policy without a name", "name", "missing", "policy", policy={"document": {}}),
    irsa(
        "a policy document that is no JSON", "policy.document", "JSON", "JSON", policy={"name": "p", "document": "s3:*"}
    ),
    irsa("a cluster that does not exist", "cluster_name", "nowhere", "does not exist", cluster_name="nowhere"),
]
PODS = [
    pod("an account with a space", "service_account", "'my app'", "a-z, 0-9 and -", service_account="my app"),
    pod("an empty namespace", "namespace", "is required", "namespace", namespace=""),
    pod("a wildcard", "service_account", "shop/*", "Name the service accounts", service_account="*"),
    pod("a role's name and ARN", "role_arn", "role_name", "Remove role_arn or these options", role_name="x"),
    pod("a target by name", "target_role_arn", "'other'", "Use one like arn:aws:iam", target_role_arn="other"),
    pod(
        "a session policy with tags",
        "session_policy",
        "without session tags",
        "disable_session_tags=true",
        session_policy={"Version": "2012-10-17", "Statement": []},
    ),
    pod(
        "a session policy that is no JSON",
        "session_policy",
        "JSON",
        "JSON",
        session_policy="s3",
        disable_session_tags=True,
    ),
    pod(
        "a role of another partition",
        "role_arn",
        "arn:aws-cn:",
        "arn:aws:",
        role_arn="arn:aws-cn:iam::123456789012:role/x",
    ),
    pod(
        "an association twice",
        "associations",
        "shop/web",
        "Name it once",
        service_account=None,
        role_arn=None,
        namespace=None,
        associations=[{"namespace": "shop", "service_account": "web"}] * 2,
    ),
    pod("a cluster that does not exist", "cluster_name", "nowhere", "does not exist", cluster_name="nowhere"),
    managed(
        "a boundary that is no ARN",
        "permissions_boundary",
        "'developer'",
        "Use one like arn:aws:iam",
        permissions_boundary="developer",
    ),
]
ROWS = [*ROLES, *IRSA, *PODS]
