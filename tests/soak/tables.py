# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values that the options of modules have in random sequences, all of them valid. Pure.

A table has groups of options that belong together. Each row of a group is a value for all of them. An option that a row
leaves out is omitted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from support.certificates import CA_BUNDLE, OTHER_BUNDLE

Options = dict[str, Any]

REGION, ACCOUNT, CLUSTER = "ap-northeast-1", "123456789012", "soak"
BUCKET = "flow-logs"
LOCAL_ZONE, ZONE_GROUP = "ap-northeast-1-tpe-1a", "ap-northeast-1-tpe-1"
KEY_PAIR = "mine"
KEY = "{{ key }}"  # each account has its own
READ = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
LOGS = "arn:aws:iam::aws:policy/CloudWatchLogsFullAccess"
BOUNDARY = "arn:aws:iam::aws:policy/PowerUserAccess"


@dataclass(frozen=True)
class Table:
    """The options of one kind of resource.

    Args:
        groups: the rows of each group.
        one_way: groups whose rows AWS lets change only to later ones.
        stepwise: those of them in which it lets skip no row.
        fixed: groups that AWS cannot change: another row requires ``replace``, or a new resource.
    """

    groups: dict[str, list[Options]]
    one_way: frozenset[str] = frozenset()
    stepwise: frozenset[str] = frozenset()
    fixed: frozenset[str] = frozenset()


def build_rows(option: str, *values: Any) -> list[Options]:
    """The rows of a group with one option; the first one omits it."""
    return [{}, *({option: value} for value in values)]


def build_document(*actions: str) -> Options:
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": list(actions), "Resource": "*"}]}


TAGS = build_rows(
    "tags",
    {},
    {"Environment": "production"},
    {"Team": "プラットフォーム", "Größe": "XL", "Environment": "test"},
    {"aB_c-D": "1", "empty": "", "a.b:c/d=e+f@g": "x y"},
)

NETWORK = Table(
    groups={
        "cidr": [
            {"cidr": "10.0.0.0/16", "subnet_prefix_lengths": {"public": 22, "private": 20, "isolated": 24}},
            {"cidr": "172.20.0.0/18", "subnet_prefix_lengths": {"public": 24, "private": 22, "isolated": 24}},
            {"cidr": "10.8.0.0/20", "subnet_prefix_lengths": {"public": 25, "private": 24, "isolated": 26}},
        ],
        "zones": [
            {"zones": ["ap-northeast-1a", "ap-northeast-1c"]},
            {"zone_count": 2},
            {"zones": ["ap-northeast-1a", "ap-northeast-1c", "ap-northeast-1d"]},
            {"zone_count": 3},
        ],
        "gateways": [
            {"nat_gateway": "Disable"},
            {"nat_gateway": "Disable", "subnet_kinds": ["private"]},
            {"nat_gateway": "Disable", "subnet_kinds": ["private", "isolated"]},
            {"nat_gateway": "Single"},
            {"nat_gateway": "HighlyAvailable"},
            {"nat_gateway": "Single", "subnet_kinds": ["public", "private", "isolated"]},
        ],
        "endpoints": build_rows(
            "endpoints", [], ["s3"], ["s3", "dynamodb"], ["sts", "ecr.api", "s3"], ["private_cluster"]
        ),
        "flow_logs": build_rows(
            "flow_logs",
            {},
            {"destination": "cloud-watch-logs"},
            {"destination": "cloud-watch-logs", "traffic_type": "REJECT", "max_aggregation_interval": 60},
            {"destination": "s3", "bucket_arn": f"arn:aws:s3:::{BUCKET}/soak"},
        ),
        "hostnames": build_rows("hostname_type", "ip-name", "resource-name"),
        "karpenter": build_rows("karpenter_discovery", True, False),
        "family": [  # Local Zones have no addresses of IPv6
            {},
            {"ip_family": "ipv4"},
            {"ip_family": "ipv4", "local_zones": [LOCAL_ZONE]},
            {"ip_family": "ipv4", "local_zones": []},
            {"ip_family": "dual_stack"},
        ],
        "secondary": build_rows("secondary_cidrs", [], ["100.64.0.0/16"], ["100.64.0.0/16", "100.65.0.0/16"]),
        "tags": TAGS,
        "purge": build_rows("purge_tags", True, False),
    },
    one_way=frozenset({"family", "zones"}),
    fixed=frozenset({"cidr"}),
)

