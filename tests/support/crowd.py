# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An account with more of everything than a page of AWS' listings has, put straight into the sandbox' memory."""

from __future__ import annotations

import copy
import json
from typing import Any

from moto.ec2.models import ec2_backends
from moto.iam.models import iam_backends
from moto.logs.models import logs_backends

from kumo_sandbox import Sandbox
from kumo_sandbox.eks.store import Cluster
from kumo_sandbox.principals import ACCOUNT

MANY = 101  # IAM's and EKS' listings have 100 rows in a page, and so have EC2's route tables
MANY_TEMPLATES = 201  # EC2's launch templates and their versions have 200, CloudWatch's log groups 50
REGION = "ap-northeast-1"
TRUST = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
READ = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
TEMPLATE = {"ImageId": "ami-00000000", "InstanceType": "m5.large"}


def _document(statement: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _tags(owner: str) -> list[dict[str, str]]:
    return [{"Key": f"kumo.eks/{REGION}/{owner}", "Value": "owned"}]


def fill_account() -> None:
    """Roles, policies, instance profiles, OIDC providers, VPCs, log groups and launch templates of other clusters."""
    iam, ec2 = iam_backends[ACCOUNT]["aws"], ec2_backends[ACCOUNT][REGION]
    logs = logs_backends[ACCOUNT][REGION]
    for number in range(MANY):
        other = f"other-{number:03}"
        iam.create_role(other, _document(TRUST), "/", None, "", _tags(other), "3600")
        iam.create_policy("", "/", _document(READ), other, _tags(other))
        iam.create_instance_profile(other, "/", [other], _tags(other))
        url = f"https://oidc.eks.{REGION}.amazonaws.com/id/{number:032}"
        iam.create_open_id_connect_provider(url, ["0" * 40], ["sts.amazonaws.com"], _tags(other))
        ec2.create_vpc("10.0.0.0/16", tags=_tags(other))
        logs.create_log_group(f"/aws/eks/{other}/cluster", {})
    for number in range(MANY_TEMPLATES):
        ec2.create_launch_template(f"other-{number:03}", "", TEMPLATE, {})


def fill_template(sandbox: Sandbox, owner: str) -> str:
    """More versions of the launch template with this tag of an owner than a page has; its ID."""
    ec2 = sandbox.client("ec2")
    wanted = [{"Name": "tag-key", "Values": [owner]}]
    (template,) = ec2.describe_launch_templates(Filters=wanted)["LaunchTemplates"]
    words = {"LaunchTemplateId": template["LaunchTemplateId"], "SourceVersion": "1", "LaunchTemplateData": {}}
    for _number in range(MANY_TEMPLATES):
        ec2.create_launch_template_version(**words)
    return str(template["LaunchTemplateId"])


def fill_vpc(vpc: str) -> list[str]:
    """Route tables and security groups of somebody else in a VPC; their IDs."""
    ec2 = ec2_backends[ACCOUNT][REGION]
    tables = [ec2.create_route_table(vpc).id for _number in range(MANY)]
    groups = [ec2.create_security_group(f"other-{number:03}", "other", vpc).id for number in range(MANY)]
    return [*tables, *groups]


def empty_vpc(ids: list[str]) -> None:
    """Delete them again."""
    ec2 = ec2_backends[ACCOUNT][REGION]
    for name in ids:
        if name.startswith("rtb-"):
            ec2.delete_route_table(name)
        else:
            ec2.delete_security_group(group_id=name)


def fill_cluster(sandbox: Sandbox, name: str) -> None:
    """Copies of what the cluster has of each kind, under names before and after the cluster's own in a listing."""
    cluster = _find(sandbox, name)
    with sandbox.store.lock:
        for raws, key in _kinds(cluster):
            for original in list(raws.values())[:1]:
                prefix = f"arn:aws:iam::{ACCOUNT}:role/" if key == "principalArn" else ""
                others = [f"{prefix}{'az'[number % 2]}-other-{number:03}" for number in range(MANY)]
                raws.update({other: {**copy.deepcopy(original), key: other} for other in others})
                cluster.access_policies.update({other: {} for other in others if prefix})


def empty_cluster(sandbox: Sandbox, name: str) -> None:
    """Forget the copies again."""
    cluster = _find(sandbox, name)
    with sandbox.store.lock:
        for raws in [cluster.access_policies, *(raws for raws, _key in _kinds(cluster))]:
            for other in [other for other in raws if "-other-" in other]:
                del raws[other]


def _find(sandbox: Sandbox, name: str) -> Cluster:
    return sandbox.store.clusters[(REGION, name)]


def _kinds(cluster: Cluster) -> list[tuple[dict[str, Any], str]]:
    return [
        (cluster.nodegroups, "nodegroupName"),
        (cluster.fargate_profiles, "fargateProfileName"),
        (cluster.addons, "addonName"),
        (cluster.access_entries, "principalArn"),
        (cluster.pod_identities, "associationId"),
    ]


def list_names() -> dict[str, set[str]]:
    """What there is of each kind in EC2 and IAM, without the pages of a listing."""
    iam, ec2 = iam_backends[ACCOUNT]["aws"], ec2_backends[ACCOUNT][REGION]
    return {
        "roles": {role.name for role in iam.roles.values() if "/aws-service-role/" not in role.path},
        "policies": {policy.name for policy in iam.managed_policies.values() if f"::{ACCOUNT}:" in policy.arn},
        "profiles": set(iam.instance_profiles),
        "providers": set(iam.open_id_providers),
        "vpcs": set(ec2.vpcs),
        "subnets": {name for zone in ec2.subnets.values() for name in zone},
        "tables": set(ec2.route_tables),
        "groups": {name for groups in ec2.groups.values() for name in groups},
        "templates": set(ec2.launch_templates),
        "addresses": set(ec2.addresses),
        "gateways": set(ec2.internet_gateways),
        "log groups": set(logs_backends[ACCOUNT][REGION].groups),
    }
