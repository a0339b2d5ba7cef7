# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What must hold between the fields of a ClusterConfig, and what their text must look like. Pure."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.cluster_config import ami_types, eksctl_rules
from ansible_collections.kumo.eks.plugins.module_utils.cluster_config.access_rules import find_access_problems
from ansible_collections.kumo.eks.plugins.module_utils.cluster_config.extension_rules import find_extension_problems
from ansible_collections.kumo.eks.plugins.module_utils.cluster_config.karpenter_rules import find_karpenter_problems
from ansible_collections.kumo.eks.plugins.module_utils.cluster_config.outpost_rules import find_outpost_problems
from ansible_collections.kumo.eks.plugins.module_utils.cluster_config.reading import format_value
from ansible_collections.kumo.eks.plugins.module_utils.cluster_config.self_managed_rules import find_group_problems
from ansible_collections.kumo.eks.plugins.module_utils.cluster_config.translation.addon_roles import is_given
from ansible_collections.kumo.eks.plugins.module_utils.cluster_config.translation.instance_selector import (
    build_selector,
    find_selector_problems,
)
from ansible_collections.kumo.eks.plugins.module_utils.cluster_config.translation.node_template import (
    OF_THE_TEMPLATE,
    read_node_config,
)
from ansible_collections.kumo.eks.plugins.module_utils.cluster_config.translation.sizes import (
    build_scaling_config,
)
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.cluster import (
    NODE_POOLS,
    find_key_arn_problems,
    find_public_cidr_problems,
    find_service_network_problems,
)
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.network import HOSTNAME_TYPES
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.placement import FEWEST_ZONES
from ansible_collections.kumo.eks.plugins.module_utils.core.validation import find_vpc_block_problems
from ansible_collections.kumo.eks.plugins.module_utils.core.versions import parse_minor

# Of a node group's iam: what describes a role that is created for it.
OF_THE_ROLE = (
    "attachPolicy",
    "attachPolicyARNs",
    "withAddonPolicies",
    "instanceRoleName",
    "instanceRolePermissionsBoundary",
)
# What eksctl fills in beside launchTemplate: setNodeGroupBaseDefaults and setVolumeDefaults in its defaults.go.
TEMPLATE_DEFAULTS = {
    "disableIMDSv1": True,
    "disablePodIMDS": False,
    "ssh": {"allow": False},
    "volumeIOPS": 3000,
    "volumeThroughput": 125,
    "volumeType": "gp3",
}
NAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]*")
REGION = re.compile(r"[a-z]{2,4}(-[a-z]+)+-\d+")


def find_contradictions(config: dict[str, Any]) -> list[str]:
    """Everything that is wrong with a config whose fields are each right by themselves."""
    checks = (
        _check_metadata,
        _check_network,
        find_outpost_problems,
        _check_auto_mode,
        _check_nodegroups,
        _check_fargate,
        _check_addons,
        find_access_problems,
        find_extension_problems,
        find_karpenter_problems,
        _check_service_accounts,
        _check_associations,
        *eksctl_rules.CHECKS,
    )
    return [problem for check in checks for problem in check(config)]


def _check_metadata(config: dict[str, Any]) -> Iterator[str]:
    metadata = config.get("metadata", {})
    name, region = metadata.get("name"), metadata.get("region")
    if name is not None and not (NAME.fullmatch(name) and len(name) <= 100):
        yield f"metadata.name: {format_value(name)} is not a valid cluster name. Use up to 100 letters, digits, - and _."
    if region is not None and not REGION.fullmatch(region):
        yield f"metadata.region: {format_value(region)} is not an AWS region. Use one like ap-northeast-1."
    if "version" in metadata:
        try:
            parse_minor(metadata["version"], "metadata.version")
        except ValidationError as problem:
            yield problem.message


