# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from case import Case, build_cluster, build_nodegroup, build_subnet

GENERAL = ["Node group general"]


def group(**fields):
    return {"nodegroups": [build_nodegroup(**fields)]}


def typed(*types, **fields):
    return {**group(**fields), "nodegroup_types": {"general": list(types)}}


def with_cluster(values, **more):
    return {"cluster": build_cluster(), **values, **more}


def sizes(least, desired, most):
    return {"scalingConfig": {"minSize": least, "desiredSize": desired, "maxSize": most}}


def subnets(*zones, **fields):
    rows = {f"subnet-{n}": build_subnet(f"subnet-{n}", zone=zone) for n, zone in enumerate(zones)}
    return {**group(subnets=list(rows), **fields), "subnets": rows}


def keys(template=(), **fields):
    return {**group(**fields), "launch_templates": list(template)}


REPAIR = {"nodeRepairConfig": {"enabled": True}}
TEMPLATE = {"LaunchTemplateName": "own", "LaunchTemplateData": {"KeyName": "ops"}, "used_by": GENERAL}
CASES = {
    "nodegroup_status": Case(group(status="DEGRADED"), GENERAL, group()),
    "nodegroup_health": Case(
        group(health={"issues": [{"code": "NodeCreationFailure", "message": "no way out"}]}),
        GENERAL,
        group(),
        ("no way out",),
    ),
    "amazon_linux_2": Case(group(amiType="AL2_x86_64"), GENERAL, group()),
    "custom_image": Case(group(amiType="CUSTOM"), GENERAL, group()),
    "nodegroup_version": Case(with_cluster(group(version="1.32")), GENERAL, with_cluster(group())),
    "node_repair": Case(group(), GENERAL, group(**REPAIR)),
    "node_monitoring_agent": Case(
        with_cluster(group(**REPAIR), addons=[]),
        ["Cluster my-cluster"],
        with_cluster(group(**REPAIR), addons=[{"addonName": "eks-node-monitoring-agent"}]),
    ),
    "remote_access_open": Case(
        group(remoteAccess={"ec2SshKey": "ops"}),
        GENERAL,
        group(remoteAccess={"ec2SshKey": "ops", "sourceSecurityGroups": ["sg-1"]}),
    ),
    "ssh_key": Case(keys([TEMPLATE]), ["Launch template own"], keys()),
    "nodegroup_zones": Case(subnets("a", "a"), GENERAL, subnets("a", "b")),
    "spot_types": Case(
        typed("m5.large", capacityType="SPOT"),
        GENERAL,
        typed("a", "b", "c", capacityType="SPOT"),
    ),
    "burstable_types": Case(typed("t3.medium"), GENERAL, typed("m6i.large")),
    "update_config": Case(
        group(updateConfig={"maxUnavailablePercentage": 80}),
        GENERAL,
        group(updateConfig={"maxUnavailable": 1}, **sizes(1, 3, 9)),
    ),
    "nodegroup_full": Case(group(**sizes(1, 3, 3)), GENERAL, group(**sizes(1, 2, 3))),
    "single_node": Case(group(**sizes(1, 1, 3)), GENERAL, group()),
    "nodegroup_subnets_exist": Case({**group(subnets=["subnet-x"]), "subnets": {}}, GENERAL, subnets("a")),
}
