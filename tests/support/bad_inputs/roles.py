# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Variables of the roles, as site.yml checks them before it does anything."""

from __future__ import annotations

from support.bad_inputs.row import role

network, cluster, nodes = role("eks_network"), role("eks_cluster"), role("eks_nodegroups")
fargate, addons, irsa, helm = role("eks_fargate"), role("eks_addons"), role("eks_irsa"), role("eks_helm")
SHOP = {"namespace": "shop", "name": "web"}

EXTENSIONS = [
    cluster(
        "two identity providers",
        "eks_cluster_identity_providers",
        "a, b are given",
        "one OIDC identity provider",
        eks_cluster_identity_providers=[{"name": "a"}, {"name": "b"}],
    ),
    cluster(
        "two capabilities of a type",
        "eks_cluster_capabilities",
        "2 capabilities of the type ACK",
        "one of each type",
        eks_cluster_capabilities=[{"name": "a", "type": "ACK"}, {"name": "b", "type": "ACK"}],
    ),
    cluster(
        "a capability without a type",
        "eks_cluster_capabilities[0].type",
        "is missing",
        "ACK, KRO, ARGOCD",
        eks_cluster_capabilities=[{"name": "a"}],
    ),
    cluster(
        "a capability with a role and its policies",
        "eks_cluster_capabilities[0].role_arn",
        "policy_arns",
        "Remove one of them",
        eks_cluster_capabilities=[
            {
                "name": "a",
                "type": "ACK",
                "role_arn": "$app_role",
                "policy_arns": ["arn:aws:iam::aws:policy/ReadOnlyAccess"],
            }
        ],
    ),
    cluster(
        "capabilities without access entries",
        "eks_cluster_capabilities",
        "CONFIG_MAP",
        "API_AND_CONFIG_MAP",
        eks_cluster_capabilities=[{"name": "a", "type": "ACK"}],
        eks_cluster_access_config={"authentication_mode": "CONFIG_MAP"},
    ),
]
NETWORK = [
    network(
        "a VPC that is too large", "eks_network_cidr", "10.0.0.0/8", "a /16 to a /28", eks_network_cidr="10.0.0.0/8"
    ),
    network("a block that is none", "eks_network_cidr", "10.0.0/16", "like 10.0.0.0/16", eks_network_cidr="10.0.0/16"),
    network(
        "the services' block in the VPC",
        "eks_cluster_kubernetes_network_config.service_ipv4_cidr",
        "10.100.0.0/16",
        "Use another private block",
        eks_network_cidr="10.100.0.0/16",
        eks_cluster_kubernetes_network_config={"service_ipv4_cidr": "10.100.0.0/16"},
    ),
    network(
        "the services' block in a second block",
        "eks_cluster_kubernetes_network_config.service_ipv4_cidr",
        "10.1.0.0/20",
        "Use another private block",
        eks_network_cidr="10.0.0.0/16",
        eks_network_secondary_cidrs=["10.1.0.0/16"],
        eks_cluster_kubernetes_network_config={"service_ipv4_cidr": "10.1.0.0/20"},
    ),
    network(
        "one zone",
        "eks_network_zones",
        "ap-northeast-1a alone",
        "at least 2 zones",
        eks_network_zones=["ap-northeast-1a"],
    ),
    network(
        "zones of another region",
        "eks_network_zones",
        "us-east-1a",
        "ap-northeast-1a",
        eks_network_zones=["us-east-1a", "us-east-1b"],
    ),
    network(
        "a Local Zone that is not opted in to",
        "eks_network_local_zones",
        "the account has not opted in to ap-northeast-1-tpe-1a",
        "--group-name ap-northeast-1-tpe-1 --opt-in-status opted-in",
        eks_network_local_zones=["ap-northeast-1-tpe-1a"],
    ),
    network(
        "a Local Zone that is an Availability Zone",
        "eks_network_local_zones",
        "ap-northeast-1a is not the name of a Local Zone",
        "Availability Zones go into zones",
        eks_network_local_zones=["ap-northeast-1a"],
    ),
    network("zones as text", "eks_network_zone_count", "three", "a whole number", eks_network_zone_count="three"),
    network(
        "an unknown NAT", "eks_network_nat_gateway", "single", "Did you mean Single", eks_network_nat_gateway="single"
    ),
    network("an unknown endpoint", "eks_network_endpoints", "ecr", "ecr.api", eks_network_endpoints=["ecr"]),
    network(
        "subnets of two VPCs",
        "eks_network_subnets",
        "$alien_subnet",
        "of one VPC",
        eks_network_subnets={"private": ["$subnet", "$alien_subnet"]},
    ),
    network(
        "subnets as a list", "eks_network_subnets", "$subnet", "a mapping of options", eks_network_subnets="$subnets"
    ),
    network(
        "a subnet that does not exist",
        "eks_network_subnets.private",
        "subnet-0dead",
        "does not exist",
        eks_network_subnets={"private": ["$subnet", "subnet-0dead"]},
    ),
    network(
        "subnets of one zone",
        "eks_network_subnets",
        "ap-northeast-1a",
        "at least two Availability Zones",
        eks_network_subnets={"private": ["$subnet", "$same_zone_subnet"]},
    ),
    network(
        "a kind of subnets that does not exist",
        "eks_network_subnets.database",
        "unknown option",
        "isolated",
        eks_network_subnets={"database": "$subnets"},
    ),
    network("a reserved tag", "eks_network_tags", "aws:team", "Remove aws:team", eks_tags={"aws:team": "x"}),
]
CLUSTER = [
    cluster("a name of 101 characters", "eks_cluster_name", "c" * 101, "Use 1-100 letters", eks_cluster_name="c" * 101),
    cluster("a name that is taken", "eks_cluster_name", "there", "eks_cluster_adopt=true", eks_cluster_name="there"),
    cluster(
        "a version that EKS does not offer", "eks_cluster_version", "1.99", "Versions are:", eks_cluster_version="1.99"
    ),
    cluster(
        "a version without quotes", "eks_cluster_version", "'1.3'", "put the version in quotes", eks_cluster_version=1.3
    ),
    cluster("a city for a region", "eks_region", "'tokyo'", "Use one like ap-northeast-1", eks_region="tokyo"),
    cluster(
        "no endpoint",
        "eks_cluster_endpoint_public_access",
        "at least one",
        "Set endpoint_private_access=true",
        eks_cluster_endpoint_public_access=False,
    ),
    cluster(
        "a boolean in words",
        "eks_cluster_endpoint_public_access",
        "'maybe'",
        "true or false",
        eks_cluster_endpoint_public_access="maybe",
    ),
    cluster(
        "a misspelt key",
        "eks_cluster_access_config.authentification_mode",
        "unknown option",
        "Did you mean authentication_mode",
        eks_cluster_access_config={"authentification_mode": "API"},
    ),
    cluster("text for a list", "eks_cluster_logging", "'all'", "Use api or audit", eks_cluster_logging="all"),
    cluster(
        "a group of another VPC",
        "eks_cluster_security_groups",
        "$alien_group",
        "VPC $vpc",
        eks_network_subnets={"private": "$subnets"},
        eks_cluster_security_groups=["$alien_group"],
    ),
    cluster(
        "a group that does not exist",
        "eks_cluster_security_groups",
        "sg-0dead",
        "does not exist",
        eks_cluster_security_groups=["sg-0dead"],
    ),
    cluster(
        "a role that does not exist",
        "eks_cluster_role_arn",
        "role/ghost",
        "does not exist",
        eks_cluster_role_arn="arn:aws:iam::123456789012:role/ghost",
    ),
    cluster(
        "a role of another partition",
        "eks_cluster_role_arn",
        "arn:aws-cn:",
        "arn:aws:",
        eks_cluster_role_arn="arn:aws-cn:iam::123456789012:role/x",
    ),
    cluster(
        "a key for signatures",
        "eks_cluster_encryption_config.key_arn",
        "$signing_key",
        "symmetric",
        eks_cluster_encryption_config={"key_arn": "$signing_key"},
    ),
    cluster(
        "a key of another region",
        "eks_cluster_encryption_config.key_arn",
        "us-east-1",
        "ap-northeast-1",
        eks_cluster_encryption_config={
            "key_arn": "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
        },
    ),
    cluster(
        "half of auto mode",
        "eks_cluster_compute_config.enabled",
        "storage_config.block_storage.enabled",
        "all true or all false",
        eks_cluster_compute_config={"enabled": True},
        eks_cluster_storage_config={"block_storage": {"enabled": False}},
        eks_cluster_access_config={"authentication_mode": "API"},
    ),
    cluster(
        "a role's name of 65 characters",
        "iam_roles[0].role_name",
        "r" * 65,
        "1-64 letters",
        eks_cluster_role_name="r" * 65,
    ),
]
NODES = [
    nodes(
        "a misspelt option",
        "eks_nodegroups_list[0].instance_type",
        "unknown option",
        "Did you mean instance_types",
        eks_nodegroups_list=[{"name": "web", "instance_type": "m5.large"}],
    ),
    nodes(
        "no name",
        "eks_nodegroups_list[0].name",
        "required option is missing",
        "name",
        eks_nodegroups_list=[{"instance_types": ["m5.large"]}],
    ),
    nodes(
        "a name twice",
        "eks_nodegroups_list",
        "web",
        "must be unique",
        eks_nodegroups_list=[{"name": "web"}, {"name": "web"}],
    ),
    nodes("a mapping for a list", "eks_nodegroups_list", "{'web'", "is not a list", eks_nodegroups_list={"web": {}}),
    nodes(
        "a name for an item",
        "eks_nodegroups_list[0]",
        "'web'",
        "is not a mapping of options",
        eks_nodegroups_list=["web"],
    ),
    nodes(
        "a size in words",
        "eks_nodegroups_list[0].scaling_config.max_size",
        "'three'",
        "a whole number",
        eks_nodegroups_list=[{"name": "web", "scaling_config": {"min_size": 1, "max_size": "three"}}],
    ),
    nodes(
        "an instance type that does not exist",
        "eks_nodegroups_list[0].instance_types",
        "m9x.huge",
        "ap-northeast-1",
        eks_nodegroups_list=[{"name": "web", "instance_types": ["m9x.huge"]}],
    ),
    nodes(
        "a type for an image of another architecture",
        "eks_nodegroups_list[0].ami_type",
        "m7g.large",
        "for arm64",
        eks_nodegroups_list=[{"name": "web", "instance_types": ["m7g.large"], "ami_type": "AL2023_x86_64_STANDARD"}],
    ),
    nodes(
        "nodes ahead of the cluster",
        "eks_nodegroups_list[0].version",
        "1.34",
        "eks_cluster_version",
        eks_cluster_version="1.33",
        eks_nodegroups_list=[{"name": "web", "version": "1.34"}],
    ),
    nodes(
        "defaults that do not exist",
        "eks_nodegroups_defaults.disk",
        "unknown option",
        "Did you mean disk_size",
        eks_nodegroups_defaults={"disk": 100},
    ),
    nodes(
        "a disk beside the defaults' template",
        "eks_nodegroups_list[0].disk_size",
        "cannot be combined with template",
        "template.volumes",
        eks_nodegroups_defaults={"template": {}},
        eks_nodegroups_list=[{"name": "web", "disk_size": 100}],
    ),
    nodes(
        "a taint's effect",
        "eks_nodegroups_list[0].taints[0].effect",
        "'NoSchedule'",
        "Did you mean NO_SCHEDULE",
        eks_nodegroups_list=[{"name": "web", "taints": [{"key": "gpu", "effect": "NoSchedule"}]}],
    ),
    nodes(
        "a subnet of another VPC",
        "eks_nodegroups_list[0].subnets",
        "$alien_subnet",
        "VPC $vpc",
        eks_network_subnets={"private": "$subnets"},
        eks_nodegroups_list=[{"name": "web", "subnets": ["$alien_subnet"]}],
    ),
    nodes(
        "an unknown key of a volume",
        "eks_nodegroups_list[0].template.volumes[0].size_gb",
        "unknown option",
        "Did you mean size",
        eks_nodegroups_list=[{"name": "web", "template": {"volumes": [{"size_gb": 100}]}}],
    ),
]
FARGATE = [
    fargate(
        "six selectors",
        "eks_fargate_profiles[0].selectors",
        "6 are given",
        "EKS accepts 1-5",
        eks_fargate_profiles=[{"name": "web", "selectors": [{"namespace": f"n{n}"} for n in range(6)]}],
    ),
    fargate(
        "labels beside the selectors",
        "eks_fargate_profiles[0].labels",
        "unknown option",
        "selectors",
        eks_fargate_profiles=[{"name": "web", "labels": {"app": "web"}}],
    ),
    fargate(
        "a namespace that Kubernetes does not have",
        "eks_fargate_profiles[0].selectors[0].namespace",
        "'My_Apps'",
        "a-z, 0-9 and -",
        eks_fargate_profiles=[{"name": "web", "selectors": [{"namespace": "My_Apps"}]}],
    ),
    fargate(
        "no selectors",
        "eks_fargate_profiles[0].selectors",
        "required",
        "selectors",
        eks_fargate_profiles=[{"name": "web"}],
    ),
    fargate(
        "a public subnet",
        "eks_fargate_profiles[0].subnets",
        "$public_subnet",
        "private subnet",
        eks_network_subnets={"private": "$subnets"},
        eks_fargate_profiles=[{"name": "web", "selectors": [{"namespace": "shop"}], "subnets": ["$public_subnet"]}],
    ),
    fargate(
        "a role that does not exist",
        "eks_fargate_profiles[0].role_arn",
        "role/ghost",
        "does not exist",
        eks_fargate_profiles=[
            {"name": "web", "role_arn": "arn:aws:iam::123456789012:role/ghost", "selectors": [{"namespace": "shop"}]}
        ],
    ),
]
ADDONS = [
    addons(
        "an add-on that EKS does not offer",
        "eks_addons_list[0].name",
        "'core-dns'",
        "Did you mean coredns",
        eks_addons_list=[{"name": "core-dns"}],
    ),
    addons(
        "a version that does not fit",
        "eks_addons_list[0].version",
        "v0.0.1-eksbuild.1",
        "Compatible versions:",
        eks_cluster_version="1.33",
        eks_addons_list=[{"name": "coredns", "version": "v0.0.1-eksbuild.1"}],
    ),
    addons(
        "two ways to a role",
        "eks_addons_list[0].service_account_role_arn",
        "pod_identity_associations",
        "Use one of them",
        eks_addons_list=[
            {
                "name": "vpc-cni",
                "service_account_role_arn": "$app_role",
                "pod_identity_associations": [{"service_account": "aws-node", "role_arn": "$app_role"}],
            }
        ],
    ),
    addons(
        "settings as a list",
        "eks_addons_list[0].configuration_values",
        "['a']",
        "a mapping",
        eks_addons_list=[{"name": "vpc-cni", "configuration_values": ["a"]}],
    ),
    addons(
        "names for items", "eks_addons_list[0]", "'coredns'", "is not a mapping of options", eks_addons_list=["coredns"]
    ),
    addons(
        "the API's spelling",
        "eks_addons_list[0].addon_version",
        "unknown option",
        "version",
        eks_addons_list=[{"name": "coredns", "addon_version": "latest"}],
    ),
]
IRSA = [
    irsa(
        "an account with an underscore",
        "eks_irsa_service_accounts[0].service_account",
        "'my_app'",
        "a-z, 0-9 and -",
        eks_irsa_service_accounts=[{"namespace": "shop", "name": "my_app"}],
    ),
    irsa(
        "an account twice",
        "eks_irsa_service_accounts",
        "shop/web",
        "Name it once",
        eks_irsa_service_accounts=[SHOP, SHOP],
    ),
    irsa(
        "a boundary that is no ARN",
        "eks_irsa_service_accounts[0].permissions_boundary",
        "'developer'",
        "Use one like",
        eks_irsa_service_accounts=[{**SHOP, "permissions_boundary": "developer"}],
    ),
    irsa(
        "a policy by name",
        "eks_irsa_service_accounts[0].policy_arns",
        "'ReadOnlyAccess'",
        "Use one like arn:aws:iam",
        eks_irsa_service_accounts=[{**SHOP, "policy_arns": ["ReadOnlyAccess"]}],
    ),
    irsa(
        "text for a list of policies",
        "eks_irsa_service_accounts[0].policy_arns",
        "{'a'",
        "is not a list",
        eks_irsa_service_accounts=[{**SHOP, "policy_arns": {"a": 1}}],
    ),
    irsa(
        "a reserved tag",
        "eks_irsa_service_accounts[0].tags",
        "aws:team",
        "aws:",
        eks_irsa_service_accounts=[{**SHOP, "tags": {"aws:team": "x"}}],
    ),
    irsa(
        "an association without an account",
        "eks_irsa_pod_identity_associations[0].service_account",
        "required option is missing",
        "service_account",
        eks_irsa_pod_identity_associations=[{"namespace": "shop"}],
    ),
    irsa(
        "a role's name of 65 characters",
        "eks_irsa_pod_identity_associations[0].role_name",
        "r" * 65,
        "1-64 letters",
        eks_irsa_pod_identity_associations=[{"namespace": "shop", "service_account": "web", "role_name": "r" * 65}],
    ),
]
HELM = [
    helm(
        "a name of 54 characters",
        "eks_helm_releases[0].name",
        "w" * 54,
        "Use up to 53",
        eks_helm_releases=[{"name": "w" * 54, "chart": "oci://x/a"}],
    ),
    helm(
        "no chart",
        "eks_helm_releases[0].chart",
        "required option is missing",
        "requires a chart",
        eks_helm_releases=[{"name": "web"}],
    ),
    helm(
        "a circle",
        "depends_on",
        "a, b",
        "circular dependencies",
        eks_helm_releases=[
            {"name": "a", "chart": "oci://x/a", "depends_on": ["b"]},
            {"name": "b", "chart": "oci://x/b", "depends_on": ["a"]},
        ],
    ),
    helm(
        "values as text",
        "eks_helm_releases[0].values",
        "the value",
        "a mapping of options",
        eks_helm_releases=[{"name": "web", "chart": "oci://x/a", "values": "replicas: 2"}],
    ),
    helm(
        "a repository that is no URL",
        "eks_helm_repositories[0].url",
        "'charts.example.com'",
        "https://",
        eks_helm_repositories=[{"name": "shop", "url": "charts.example.com"}],
    ),
    helm(
        "a registry for a repository",
        "eks_helm_repositories[0].url",
        "oci://ghcr.io/acme",
        "part of the chart",
        eks_helm_repositories=[{"name": "shop", "url": "oci://ghcr.io/acme"}],
    ),
    helm(
        "a repository twice",
        "eks_helm_repositories",
        "shop",
        "must be unique",
        eks_helm_repositories=[
            {"name": "shop", "url": "https://a.example.com"},
            {"name": "shop", "url": "https://b.example.com"},
        ],
    ),
    helm(
        "a misspelt option",
        "eks_helm_releases[0].chart_name",
        "unknown option",
        "chart",
        eks_helm_releases=[{"name": "web", "chart": "oci://x/a", "chart_name": "web"}],
    ),
]
ROWS = [
    nodes(
        "a file of a public key that is not there",
        "eks_nodegroups_list[0].template.public_key_path",
        "/nowhere/id.pub",
        "use template.key_name",
        eks_nodegroups_list=[{"name": "new", "template": {"public_key_path": "/nowhere/id.pub"}}],
    ),
    *NETWORK,
    *CLUSTER,
    *EXTENSIONS,
    *NODES,
    *FARGATE,
    *ADDONS,
    *IRSA,
    *HELM,
]