PERMISSIONS: dict[str, list[Options]] = {
    "attached": build_rows("policy_arns", [], [READ], [READ, LOGS]),
    "inline": build_rows(
        "inline_policies",
        {},
        {"read": build_document("s3:GetObject")},
        {"read": build_document("s3:GetObject", "s3:ListBucket"), "write": build_document("s3:PutObject")},
    ),
    "well_known": build_rows("well_known_policies", [], ["ebs"], ["auto_scaler", "external_dns"]),
    "boundary": build_rows("permissions_boundary", BOUNDARY, ""),
    "description": build_rows("description", "Written by hand", "A role of the random sequences"),
    "session": build_rows("max_session_duration", 3600, 7200),
    "tags": TAGS,
    "purge_tags": build_rows("purge_tags", True, False),
}


def build_policy_rows(name: str) -> list[Options]:
    """A customer-managed policy of this name, with one of two documents."""
    documents = (build_document("sqs:SendMessage"), build_document("sqs:SendMessage", "sqs:ReceiveMessage"))
    return [{"policy": {"name": name, "document": document}} for document in documents]


ROLE_GROUPS = {**PERMISSIONS, "policy": [{}, *build_policy_rows("soak-extra")]}
ROLES = {
    "cluster": Table(PERMISSIONS),
    "fargate": Table(PERMISSIONS),
    "addon": Table(PERMISSIONS),
    "self_managed_node": Table(PERMISSIONS),
    "node": Table(
        {
            **ROLE_GROUPS,
            "profile": [{}, {"instance_profile": "soak-nodes"}],
            "registry": build_rows("container_registry", "read_only", "pull_only"),
            "ssm": build_rows("ssm", True, False),
        },
        one_way=frozenset({"policy", "profile"}),
    ),
}

FIT = {
    "node_resources_fit": {"scoring_strategy": {"type": "MostAllocated", "resources": [{"name": "cpu", "weight": 2}]}}
}
CLUSTERS = Table(
    groups={
        "logging": build_rows(
            "logging", [], ["audit"], ["api", "audit", "authenticator", "controllerManager", "scheduler"]
        ),
        "endpoint": [
            {},
            {"endpoint_public_access": True, "endpoint_private_access": True, "public_access_cidrs": ["0.0.0.0/0"]},
            {"endpoint_private_access": True, "endpoint_public_access": True, "public_access_cidrs": ["192.0.2.0/24"]},
            {
                "endpoint_public_access": True,
                "endpoint_private_access": True,
                "public_access_cidrs": ["198.51.100.7/32", "192.0.2.0/24"],
            },
            {"endpoint_public_access": True, "endpoint_private_access": False, "public_access_cidrs": ["0.0.0.0/0"]},
            {"endpoint_public_access": False, "endpoint_private_access": True},
        ],
        "access": [
            {},
            {"access_config": {"authentication_mode": "CONFIG_MAP"}},
            {"access_config": {"authentication_mode": "API_AND_CONFIG_MAP"}},
            {"access_config": {"authentication_mode": "API"}},
        ],
        "support": build_rows("upgrade_policy", {"support_type": "STANDARD"}, {"support_type": "EXTENDED"}),
        "shift": build_rows("zonal_shift_config", {"enabled": True}, {"enabled": False}),
        "tier": build_rows("control_plane_scaling_config", {"tier": "standard"}, {"tier": "tier-xl"}),
        "egress": build_rows("control_plane_egress_mode", "AWS_MANAGED", "CUSTOMER_ROUTED"),
        "api_server": build_rows("kube_api_server_config", {"event_ttl": "30m"}, {"event_ttl": "1h"}),
        "scheduler": build_rows("kube_scheduler_config", FIT),
        "controllers": build_rows(
            "kube_controller_manager_config",
            {"pod_gc_controller_config": {"terminated_pod_gc_threshold": 100}},
            {
                "pod_gc_controller_config": {"terminated_pod_gc_threshold": 200},
                "horizontal_pod_autoscaler_controller_config": {"horizontal_pod_autoscaler_sync_period": "20s"},
            },
        ),
        "encryption": build_rows("encryption_config", {"key_arn": KEY}),
        "groups": build_rows("security_groups", []),
        "protection": build_rows("deletion_protection", True, False),
        "owned": [{"owned": True}, {}],
        "tags": TAGS,
        "purge_tags": build_rows("purge_tags", True, False),
    },
    one_way=frozenset({"access", "egress", "encryption"}),
    stepwise=frozenset({"access"}),
    fixed=frozenset({"owned"}),
)
VERSIONS = ["1.31", "1.32", "1.33", "1.34", "1.35"]

