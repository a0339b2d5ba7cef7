# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A listing of everything in an account, and the same without what differs between two accounts that were made alike."""

from __future__ import annotations

import datetime
import json
import re
from typing import Any

from kumo_sandbox import Sandbox

Listing = dict[str, list[Any]]

EC2 = {
    "vpcs": "Vpcs",
    "subnets": "Subnets",
    "route_tables": "RouteTables",
    "internet_gateways": "InternetGateways",
    "egress_only_internet_gateways": "EgressOnlyInternetGateways",
    "nat_gateways": "NatGateways",
    "addresses": "Addresses",
    "security_groups": "SecurityGroups",
    "vpc_endpoints": "VpcEndpoints",
    "flow_logs": "FlowLogs",
    "network_interfaces": "NetworkInterfaces",
    "volumes": "Volumes",
}
GONE = ("deleted", "deleting", "terminated", "shutting-down")
OF_CLUSTERS = (
    ("nodegroups", "describe_nodegroup", "nodegroup", "nodegroupName"),
    ("fargate_profiles", "describe_fargate_profile", "fargateProfile", "fargateProfileName"),
    ("addons", "describe_addon", "addon", "addonName"),
    ("access_entries", "describe_access_entry", "accessEntry", "principalArn"),
)
# What AWS chooses, and what tells when.
CHOSEN = frozenset(
    "AllocationId AssociationId AvailableIpAddressCount CidrBlockAssociationSet ClientToken CreateDate DefaultVersionId"
    " Ipv6CidrBlock Ipv6CidrBlockAssociationSet NetworkInterfaceIds PrivateDnsName PrivateIp PrivateIpAddress"
    " PrivateIpAddresses PublicIp RoleLastUsed UpdateDate VersionId MacAddress AssociationIds NatGatewayAddresses"
    " certificateAuthority createdAt modifiedAt endpoint issues DestinationIpv6CidrBlock CarrierIp AttachTime"
    " FailureMessage platformVersion PublicDnsName DnsEntries externalId".split()
)
IDS = (
    re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
    re.compile(r"\b[a-z]+(?:-[a-z]+)*-[0-9a-f]{8,17}\b"),
    re.compile(r"\b[0-9A-F]{32}\b"),
    re.compile(r"\bA(?:ROA|NPA|IPA|SCA)[A-Z0-9]{17}\b"),
)


def list_account(sandbox: Sandbox) -> Listing:
    """Every resource of EC2, IAM, EKS, Auto Scaling and Logs, as AWS describes it. What is gone does not count."""
    found: Listing = {}
    ec2 = sandbox.client("ec2")
    for name, key in EC2.items():
        rows = getattr(ec2, f"describe_{name}")()[key]
        found[name] = [row for row in rows if str(row.get("State") or row.get("Status")).lower() not in GONE]
    found["instances"] = [
        {"type": row["InstanceType"], "tags": row.get("Tags", []), "subnet": row.get("SubnetId")}
        for reservation in ec2.describe_instances()["Reservations"]
        for row in reservation["Instances"]
        if row["State"]["Name"] not in GONE
    ]
    found["launch_templates"] = [
        _describe_template(ec2, row) for row in ec2.describe_launch_templates()["LaunchTemplates"]
    ]
    found["log_groups"] = [row["logGroupName"] for row in sandbox.client("logs").describe_log_groups()["logGroups"]]
    groups = sandbox.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]
    found["auto_scaling_groups"] = [
        {key: row.get(key) for key in ("MinSize", "MaxSize", "DesiredCapacity", "Tags", "VPCZoneIdentifier")}
        for row in groups
    ]
    return {**found, **_list_iam(sandbox.client("iam")), **_list_eks(sandbox.client("eks"))}


def _describe_template(ec2: Any, row: dict[str, Any]) -> dict[str, Any]:
    versions = ec2.describe_launch_template_versions(LaunchTemplateId=row["LaunchTemplateId"], Versions=["$Default"])
    data = versions["LaunchTemplateVersions"][0]["LaunchTemplateData"]
    return {"name": row["LaunchTemplateName"], "tags": row.get("Tags", []), "data": data}


