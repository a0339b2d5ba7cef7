# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of eks_self_managed_nodes: of a group that is to be created, and of a list; and variables of its role."""

from __future__ import annotations

from support.bad_inputs.row import module, role

SIZES = {"min_size": 1, "max_size": 3}
bad = module(
    "eks_self_managed_nodes",
    cluster_name="there",
    name="new",
    node_role="$node_role",
    subnets="$subnets",
    instance_types=["m5.large"],
    scaling_config=SIZES,
    access_entry=False,
)
many = module("eks_self_managed_nodes", cluster_name="there")
info = module("eks_self_managed_nodes_info")
nodes = role("eks_self_managed_nodes", eks_cluster_name="there", eks_region="ap-northeast-1")

NEW = [
    bad("no node role", "node_role", "new does not exist", "required to create it", node_role=None),
    bad("no subnets", "subnets", "new does not exist", "required to create it", subnets=None),
    bad("no instance types", "instance_types", "new does not exist", "required to create it", instance_types=None),
    bad("no limits", "scaling_config", "max_size", "Set max_size", scaling_config={"min_size": 1}),
    bad("a dot in the name", "name", "'web.1'", "Use 1-63 letters", name="web.1"),
    bad("a subnet of another VPC", "subnets", "$alien_subnet", "VPC $vpc", subnets=["$alien_subnet"]),
    bad("Amazon Linux 2", "ami_type", "AL2_x86_64", "value of ami_type must be one of", ami_type="AL2_x86_64"),
    bad(
        "an ARM type without its image", "ami_type", "m7g.large", "AL2023_ARM_64_STANDARD", instance_types=["m7g.large"]
    ),
    bad("a version ahead of the cluster", "version", "1.35", "Upgrade the cluster first", version="1.35"),
    bad(
        "a profile that does not exist",
        "instance_profile",
        "nowhere does not exist",
        "Create it with eks_iam_role",
        instance_profile="nowhere",
    ),
    bad(
        "two ways to say the capacity",
        "instances_distribution.on_demand_base_capacity",
        "capacity_type SPOT",
        "Remove one of them",
        capacity_type="SPOT",
        instances_distribution={"on_demand_base_capacity": 1},
    ),
    bad(
        "a mix in a Capacity Block",
        "instances_distribution",
        "capacity_type CAPACITY_BLOCK",
        "Remove one of them",
        capacity_type="CAPACITY_BLOCK",
        instance_types=["p5.48xlarge"],
        ami_type="AL2023_x86_64_NVIDIA",
        template={"capacity_reservation": {"id": "cr-1"}},
        instances_distribution={"on_demand_base_capacity": 1},
    ),
    bad(
        "a Capacity Block without its reservation",
        "capacity_type",
        "CAPACITY_BLOCK",
        "Use template.capacity_reservation.id",
        capacity_type="CAPACITY_BLOCK",
    ),
    bad(
        "101 percent",
        "instances_distribution.on_demand_percentage_above_base_capacity",
        "101",
        "from 0 to 100",
        instances_distribution={"on_demand_percentage_above_base_capacity": 101},
    ),
    bad(
        "pools of a strategy that has none",
        "instances_distribution.spot_instance_pools",
        "capacity-optimized",
        "applies to spot_allocation_strategy lowest-price",
        instances_distribution={"spot_instance_pools": 2, "spot_allocation_strategy": "capacity-optimized"},
    ),
    bad("a life of an hour", "max_instance_lifetime", "3600", "86400 to 31536000", max_instance_lifetime=3600),
    bad("a target group by its name", "target_group_arns", "'web'", "Use one like", target_group_arns=["web"]),
    bad("a metric that is none", "enabled_metrics", "CPU", "GroupMinSize", enabled_metrics=["CPU"]),
    bad("a process that is none", "suspended_processes", "Drain", "AZRebalance", suspended_processes=["Drain"]),
    bad(
        "a new group that launches nothing",
        "suspended_processes",
        "starts no nodes while Launch is suspended",
        "scaling_config.desired_size=0",
        suspended_processes=["Launch"],
    ),
    bad(
        "zones without such subnets",
        "availability_zones",
        "ap-northeast-1z",
        "The zones with such subnets",
        subnets=None,
        private_subnets="$subnets",
        availability_zones=["ap-northeast-1z"],
    ),
    bad(
        "EFA on a type without it",
        "template.efa",
        "m5.large has no Elastic Fabric Adapter",
        "Use instance types that have",
        subnets=["$subnet"],
        instance_types=["m5.large"],
        template={"efa": True},
    ),
    bad(
        "SSH without a key",
        "template.ssh_sources",
        "needs template.key_name",
        "EC2 key pair",
        template={"ssh_sources": ["vpc"]},
    ),
    bad(
        "a price in words",
        "instances_distribution.spot_max_price",
        "'cheap'",
        "dollars an hour",
        instances_distribution={"spot_max_price": "cheap"},
    ),
    bad(
        "an option of the other strategy",
        "update_config.min_healthy_percentage",
        "strategy is rolling",
        "instance_refresh",
        update_config={"min_healthy_percentage": 50},
    ),
    bad(
        "no node at once",
        "update_config.max_unavailable",
        "0 is out of range",
        "at least 1",
        update_config={"max_unavailable": 0},
    ),
    bad("an image by name", "template.image_id", "'al2023'", "begins with ami-", template={"image_id": "al2023"}),
    bad(
        "labels as a flag",
        "template.node_config.spec.kubelet.flags",
        "--node-labels",
        "option labels",
        template={"node_config": {"spec": {"kubelet": {"flags": ["--node-labels=a=b"]}}}},
    ),
    bad(
        "TOML for Bottlerocket",
        "template.user_data",
        "TOML",
        "template.bottlerocket_settings",
        ami_type="BOTTLEROCKET_x86_64",
        template={"user_data": "[settings.kubernetes]\n"},
    ),
    bad(
        "the bootstrap of Windows",
        "template.user_data",
        "EKS bootstrap script",
        "Remove that command",
        ami_type="WINDOWS_CORE_2022_x86_64",
        template={"user_data": "Start-EKSBootstrap"},
    ),
    bad(
        "a hibernated Bottlerocket",
        "warm_pool_config.pool_state",
        "HIBERNATED",
        "Use STOPPED or RUNNING",
        ami_type="BOTTLEROCKET_x86_64",
        warm_pool_config={"enabled": True, "pool_state": "HIBERNATED"},
    ),
    bad("a reserved label", "labels", "kubernetes.io/x", "reserved prefix", labels={"kubernetes.io/x": "y"}),
]
LISTS = [
    many(
        "neither a name nor a list",
        "name, self_managed_nodegroups",
        "one of the following is required",
        "self_managed_nodegroups",
    ),
    many(
        "a name twice",
        "self_managed_nodegroups",
        "web",
        "must be unique",
        self_managed_nodegroups=[{"name": "web"}, {"name": "web"}],
    ),
    many(
        "one role for Linux and Windows",
        "node_role",
        "web has Linux nodes",
        "Use two roles",
        self_managed_nodegroups=[
            {"name": "web", "node_role": "$node_role"},
            {"name": "win", "node_role": "$node_role", "ami_type": "WINDOWS_CORE_2022_x86_64"},
        ],
    ),
]
ROLE = [
    nodes(
        "a misspelt option",
        "eks_self_managed_nodes_list[0].instance_type",
        "unknown option",
        "instance_types",
        eks_self_managed_nodes_list=[{"name": "web", "instance_type": "m5.large"}],
    ),
    nodes(
        "sizes the wrong way round",
        "eks_self_managed_nodes_list[0].scaling_config",
        "min_size 5",
        "min_size <= desired_size <= max_size",
        eks_self_managed_nodes_list=[{"name": "web", "scaling_config": {"min_size": 5, "max_size": 3}}],
    ),
]
INFO = [
    info("no cluster", "cluster_name", "missing required arguments", "cluster_name"),
]
ROWS = [*NEW, *LISTS, *ROLE, *INFO]