X86 = [{"instance_types": ["m5.large", "m5a.large"]}, {"instance_types": ["c6i.xlarge"]}, {}]
ARM = [{"instance_types": ["m7g.large"]}, {"instance_types": ["c7g.xlarge", "m6g.large"]}]
NODES: dict[str, list[Options]] = {
    "sizes": build_rows(
        "scaling_config",
        {"min_size": 1, "max_size": 3, "desired_size": 2},
        {"min_size": 0, "max_size": 2, "desired_size": 0},
        {"min_size": 2, "max_size": 4},
    ),
    "labels": build_rows(
        "labels", {}, {"role": "general"}, {"role": "special", "aB_c-D": "x.y_z", "example.com/tier": "1"}
    ),
    "taints": build_rows(
        "taints",
        [],
        [{"key": "dedicated", "value": "a", "effect": "NO_SCHEDULE"}],
        [
            {"key": "dedicated", "value": "b", "effect": "NO_SCHEDULE"},
            {"key": "spot", "effect": "PREFER_NO_SCHEDULE"},
            {"key": "dedicated", "value": "b", "effect": "NO_EXECUTE"},
        ],
    ),
    "update": build_rows(
        "update_config",
        {"max_unavailable": 1},
        {"max_unavailable_percentage": 50},
        {"max_unavailable": 2, "update_strategy": "MINIMAL"},
    ),
    "repair": build_rows("node_repair_config", {"enabled": True}, {"enabled": False}),
    "tags": TAGS,
    "purge_tags": build_rows("purge_tags", True, False),
    "capacity": build_rows("capacity_type", "ON_DEMAND", "SPOT"),
    "subnets": [
        {"subnets": "{{ network.network.private_subnet_ids }}"},
        {"subnets": "{{ network.network.private_subnet_ids[:1] }}"},
    ],
    "image": [
        *X86,
        *({"ami_type": "AL2023_x86_64_STANDARD", **row} for row in X86),
        *({"ami_type": "BOTTLEROCKET_x86_64", **row} for row in X86),
        *({"ami_type": "AL2023_ARM_64_STANDARD", **row} for row in ARM),
        *({"ami_type": "BOTTLEROCKET_ARM_64", **row} for row in ARM),
    ],
}
FIXED_OF_NODES = frozenset({"capacity", "subnets", "image"})
NODEGROUPS = Table(
    {
        **NODES,
        "disk": build_rows("disk_size", 50, 100),
        "access": [{}, {"remote_access": {"ec2_ssh_key": KEY_PAIR}}],
    },
    fixed=FIXED_OF_NODES | {"disk", "access"},
)
TEMPLATES: list[Options] = [
    {},
    {"volumes": [{"size": 50}]},
    {"volumes": [{"size": 80, "type": "io2", "iops": 3000, "encrypted": True}], "monitoring": True},
    {"volumes": [{"size": 50, "throughput": 250}, {"device_name": "/dev/sdf", "size": 10, "type": "gp2"}]},
    {"metadata_options": {"http_tokens": "required", "http_put_response_hop_limit": 1}, "ebs_optimized": True},
    {"tags": {"Größe": "XL"}, "placement": {"tenancy": "default"}},
]
TEMPLATED = Table({**NODES, "template": [{"template": row} for row in TEMPLATES]}, fixed=FIXED_OF_NODES)

