# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads a cluster with all that a declaration describes. Calls nothing that changes.

What is denied is noted: it would be taken for nothing otherwise.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import format_aws_error, has_code
from ansible_collections.kumo.eks.plugins.module_utils.aws.denials import read_if_allowed
from ansible_collections.kumo.eks.plugins.module_utils.aws.describe import describe_all, describe_or_none, list_names
from ansible_collections.kumo.eks.plugins.module_utils.aws.iam_tags import read_tag_list
from ansible_collections.kumo.eks.plugins.module_utils.aws.lookups import (
    TEMPLATE_VERSION_MISSING,
    describe_groups,
    describe_subnets,
    describe_template_versions,
)
from ansible_collections.kumo.eks.plugins.module_utils.aws.policy_documents import as_list, parse_document
from ansible_collections.kumo.eks.plugins.module_utils.core.principals import SERVICE_LINKED
from ansible_collections.kumo.eks.plugins.module_utils.ec2.api_access import OPTION as EXTRA_CIDRS
from ansible_collections.kumo.eks.plugins.module_utils.ec2.api_access import ApiAccessResource
from ansible_collections.kumo.eks.plugins.module_utils.ec2.autoscaling_group import list_owned_groups
from ansible_collections.kumo.eks.plugins.module_utils.ec2.existing import find_routes
from ansible_collections.kumo.eks.plugins.module_utils.ec2.inventory import Inventory, read_row
from ansible_collections.kumo.eks.plugins.module_utils.ec2.launch_template import MISSING_CODES
from ansible_collections.kumo.eks.plugins.module_utils.ec2.routes import ANYWHERE
from ansible_collections.kumo.eks.plugins.module_utils.ec2.ssh_group import read_sources
from ansible_collections.kumo.eks.plugins.module_utils.ec2.vpc import describe_dns
from ansible_collections.kumo.eks.plugins.module_utils.eks.access_entry import describe_entry, list_entries
from ansible_collections.kumo.eks.plugins.module_utils.eks.identity_provider import describe_provider, list_providers
from ansible_collections.kumo.eks.plugins.module_utils.eks.nodegroup_names import list_declared
from ansible_collections.kumo.eks.plugins.module_utils.eks.pod_identity_association import describe_associations
from ansible_collections.kumo.eks.plugins.module_utils.export.state import ClusterState, get_template_key
from ansible_collections.kumo.eks.plugins.module_utils.iam.base import get_or_none
from ansible_collections.kumo.eks.plugins.module_utils.iam.policy_document import WEB_IDENTITY, get_issuer
from ansible_collections.kumo.eks.plugins.module_utils.iam.role import RoleResource
from ansible_collections.kumo.eks.plugins.module_utils.iam.scope import IamScope

Row = dict[str, Any]
OF_NODEGROUP = "eks:nodegroup-name"  # tag that EKS gives the Auto Scaling groups of managed node groups
# https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
T = TypeVar("T")


def read_state(get_client: Callable[[str], Any], name: str) -> ClusterState | None:
    """The cluster, None where there is none of this name.

    Args:
        get_client: gives a boto3 client by the name of its service.
    """
    eks = get_client("eks")
    raw = describe_or_none(eks.describe_cluster, "cluster", name=name)
    if raw is None:
        return None
    reader = StateReader(get_client, ClusterState(name, eks.meta.region_name, raw))
    reader.read()
    return reader.state