def _list_iam(iam: Any) -> Listing:
    providers = [row["Arn"] for row in iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]]
    return {
        "roles": [_describe_role(iam, row["RoleName"]) for row in iam.list_roles()["Roles"]],
        "policies": [_describe_policy(iam, row) for row in iam.list_policies(Scope="Local")["Policies"]],
        "instance_profiles": [
            {
                "name": row["InstanceProfileName"],
                "roles": [role["RoleName"] for role in row["Roles"]],
                "tags": iam.get_instance_profile(InstanceProfileName=row["InstanceProfileName"])["InstanceProfile"][
                    "Tags"
                ],
            }
            for row in iam.list_instance_profiles()["InstanceProfiles"]
        ],
        "oidc_providers": [iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn) for arn in providers],
    }


def _describe_role(iam: Any, name: str) -> dict[str, Any]:
    words = {"RoleName": name}
    names = iam.list_role_policies(**words)["PolicyNames"]
    return {
        **iam.get_role(**words)["Role"],
        "attached": iam.list_attached_role_policies(**words)["AttachedPolicies"],
        "inline": {one: iam.get_role_policy(**words, PolicyName=one)["PolicyDocument"] for one in names},
    }


def _describe_policy(iam: Any, row: dict[str, Any]) -> dict[str, Any]:
    words = {"PolicyArn": row["Arn"]}
    version = iam.get_policy_version(**words, VersionId=row["DefaultVersionId"])["PolicyVersion"]
    return {
        "arn": row["Arn"],
        "document": version["Document"],
        "tags": iam.list_policy_tags(**words)["Tags"],
        "attached": row["AttachmentCount"],
    }


def _list_eks(eks: Any) -> Listing:
    found: Listing = {"clusters": [], "associations": [], **{kind: [] for kind, *_rest in OF_CLUSTERS}}
    for name in eks.list_clusters()["clusters"]:
        found["clusters"].append(eks.describe_cluster(name=name)["cluster"])
        for kind, describe, key, option in OF_CLUSTERS:
            if kind == "access_entries" and found["clusters"][-1]["accessConfig"]["authenticationMode"] == "CONFIG_MAP":
                continue  # EKS does not list them
            answer = getattr(eks, f"list_{kind}")(clusterName=name)
            names = next(value for value in answer.values() if isinstance(value, list))
            words = [{"clusterName": name, option: one} for one in names]
            found[kind] += [getattr(eks, describe)(**word)[key] for word in words]
        for row in eks.list_pod_identity_associations(clusterName=name)["associations"]:
            words = {"clusterName": name, "associationId": row["associationId"]}
            found["associations"].append(eks.describe_pod_identity_association(**words)["association"])
    return found


def count(listing: Listing) -> dict[str, list[str]]:
    """What there is, with its ids: for two looks at one account."""
    return {
        kind: sorted(json.dumps(_drop(rows, frozenset()), sort_keys=True, default=str) for rows in found)
        for kind, found in listing.items()
    }


def normalize(listing: Listing) -> dict[str, list[str]]:
    """The listing without ids, moments and addresses: for two accounts that were made alike."""
    found = {}
    for kind, rows in listing.items():
        texts = [json.dumps(_drop(row, CHOSEN), sort_keys=True, default=str, ensure_ascii=False) for row in rows]
        found[kind] = sorted(_hide_ids(text) for text in texts)
    return found


def _hide_ids(text: str) -> str:
    for pattern in IDS:
        text = pattern.sub("<id>", text)
    return text


def _drop(value: Any, keys: frozenset[str]) -> Any:
    """Without moments, these keys and the wrapping of an answer; lists in one order."""
    if isinstance(value, dict):
        kept = {key: word for key, word in value.items() if key not in keys and key != "ResponseMetadata"}
        return {key: _drop(word, keys) for key, word in kept.items() if not isinstance(word, datetime.datetime)}
    if isinstance(value, list):
        dropped = [_drop(word, keys) for word in value]
        return sorted(dropped, key=lambda word: _hide_ids(json.dumps(word, sort_keys=True, default=str)))
    return value


def compare(one: dict[str, list[str]], other: dict[str, list[str]]) -> list[str]:
    """What is in one of them only, a line each."""
    lines = []
    for kind in one:
        left, right = list(one[kind]), list(other[kind])
        for row in one[kind]:
            if row in right:
                right.remove(row)
                left.remove(row)
        lines += [f"{kind}: only in the first: {row}" for row in left]
        lines += [f"{kind}: only in the second: {row}" for row in right]
    return lines