SELF_MANAGED = Table(
    {
        "sizes": [
            {"scaling_config": {"min_size": 1, "max_size": 3}},
            {"scaling_config": {"min_size": 0, "max_size": 2, "desired_size": 0}},
            {"scaling_config": {"min_size": 2, "max_size": 4}},
        ],
        **{name: NODES[name] for name in ("labels", "taints", "tags", "purge_tags", "subnets", "capacity")},
        "types": [X86[0], X86[1], {"ami_type": "BOTTLEROCKET_x86_64", **X86[0]}],
        "update": [{"update_config": {"strategy": "none"}}],
        "metrics": build_rows("enabled_metrics", [], ["all"], ["GroupMinSize", "GroupMaxSize"]),
        "processes": build_rows("suspended_processes", [], ["AZRebalance"]),
        "template": [{"template": row} for row in TEMPLATES],
    }
)

# IAM Roles Anywhere takes tags of ASCII alone
ANYWHERE = Table(
    {
        "bundle": [{"ca_bundle": CA_BUNDLE}, {"ca_bundle": OTHER_BUNDLE}],
        "role": [
            {},
            {"role_arn": f"arn:aws:iam::{ACCOUNT}:role/soak-node"},
            {"role_arn": f"arn:aws:iam::{ACCOUNT}:role/soak-addon", "duration_seconds": 7200},
        ],
        "tags": build_rows("tags", {}, {"Environment": "production"}, {"Team": "a", "a.b:c/d=e+f@g": "x y"}),
        "purge_tags": build_rows("purge_tags", True, False),
    }
)

PROFILES = Table(
    groups={
        "selectors": [
            {"selectors": [{"namespace": "batch"}]},
            {"selectors": [{"namespace": "tasks", "labels": {"compute": "fargate"}}, {"namespace": "batch-*"}]},
        ],
        "subnets": NODES["subnets"],
        "tags": TAGS,
        "purge_tags": build_rows("purge_tags", True, False),
    },
    fixed=frozenset({"selectors", "subnets"}),
)

ADDON_ROLE = f"arn:aws:iam::{ACCOUNT}:role/soak-addon"
OF_ADDONS: dict[str, list[Options]] = {
    # With the other values EKS does not create an add-on over settings of the software that a new cluster has.
    "conflicts": [{"resolve_conflicts": "OVERWRITE"}],
    "tags": TAGS,
    "purge_tags": build_rows("purge_tags", True, False),
    "version": build_rows("version", "most_recent", "default"),
}
RESOURCES = {"resources": {"limits": {"cpu": "100m", "memory": "150Mi"}}}
ADDONS = {
    "vpc-cni": Table(
        {
            **OF_ADDONS,
            "version": build_rows("version", "most_recent", "default", "v1.19.6-eksbuild.7", "v1.20.4-eksbuild.1"),
            "values": build_rows(
                "configuration_values",
                {},
                {"env": {"WARM_IP_TARGET": "2"}, "enableNetworkPolicy": "true"},
                '{"env": {"ENABLE_PREFIX_DELEGATION": "true"}}',
            ),
        }
    ),
    "kube-proxy": Table({**OF_ADDONS, "values": build_rows("configuration_values", {}, {"mode": "ipvs"})}),
    "metrics-server": Table(
        {
            **OF_ADDONS,
            "values": build_rows("configuration_values", {"replicas": 2}, {"replicas": 3, **RESOURCES}, "replicas: 1"),
        }
    ),
    "aws-ebs-csi-driver": Table(
        {
            **OF_ADDONS,
            "pods": build_rows(
                "pod_identity_associations",
                [],
                [{"service_account": "ebs-csi-controller-sa", "role_arn": ADDON_ROLE}],
            ),
        }
    ),
}

IRSA = Table({**PERMISSIONS, "policy": [{}, *build_policy_rows("soak-irsa")]}, one_way=frozenset({"policy"}))
ASSOCIATIONS = Table(
    {
        "role": [{"policy_arns": [READ]}, {"role_arn": ADDON_ROLE}],
        "target": build_rows("target_role_arn", "arn:aws:iam::210987654321:role/target", ""),
        "session": build_rows("disable_session_tags", True, False),
        "tags": TAGS,
        "purge_tags": build_rows("purge_tags", True, False),
    },
    fixed=frozenset({"role", "target"}),  # EKS takes no target role away
)