def _check_network(config: dict[str, Any]) -> Iterator[str]:
    vpc = config.get("vpc", {})
    if "cidr" in vpc:
        yield from find_vpc_block_problems("vpc.cidr", vpc["cidr"])
    zones = config.get("availabilityZones")
    if zones and len(set(zones)) < FEWEST_ZONES:
        yield f"availabilityZones: {', '.join(map(str, zones))} alone is not enough. EKS requires subnets in at least {FEWEST_ZONES} zones."
    yield from find_key_arn_problems(config.get("secretsEncryption", {}).get("keyARN"), "secretsEncryption.keyARN")
    if vpc.get("hostnameType") and vpc["hostnameType"] not in HOSTNAME_TYPES:
        yield f"vpc.hostnameType: {format_value(vpc['hostnameType'])} is not valid. Use {' or '.join(HOSTNAME_TYPES)}."
    cidrs = vpc.get("publicAccessCIDRs")
    if cidrs is not None:
        yield from find_public_cidr_problems([cidr for cidr in cidrs if cidr is not None], "vpc.publicAccessCIDRs")
    yield from _check_extra_cidrs(vpc)
    network = config.get("kubernetesNetworkConfig", {})
    block = {"service_ipv4_cidr": network.get("serviceIPv4CIDR"), "ip_family": network.get("ipFamily", "").lower()}
    yield from find_service_network_problems(block, "kubernetesNetworkConfig.serviceIPv4CIDR")
    if vpc.get("subnets"):
        yield from _check_existing_subnets(config)
    if "controlPlaneSubnetIDs" in vpc and vpc.get("controlPlaneOnPrivateSubnets"):
        yield "vpc.controlPlaneOnPrivateSubnets: cannot be combined with vpc.controlPlaneSubnetIDs. Use one of them."
    endpoints = vpc.get("clusterEndpoints", {})
    if endpoints.get("publicAccess") is False and endpoints.get("privateAccess") is not True:
        yield "vpc.clusterEndpoints: the API server would not be reachable. Set publicAccess or privateAccess to true."


def _check_extra_cidrs(vpc: dict[str, Any]) -> Iterator[str]:
    own = next((name for name in ("securityGroup", "controlPlaneSecurityGroupIDs") if vpc.get(name)), None)
    for name in ("extraCIDRs", "extraIPv6CIDRs"):
        if vpc.get(name) and own:
            yield f"vpc.{name}: eksctl does not use it with vpc.{own}. Add the rules to your security group."
        for index, cidr in enumerate(vpc.get(name, [])):
            try:
                ipaddress.ip_network(str(cidr), strict=False)
            except ValueError:
                yield f"vpc.{name}[{index}]: {format_value(cidr)} is not a CIDR block. Use one like 10.0.0.0/8 or 2001:db8::/32."


def _check_existing_subnets(config: dict[str, Any]) -> Iterator[str]:
    yield from _check_subnet_ids(config["vpc"]["subnets"], bool(config.get("outpost")))
    if config["vpc"].get("hostnameType"):
        yield "vpc.hostnameType: has no effect with vpc.subnets, which exist already. Remove it."
    if config.get("availabilityZones"):
        yield "availabilityZones: has no effect with vpc.subnets, which exist already. Remove it."
    private = config.get("privateCluster", {})
    if private.get("enabled") and not config["vpc"]["subnets"].get("private"):
        yield "privateCluster.enabled: vpc.subnets has no private subnets. List them in vpc.subnets.private."
    if private.get("enabled") and not private.get("skipEndpointCreation"):
        yield (
            "privateCluster: VPC endpoints are not created in the VPC of vpc.subnets, which is not changed. Create them, and set"
            " skipEndpointCreation to true."
        )


def _check_subnet_ids(subnets: dict[str, Any], is_local: bool) -> Iterator[str]:
    """EKS requires two subnets; a local cluster on an Outpost has one."""
    entries = [subnet for kind in subnets.values() for subnet in kind.values()]
    ids = [subnet["id"] for subnet in entries if subnet.get("id")]
    for twice in sorted({one for one in ids if ids.count(one) > 1}):
        yield f"vpc.subnets: {twice} is listed twice. Subnets must be unique."
    if len(entries) == len(ids) and len(set(ids)) == 1 and not is_local:
        yield f"vpc.subnets: EKS requires at least two subnets, in different Availability Zones. Given: {ids[0]}."


def _check_auto_mode(config: dict[str, Any]) -> Iterator[str]:
    auto = config.get("autoModeConfig", {})
    for name in ("nodePools", "nodeRoleARN"):
        if auto.get(name) and not auto.get("enabled"):
            yield f"autoModeConfig.{name}: has no effect unless autoModeConfig.enabled is true."
    for name in auto.get("nodePools", []):
        if name not in NODE_POOLS:
            yield f"autoModeConfig.nodePools: {format_value(name)} is not a built-in node pool. Use {' or '.join(NODE_POOLS)}."