class StateReader:
    """Fills the state of one cluster, one kind after the other, as later ones name what earlier ones found."""

    def __init__(self, get_client: Callable[[str], Any], state: ClusterState) -> None:
        self._get_client, self.state = get_client, state
        self._eks = get_client("eks")
        self._names = {"clusterName": state.name}

    def read(self) -> None:
        """Read everything."""
        state = self.state
        state.nodegroups = list_declared(self._read_children("node groups", "nodegroup", "nodegroups", "nodegroupName"))
        state.fargate_profiles = self._take("Fargate profiles", self._read_profiles, [])
        state.addons = self._take("add-ons", self._read_addons, [])
        state.access_entries = self._take("access entries", self._read_entries, [])
        state.associations = self._take("pod identity associations", self._read_associations, [])
        state.identity_providers = self._take("OIDC identity providers of users", self._read_providers, [])
        state.capabilities = self._take("capabilities", self._read_capabilities, [])
        state.self_managed = self._take("self-managed nodes", self._read_self_managed, [])
        self._take("the network", self._read_network, None)
        state.templates = self._take("launch templates", self._read_templates, {})
        self._take("instance profiles", self._read_profiles_of_nodes, None)
        state.ssh_groups = self._take("security groups for SSH", self._read_ssh_groups, {})
        state.extra_cidrs = self._take("rules of the cluster security group", self._read_extra_cidrs, [])
        self._take("IAM roles", self._read_roles, None)
        state.oidc_provider = self._take("the OIDC provider in IAM", self._read_oidc_provider, None)
        state.service_account_roles = self._take("IAM roles of service accounts", self._read_account_roles, [])

    def _take(self, kind: str, read: Callable[[], T], default: T) -> T:
        """What is read; the default where a call of it is denied, which is noted."""

        def note(action: str, error: Exception) -> None:
            self.state.unread.append((kind, action, str(format_aws_error(error))))

        return read_if_allowed(read, default, note)

    # EKS

    def _read_children(self, kind: str, one: str, many: str, parameter: str) -> list[Row]:
        def read() -> list[Row]:
            describe = getattr(self._eks, f"describe_{one}")
            names = list_names(self._eks, f"list_{many}", many, self.state.name)
            return describe_all(
                sorted(names), lambda name: describe_or_none(describe, one, **self._names, **{parameter: name})
            )

        return self._take(kind, read, [])

    def _read_profiles(self) -> list[Row]:
        names = list_names(self._eks, "list_fargate_profiles", "fargateProfileNames", self.state.name)
        describe = self._eks.describe_fargate_profile
        return describe_all(
            sorted(names),
            lambda name: describe_or_none(describe, "fargateProfile", **self._names, fargateProfileName=name),
        )

    def _read_addons(self) -> list[Row]:
        names = list_names(self._eks, "list_addons", "addons", self.state.name)
        return describe_all(sorted(names), self._describe_addon)

    def _describe_addon(self, name: str) -> Row | None:
        raw = describe_or_none(self._eks.describe_addon, "addon", **self._names, addonName=name)
        if raw is None:
            return None
        keys = [arn.rsplit("/", 1)[-1] for arn in raw.get("podIdentityAssociations") or []]
        describe = self._eks.describe_pod_identity_association
        found = [describe_or_none(describe, "association", **self._names, associationId=key) for key in keys]
        rows = [{key: row[key] for key in ("serviceAccount", "roleArn")} for row in found if row]
        return {**raw, "podIdentities": rows}

    def _read_entries(self) -> list[Row]:
        names = list_entries(self._eks, self.state.name)
        return describe_all(sorted(names), partial(describe_entry, self._eks, self.state.name))

    def _read_associations(self) -> list[Row]:
        rows = describe_associations(self._eks, self.state.name, {})
        own = [{**row, "status": "ACTIVE"} for row in rows if not _is_of_addon(row)]
        return sorted(own, key=lambda row: (row["namespace"], row["serviceAccount"]))

    def _read_providers(self) -> list[Row]:
        names = list_providers(self._eks, self.state.name)
        return describe_all(sorted(names), partial(describe_provider, self._eks, self.state.name))

    def _read_capabilities(self) -> list[Row]:
        names = [row["capabilityName"] for row in self._list_capabilities()]
        describe = self._eks.describe_capability
        return describe_all(
            sorted(names), lambda name: describe_or_none(describe, "capability", **self._names, capabilityName=name)
        )

    def _list_capabilities(self) -> list[Row]:
        return list_names(self._eks, "list_capabilities", "capabilities", self.state.name)

    def _read_self_managed(self) -> list[Row]:
        """Auto Scaling groups whose nodes join the cluster, beside those of managed node groups."""
        client, name = self._get_client("autoscaling"), self.state.name
        keys = (self.state.owner, f"kubernetes.io/cluster/{name}")
        found = {row["name"]: row for key in keys for row in list_owned_groups(client, key)}
        return [row for _name, row in sorted(found.items()) if OF_NODEGROUP not in row["tags"]]

    # EC2

    def _read_network(self) -> None:
        """The subnets of the cluster, its node groups and profiles, with their kinds by their routes."""
        ec2, place = self._get_client("ec2"), self.state.cluster["resourcesVpcConfig"]
        own = [row for row in self.state.self_managed if self.state.owner in row["tags"]]
        children = (*self.state.nodegroups, *self.state.fargate_profiles, *own)
        ids = list(dict.fromkeys([*place["subnetIds"], *(one for row in children for one in row.get("subnets") or [])]))
        inventory = Inventory(ec2, self.state.owner)
        inventory.vpc = {"VpcId": place["vpcId"]}
        rows = [read_row(raw) for raw in describe_subnets(ec2, ids)]
        inventory.read(("route_tables",))
        for row in rows:
            key, target = find_routes(inventory, row["SubnetId"]).get(ANYWHERE, ("", ""))
            is_public = key == "GatewayId" and target.startswith("igw-")
            self.state.subnets[row["SubnetId"]] = {
                "kind": "public" if is_public else "private",
                "zone": row["AvailabilityZone"],
                "tags": row["tags"],
            }
        self.state.vpc = describe_dns(ec2, place["vpcId"])

    def _read_templates(self) -> dict[tuple[str, str], Row]:
        """The launch templates that node groups name, in the versions that they have."""
        named = [row["launchTemplate"] for row in self.state.nodegroups if row.get("launchTemplate")]
        of_groups = self._read_templates_of_groups()
        if not named:
            return of_groups
        ec2 = self._get_client("ec2")
        ids = sorted({row["id"] for row in named})
        pages = ec2.get_paginator("describe_launch_templates").paginate(LaunchTemplateIds=ids)
        rows = {row["LaunchTemplateId"]: row for page in pages for row in page["LaunchTemplates"]}
        found = {}
        for one in named:
            for version in describe_template_versions(ec2, one, [one["version"]]):
                tags = read_tag_list(rows.get(one["id"], {}).get("Tags"))
                found[one["id"], str(one["version"])] = {
                    "name": version["LaunchTemplateName"],
                    "tags": tags,
                    "data": version["LaunchTemplateData"],
                }
        return {**of_groups, **found}

    def _read_templates_of_groups(self) -> dict[tuple[str, str], Row]:
        """Those of Auto Scaling groups, which may have been deleted behind the group."""
        found, ec2 = {}, self._get_client("ec2")
        for key, version in {get_template_key(row) for row in self.state.self_managed if row["launch_template"]["id"]}:
            try:
                (row,) = ec2.describe_launch_templates(LaunchTemplateIds=[key])["LaunchTemplates"]
                (one,) = describe_template_versions(ec2, {"id": key}, [version])
            except Exception as error:
                if not has_code(error, *MISSING_CODES, TEMPLATE_VERSION_MISSING):
                    raise
                continue
            about = {"name": row["LaunchTemplateName"], "tags": read_tag_list(row.get("Tags"))}
            found[key, version] = {**about, "data": one["LaunchTemplateData"]}
        return found

    def _read_profiles_of_nodes(self) -> None:
        """The role of each instance profile that a launch template names, into the template."""
        iam = self._get_client("iam")
        for row in self.state.self_managed:
            template = self.state.templates.get(get_template_key(row))
            profile = (template or {}).get("data", {}).get("IamInstanceProfile") or {}
            name = profile.get("Name") or (profile.get("Arn") or "").rpartition("/")[2]
            if template is None or not name:
                continue
            found = get_or_none(lambda name=name: iam.get_instance_profile(InstanceProfileName=name)["InstanceProfile"])
            roles = [role["Arn"] for role in (found or {}).get("Roles", [])]
            template |= {"profile": name, "role": roles[0] if roles else None}

    def _read_ssh_groups(self) -> dict[str, Row]:
        """Those that launch templates name and that were made for the cluster."""
        own = [row for row in self.state.templates.values() if self.state.owner in row["tags"]]
        named = {one for row in own for one in row["data"].get("SecurityGroupIds") or []}
        rows = describe_groups(self._get_client("ec2"), named) if named else []
        return {
            row["GroupId"]: {"name": row["GroupName"], "sources": read_sources(row)}
            for row in rows
            if self.state.owner in read_tag_list(row.get("Tags"))
        }

    def _read_extra_cidrs(self) -> list[str]:
        group = self.state.cluster["resourcesVpcConfig"].get("clusterSecurityGroupId")
        if not group:
            return []
        found = ApiAccessResource(self._get_client("ec2"), self.state.name, group).describe()
        return (found or {}).get(EXTRA_CIDRS, [])

    # IAM

    def _read_roles(self) -> None:
        """The roles that the cluster, its nodes, profiles and pods have."""
        state, iam = self.state, self._get_client("iam")
        arns = {state.cluster["roleArn"], *(row["nodeRole"] for row in state.nodegroups)}
        arns |= {row["podExecutionRoleArn"] for row in state.fargate_profiles}
        arns |= {row["roleArn"] for row in state.associations}
        arns |= {row["role"] for row in state.templates.values() if row.get("role")}
        scope = IamScope(state.partition, state.owner, lambda: state.account)
        for arn in sorted(arns):
            raw = RoleResource(iam, arn.rpartition("/")[2], scope).describe()
            if raw is not None and raw["Arn"] == arn:
                state.roles[arn] = raw

    def _get_provider_arn(self) -> str:
        issuer = self.state.cluster.get("identity", {}).get("oidc", {}).get("issuer", "")
        return f"arn:{self.state.partition}:iam::{self.state.account}:oidc-provider/{issuer.removeprefix('https://')}"

    def _read_oidc_provider(self) -> Row | None:
        iam, arn = self._get_client("iam"), self._get_provider_arn()
        found = get_or_none(lambda: iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn))
        if found is None:
            return None
        return {"arn": arn, "audiences": found.get("ClientIDList", []), "tags": read_tag_list(found.get("Tags"))}

    def _read_account_roles(self) -> list[Row]:
        """Roles whose trust names the cluster's OIDC provider, with the subjects that may assume them."""
        if self.state.oidc_provider is None:
            return []
        arn, iam = self.state.oidc_provider["arn"], self._get_client("iam")
        pages = iam.get_paginator("list_roles").paginate()
        roles = [role for page in pages for role in page["Roles"] if SERVICE_LINKED not in role["Arn"]]
        found = [(role, _list_subjects(role["AssumeRolePolicyDocument"], arn)) for role in roles]
        rows = [
            {"name": role["RoleName"], "arn": role["Arn"], "subjects": subjects} for role, subjects in found if subjects
        ]
        scope = IamScope(self.state.partition, self.state.owner, lambda: self.state.account)
        for row in rows:
            raw = RoleResource(iam, row["name"], scope).describe()
            if raw is not None:
                self.state.roles[row["arn"]] = raw
        return sorted(rows, key=lambda row: row["arn"])


def _is_of_addon(row: Row) -> bool:
    """Whether an association belongs to an add-on, with which it is declared."""
    return bool(row.get("ownerArn")) and row["ownerArn"] != row.get("associationArn")


def _list_subjects(document: Any, provider: str) -> list[str]:
    """The subjects that a trust lets in by a provider; "*" where it names none."""
    issuer, found = get_issuer(provider), []
    for row in as_list(parse_document(document, "trust")["Statement"]):
        principal = row.get("Principal")
        named = as_list(principal.get("Federated") or []) if isinstance(principal, dict) else []
        if provider not in named or WEB_IDENTITY not in as_list(row.get("Action") or []):
            continue
        conditions = (row.get("Condition") or {}).values()
        subjects = [one for test in conditions for one in as_list(test.get(f"{issuer}:sub") or [])]
        found += subjects or ["*"]
    return sorted(set(found))
