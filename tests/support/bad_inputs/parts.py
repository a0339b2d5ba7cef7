# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of the modules beside a cluster and its node groups: Fargate profiles, add-ons, networks and waits."""

from __future__ import annotations

from support.bad_inputs.row import module

ONE = [{"namespace": "shop"}]
profile = module("eks_fargate_profile", cluster_name="there", name="new", role_arn="$pod_role", selectors=ONE)
addon = module("eks_addon", cluster_name="there", name="vpc-cni")
network = module("eks_network", cluster_name="new", region="ap-northeast-1")
wait = module("eks_wait", cluster_name="there")
PROFILES = [
    profile("a space in the name", "name", "'my profile'", "Use 1-100 letters", name="my profile"),
    profile("no role", "role_arn", "Fargate profile new does not exist", "required to create it", role_arn=None),
    profile("no selectors", "selectors", "Fargate profile new does not exist", "required to create it", selectors=None),
    profile("an empty list of selectors", "selectors", "0 are given", "EKS accepts 1-5", selectors=[]),
    profile(
        "six selectors",
        "selectors",
        "6 are given",
        "EKS accepts 1-5",
        selectors=[{"namespace": f"n{n}"} for n in range(6)],
    ),
    profile(
        "six labels",
        "selectors[0].labels",
        "6 are given",
        "at most 5",
        selectors=[{"namespace": "shop", "labels": {f"l{n}": "x" for n in range(6)}}],
    ),
    profile(
        "an empty namespace",
        "selectors[0].namespace",
        "is empty",
        "Use the name of a Kubernetes namespace",
        selectors=[{"namespace": " "}],
    ),
    profile(
        "a namespace that Kubernetes does not have",
        "selectors[0].namespace",
        "'My_Apps'",
        "a-z, 0-9 and -",
        selectors=[{"namespace": "My_Apps"}],
    ),
    profile(
        "a regular expression",
        "selectors[0].namespace",
        "'shop-.+'",
        "wildcards * and ?",
        selectors=[{"namespace": "shop-.+"}],
    ),
    profile("no namespace", "namespace", "missing", "selectors", selectors=[{"labels": {"app": "web"}}]),
    profile("a list of namespaces", "namespace", "['shop']", "wildcards * and ?", selectors=[{"namespace": ["shop"]}]),
    profile(
        "a label with a space",
        "selectors[0].labels",
        "'my app'",
        "letters, digits",
        selectors=[{"namespace": "shop", "labels": {"app": "my app"}}],
    ),
    profile("a public subnet", "subnets", "$public_subnet", "private subnet", subnets=["$public_subnet"]),
    profile("a subnet of another VPC", "subnets", "$alien_subnet", "VPC $vpc", subnets=["$alien_subnet"]),
    profile("a subnet that does not exist", "subnets", "subnet-0dead", "does not exist", subnets=["subnet-0dead"]),
    profile("a role by name", "role_arn", "'fargate-role'", "Use one like arn:aws:iam", role_arn="fargate-role"),
    profile("a cluster that does not exist", "cluster_name", "nowhere", "does not exist", cluster_name="nowhere"),
    profile("other selectors of a profile that exists", "selectors", "shop", "replace=true", name="batch"),
    profile(
        "a profile twice",
        "profiles",
        "web",
        "must be unique",
        name=None,
        selectors=None,
        profiles=[{"name": "web", "selectors": ONE}] * 2,
    ),
]
ADDONS = [
    addon("an add-on that EKS does not offer", "name", "'vpc-cnii'", "Did you mean vpc-cni?", name="vpc-cnii"),
    addon("an empty name", "name", "is empty", "aws eks describe-addon-versions", name=" "),
    addon(
        "a version of another cluster",
        "version",
        "v0.0.1-eksbuild.1",
        "Compatible versions:",
        version="v0.0.1-eksbuild.1",
    ),
    addon("newest in other words", "version", "latest", "most_recent", version="latest"),
    addon(
        "settings that are neither JSON nor YAML",
        "configuration_values",
        "neither JSON nor YAML",
        "neither JSON nor YAML",
        configuration_values="{replicaCount: [}",
    ),
    addon("settings as a list", "configuration_values", "['a']", "a mapping", configuration_values=["a"]),
    addon("settings as a word", "configuration_values", "'defaults'", "a mapping", configuration_values="defaults"),
    addon(
        "settings that the schema does not know",
        "configuration_values",
        "replicas",
        "describe-addon-configuration",
        name="coredns",
        configuration_values={"replicas": 2},
    ),
    addon(
        "settings of another type",
        "configuration_values",
        "replicaCount",
        "describe-addon-configuration",
        name="coredns",
        configuration_values={"replicaCount": "two"},
    ),
    addon(
        "an unknown way of conflicts",
        "resolve_conflicts",
        "FORCE",
        "NONE, OVERWRITE, PRESERVE",
        resolve_conflicts="FORCE",
    ),
    addon(
        "two ways to a role",
        "service_account_role_arn",
        "pod_identity_associations",
        "Use one of them",
        service_account_role_arn="$app_role",
        pod_identity_associations=[{"service_account": "aws-node", "role_arn": "$app_role"}],
    ),
    addon(
        "a role by name",
        "service_account_role_arn",
        "'cni'",
        "Use one like arn:aws:iam",
        service_account_role_arn="cni",
    ),
    addon(
        "an association without a role",
        "role_arn",
        "one of the following is required",
        "pod_identity_associations",
        pod_identity_associations=[{"service_account": "aws-node"}],
    ),
    addon(
        "an account twice",
        "pod_identity_associations",
        "aws-node",
        "must be unique",
        pod_identity_associations=[{"service_account": "aws-node", "role_arn": "$app_role"}] * 2,
    ),
    addon("51 tags", "tags", "51 tags", "at most 50", tags={f"t{n}": "x" for n in range(51)}),
    addon(
        "a name twice",
        "addons",
        "vpc-cni",
        "must be unique",
        name=None,
        addons=[{"name": "vpc-cni"}, {"name": "vpc-cni"}],
    ),
    addon("a name and a list", "addons", "name", "mutually exclusive", addons=[{"name": "coredns"}]),
    addon("a cluster that does not exist", "cluster_name", "nowhere", "does not exist", cluster_name="nowhere"),
]
NETWORKS = [
    network("a block that is none", "cidr", "10.0.0.0/33", "like 10.0.0.0/16", cidr="10.0.0.0/33"),
    network("host bits", "cidr", "10.0.0.1/16", "10.0.0.0/16", cidr="10.0.0.1/16"),
    network("a block that is too large", "cidr", "10.0.0.0/8", "a /16 to a /28", cidr="10.0.0.0/8"),
    network("a block that is too small", "cidr", "10.0.0.0/27", "Use a larger range", cidr="10.0.0.0/27"),
    network(
        "a second block in the first",
        "secondary_cidrs",
        "10.0.128.0/17",
        "overlaps 10.0.0.0/16",
        cidr="10.0.0.0/16",
        secondary_cidrs=["10.0.128.0/17"],
    ),
    network("an IPv6 block", "cidr", "fd00::/56", "IPv4", cidr="fd00::/56"),
    network(
        "zones of another region", "zones", "us-east-1a", "Use ap-northeast-1a", zones=["us-east-1a", "us-east-1b"]
    ),
    network("one zone", "zones", "ap-northeast-1a alone", "at least 2 zones", zones=["ap-northeast-1a"]),
    network(
        "a zone twice", "zones", "ap-northeast-1a", "List each zone once", zones=["ap-northeast-1a", "ap-northeast-1a"]
    ),
    network("letters for zones", "zones", "a, c", "Use ap-northeast-1a", zones=["a", "c"]),
    network("one zone by number", "zone_count", "1 is not enough", "at least 2 zones", zone_count=1),
    network("no kinds of subnets", "subnet_kinds", "[]", "public, private, isolated", subnet_kinds=[]),
    network("an unknown kind", "subnet_kinds", "database", "public, private, isolated", subnet_kinds=["database"]),
    network(
        "NAT gateways without public subnets",
        "nat_gateway",
        "HighlyAvailable",
        "Add public to subnet_kinds",
        subnet_kinds=["private"],
    ),
    network(
        "a subnet that is too small",
        "subnet_prefix_lengths.private",
        "29",
        "between 16 and 28",
        subnet_prefix_lengths={"private": 29},
    ),
    network(
        "a size of a kind that is not there",
        "subnet_prefix_lengths",
        "isolated",
        "Add it there",
        subnet_prefix_lengths={"isolated": 24},
    ),
    network(
        "subnets that do not fit",
        "cidr",
        "10.0.0.0/24",
        "secondary_cidrs",
        cidr="10.0.0.0/24",
        subnet_prefix_lengths={"public": 24, "private": 24},
    ),
    network("an unknown endpoint", "endpoints", "s33", "Did you mean s3", endpoints=["s33"]),
    network(
        "eksctl's spelling of NAT",
        "nat_gateway",
        "one_per_az",
        "HighlyAvailable, Single, Disable",
        nat_gateway="one_per_az",
    ),
    network(
        "flow logs to a bucket that is not named", "bucket_arn", "s3", "destination", flow_logs={"destination": "s3"}
    ),
    network(
        "another cidr than that of existing subnets",
        "cidr",
        "10.99.0.0/16 is no block of",
        "Remove cidr",
        cidr="10.99.0.0/16",
        subnets={"private": "$subnets"},
    ),
    network("existing subnets as a list", "subnets", "$subnet", "a mapping of options", subnets="$subnets"),
    network(
        "existing subnets of two VPCs",
        "subnets",
        "$alien_subnet",
        "one VPC",
        subnets={"private": ["$subnet", "$alien_subnet"]},
    ),
    network(
        "existing subnets of one zone",
        "subnets",
        "ap-northeast-1a",
        "at least 2",
        subnets={"private": ["$subnet", "$same_zone_subnet"]},
    ),
    network(
        "an existing subnet that is not there",
        "subnets",
        "subnet-0dead",
        "does not exist",
        subnets={"private": ["$subnet", "subnet-0dead"]},
    ),
    network("a VPC that does not exist", "vpc_id", "vpc-0dead", "does not exist", vpc_id="vpc-0dead"),
    network(
        "instance types that no zone has",
        "instance_types",
        "m9x.huge",
        "other instance_types",
        instance_types=["m9x.huge"],
    ),
    network("51 tags", "tags", "51 tags", "at most 50", tags={f"t{n}": "x" for n in range(51)}),
    network("a name that is none", "cluster_name", "'my cluster'", "Use 1-100 letters", cluster_name="my cluster"),
]
WAITS = [
    wait(
        "updates that are to be deleted",
        "updates",
        "state=deleted",
        "Omit updates",
        state="deleted",
        updates=[{"id": "1"}],
    ),
    wait(
        "an update of two things",
        "updates",
        "both nodegroup and addon",
        "Set one of them",
        updates=[{"id": "1", "nodegroup": "a", "addon": "b"}],
    ),
    wait("no time", "wait_timeout", "0", "Use 1 or more", wait_timeout=0),
    wait("no pauses", "interval", "-5", "Use 1 or more", interval=-5),
    wait("an unknown state", "state", "ready", "active, deleted", state="ready"),
    wait(
        "a node group that does not exist", "nodegroup ghost", "does not exist", "does not exist", nodegroups=["ghost"]
    ),
]
ROWS = [*PROFILES, *ADDONS, *NETWORKS, *WAITS]