def _check_nodegroups(config: dict[str, Any]) -> Iterator[str]:
    known = {key for subnets in config.get("vpc", {}).get("subnets", {}).values() for key in subnets}
    seen: set[str] = set()
    for kind, checks in CHECKS_OF_GROUPS.items():
        groups = config.get(kind, [])
        yield from _check_names(kind, groups, seen)
        for index, group in enumerate(groups):
            path = f"{kind}[{index}]"
            for check in (*checks, _check_sizes, _check_volume, _check_identity, _check_taints, _check_efa):
                yield from check(path, group or {})
            yield from _check_subnets(path, group or {}, config, known)
    if config.get("nodeGroups") and config.get("accessConfig", {}).get("authenticationMode") == "CONFIG_MAP":
        yield (
            "accessConfig.authenticationMode: CONFIG_MAP has no access entries, by which the nodes of nodeGroups join. Use"
            " API_AND_CONFIG_MAP or API."
        )


def _check_names(path: str, items: list[Any], seen: set[str] | None = None) -> Iterator[str]:
    seen = set() if seen is None else seen
    for index, item in enumerate(items):
        name = (item or {}).get("name")
        if name is not None and not NAME.fullmatch(name):
            yield f"{path}[{index}].name: {format_value(name)} is not a valid name. Use letters, digits, - and _."
        if name in seen:
            yield f"{path}[{index}].name: {format_value(name)} is used twice. Names must be unique."
        if name is not None:
            seen.add(name)


def _check_sizes(path: str, group: dict[str, Any]) -> Iterator[str]:
    least, most, wanted = build_scaling_config(group).values()
    if least < 0 or most < 1:
        yield f"{path}: minSize is {least}, and maxSize is {most}. Use at least 0 and at least 1."
    elif not least <= wanted <= most:
        yield f"{path}: minSize {least}, desiredCapacity {wanted}, maxSize {most} are not in ascending order (with eksctl's defaults)."


def _check_instances(path: str, group: dict[str, Any]) -> Iterator[str]:
    if "instanceType" in group and "instanceTypes" in group:
        yield f"{path}.instanceType: cannot be combined with instanceTypes. Use one of them."
        return
    if group.get("instanceSelector") and "launchTemplate" in group:
        yield f"{path}.instanceSelector: cannot be combined with launchTemplate. List the types in instanceTypes."
        return
    yield from find_selector_problems(path, group, group.get("amiFamily", "AmazonLinux2023"))
    if build_selector(group) is not None:
        return
    types = group.get("instanceTypes") or [group.get("instanceType", "m5.large")]
    if None in types or ("launchTemplate" in group and "amiFamily" not in group):
        return
    try:
        ami_types.choose_ami_type(group.get("amiFamily", "AmazonLinux2023"), types)
    except ValueError as problem:
        yield f"{path}.amiFamily: {problem}."


def _check_volume(path: str, group: dict[str, Any]) -> Iterator[str]:
    if "launchTemplate" in group:
        for name in [name for name in group if name in OF_THE_TEMPLATE and not _is_default(name, group[name])]:
            yield f"{path}.{name}: cannot be combined with launchTemplate. Set it in the template."
        return
    kind = group.get("volumeType", "gp3")
    if "volumeThroughput" in group and kind != "gp3":
        yield f"{path}.volumeThroughput: is for volumeType gp3, not {kind}."
    if "volumeIOPS" in group and kind not in ("gp3", "io1", "io2"):
        yield f"{path}.volumeIOPS: is for volumeType gp3, io1 and io2, not {kind}."
    if "volumeKmsKeyID" in group and not group.get("volumeEncrypted"):
        yield f"{path}.volumeKmsKeyID: needs volumeEncrypted: true."
    if group.get("volumeSize", 80) < 1:
        yield f"{path}.volumeSize: {group['volumeSize']} is not a size in GiB. Use at least 1."


def _is_default(name: str, value: Any) -> bool:
    """Whether the field asks for nothing beside a template: eksctl writes its defaults there, too."""
    if name == "securityGroups":
        return not value.get("attachIDs")
    return value == TEMPLATE_DEFAULTS.get(name, [])


def _check_bootstrap(path: str, group: dict[str, Any]) -> Iterator[str]:
    """ValidateManagedNodeGroup in eksctl's pkg/apis/eksctl.io/v1alpha5/validation.go."""
    family, own = group.get("amiFamily", "AmazonLinux2023"), "ami" in group
    if own and "amiFamily" not in group:
        yield f"{path}.amiFamily: is required with ami."
    for name in ("releaseVersion", "maxPodsPerNode") if own else ():
        if name in group:
            yield f"{path}.{name}: cannot be combined with ami."
    override = group.get("overrideBootstrapCommand")
    if family == "AmazonLinux2023" and override is not None:
        try:
            read_node_config(override)
        except ValueError as problem:
            yield f"{path}.overrideBootstrapCommand: {problem}."
    elif override is not None and not own:
        yield f"{path}.overrideBootstrapCommand: needs ami, unless amiFamily is AmazonLinux2023."
    elif own and override is None and family == "AmazonLinux2":
        yield f"{path}.overrideBootstrapCommand: is required with ami and amiFamily AmazonLinux2."
    for name in ("preBootstrapCommands", "overrideBootstrapCommand") if family.startswith("Bottlerocket") else ():
        if name in group:
            yield f"{path}.{name}: Bottlerocket does not run scripts. Use bottlerocket.settings."
    if "bottlerocket" in group and not family.startswith("Bottlerocket"):
        yield f"{path}.bottlerocket: is for amiFamily Bottlerocket, not {family}."


def _check_identity(path: str, group: dict[str, Any]) -> Iterator[str]:
    iam = group.get("iam", {})
    added = [name for name in OF_THE_ROLE if iam.get(name)]
    if "withAddonPolicies" in added and not any(iam["withAddonPolicies"].values()):
        added.remove("withAddonPolicies")
    for name in ("instanceRoleARN", "instanceProfileARN") if added else ():
        if name in iam:
            yield f"{path}.iam.{added[0]}: cannot be combined with {name}. Set it in that role."
            return


def _check_update(path: str, group: dict[str, Any]) -> Iterator[str]:
    if len(group.get("updateConfig", {})) > 1:
        yield f"{path}.updateConfig: use one of maxUnavailable and maxUnavailablePercentage."


def _check_taints(path: str, group: dict[str, Any]) -> Iterator[str]:
    pairs = [(taint.get("key"), taint.get("effect")) for taint in group.get("taints", []) if taint]
    for pair in sorted({pair for pair in pairs if pairs.count(pair) > 1 and None not in pair}):
        yield f"{path}.taints: {pair[0]} with {pair[1]} is listed twice."


def _check_efa(path: str, group: dict[str, Any]) -> Iterator[str]:
    """validateNodeGroupBase in eksctl: EFA works in one zone."""
    for name in ("availabilityZones", "localZones", "subnets") if group.get("efaEnabled") else ():
        if len(group.get(name, [])) > 1:
            yield f"{path}.{name}: {', '.join(map(str, group[name]))} cannot be combined with efaEnabled. EFA works in one zone: name one."


def _check_subnets(path: str, group: dict[str, Any], config: dict[str, Any], known: set[str]) -> Iterator[str]:
    for index, name in enumerate(group.get("subnets", [])):
        if name is not None and not name.startswith("subnet-") and name not in known:
            yield f"{path}.subnets[{index}]: {format_value(name)} is neither a subnet's ID nor an entry of vpc.subnets."
    zones, subnets = group.get("availabilityZones"), config.get("vpc", {}).get("subnets", {})
    if subnets and not (zones or group.get("subnets") or group.get("privateNetworking") or subnets.get("public")):
        # eksctl refuses it, too: "none of the subnets is public", so that nodes would have no route to the internet
        yield f"{path}.privateNetworking: vpc.subnets has no public subnets. Set it to true."
    if not zones:
        return
    if group.get("subnets"):
        yield f"{path}.availabilityZones: cannot be combined with subnets. Use one of them."
    kind = "private" if group.get("privateNetworking") else "public"
    present = {entry.get("az", key) for key, entry in subnets.get(kind, {}).items()}
    known_zones = ", ".join(sorted(map(str, present))) or "none"
    for zone in zones:
        if subnets and zone is not None and zone not in present:
            yield f"{path}.availabilityZones: {format_value(zone)} has no {kind} subnet in vpc.subnets. Zones are: {known_zones}."


def _check_fargate(config: dict[str, Any]) -> Iterator[str]:
    profiles = config.get("fargateProfiles", [])
    yield from _check_names("fargateProfiles", profiles)
    for index, profile in enumerate(profiles):
        if profile and not profile.get("selectors", [None]):
            yield f"fargateProfiles[{index}].selectors: is empty. Use at least one."
    if config.get("iam", {}).get("fargatePodExecutionRoleARN") and not profiles:
        yield "iam.fargatePodExecutionRoleARN: has no effect without fargateProfiles. Remove it."


def _check_addons(config: dict[str, Any]) -> Iterator[str]:
    addons = config.get("addons", [])
    yield from _check_names("addons", addons)


def _check_service_accounts(config: dict[str, Any]) -> Iterator[str]:
    iam = config.get("iam", {})
    rows = [row or {} for row in iam.get("serviceAccounts", [])]
    if rows and not iam.get("withOIDC"):
        yield "iam.serviceAccounts: need the cluster's OIDC provider. Set iam.withOIDC to true."
    seen: set[tuple[str, str]] = set()
    for index, row in enumerate(rows):
        path, metadata = f"iam.serviceAccounts[{index}]", row.get("metadata", {})
        who = (metadata.get("namespace", "default"), metadata.get("name", ""))
        if who in seen:
            yield f"{path}.metadata.name: {who[0]}/{who[1]} is listed twice."
        if who[1]:
            seen.add(who)
        yield from _check_role_of_account(path, row)


def _check_role_of_account(path: str, row: dict[str, Any]) -> Iterator[str]:
    of_role = ("attachPolicy", "attachPolicyARNs", "wellKnownPolicies", "permissionsBoundary", "roleName", "roleOnly")
    given = [name for name in of_role if is_given(row, name)]
    if "attachRoleARN" in row and (given or "subjectPattern" in row):
        yield f"{path}.attachRoleARN: cannot be combined with {', '.join(given or ['subjectPattern'])}, because that role is managed elsewhere."
    if "attachRoleARN" not in row and not any(is_given(row, name) for name in of_role[:3]):
        yield f"{path}: grants no permissions. Set attachPolicyARNs, attachPolicy or wellKnownPolicies, or attachRoleARN."
    if "subjectPattern" in row and not row.get("roleOnly"):
        yield f"{path}.subjectPattern: needs roleOnly: true, because service accounts that match are created by others."
    yield from _check_document(f"{path}.attachPolicy", row.get("attachPolicy"))


def _check_document(path: str, value: Any) -> Iterator[str]:
    if value is not None and not (isinstance(value, dict) and "Statement" in value):
        yield f"{path}: {format_value(value)} is not a policy document. Use a mapping with Version and Statement."


def _check_associations(config: dict[str, Any]) -> Iterator[str]:
    rows = config.get("iam", {}).get("podIdentityAssociations", [])
    addons = {(addon or {}).get("name") for addon in config.get("addons", [])}
    if rows and "eks-pod-identity-agent" not in addons and not config.get("autoModeConfig", {}).get("enabled"):
        yield "iam.podIdentityAssociations: need the EKS Pod Identity Agent. Add eks-pod-identity-agent to addons."
    seen: set[tuple[str, str]] = set()
    for index, row in enumerate(rows):
        path, row = f"iam.podIdentityAssociations[{index}]", row or {}
        if "namespace" not in row:
            yield f"{path}.namespace: is missing."
        who = (row.get("namespace", ""), row.get("serviceAccountName", ""))
        if who in seen:
            yield f"{path}.serviceAccountName: {who[0]}/{who[1]} is listed twice."
        if all(who):
            seen.add(who)
        yield from _check_role_of_association(path, row)


def _check_role_of_association(path: str, row: dict[str, Any]) -> Iterator[str]:
    rights = ("permissionPolicy", "permissionPolicyARNs", "wellKnownPolicies")
    given = [name for name in (*rights, "permissionsBoundaryARN", "roleName") if is_given(row, name)]
    if "roleARN" in row and given:
        yield f"{path}.roleARN: cannot be combined with {', '.join(given)}, because that role is managed elsewhere."
    if "roleARN" not in row and not any(is_given(row, name) for name in rights):
        yield f"{path}: grants no permissions. Set roleARN, or {', '.join(rights)}."
    if "permissionPolicyName" in row and "permissionPolicy" not in row:
        yield f"{path}.permissionPolicyName: has no effect without permissionPolicy."
    yield from _check_document(f"{path}.permissionPolicy", row.get("permissionPolicy"))


CHECKS_OF_GROUPS = {
    "managedNodeGroups": (_check_instances, _check_bootstrap, _check_update),
    "nodeGroups": (find_group_problems,),
}
