# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each module's options and documented results against botocore's model of EKS: a new member of the API is noticed."""

from __future__ import annotations

import importlib
import importlib.util
from pathlib import Path
from typing import Any

import botocore.session
import pytest
import yaml
from ansible.module_utils.common.dict_transformations import camel_dict_to_snake_dict

from ansible_collections.kumo.eks.plugins.doc_fragments.tags import ModuleDocFragment

EKS = botocore.session.get_session().get_service_model("eks")
# Members of requests that are no options: the names of things, and what the module sets by itself.
PLUMBING = {"clientRequestToken", "clusterName", "nodegroupName", "fargateProfileName", "addonName", "name"}
# Settings of a capability's type, which the option has without "configuration"
CAPABILITY_SETTINGS = {
    "argoCd.namespace": "argo_cd.namespace",
    "argoCd.awsIdc.idcInstanceArn": "argo_cd.aws_idc.idc_instance_arn",
    "argoCd.awsIdc.idcRegion": "argo_cd.aws_idc.idc_region",
    "argoCd.rbacRoleMappings.role": "argo_cd.rbac_role_mappings.role",
    "argoCd.rbacRoleMappings.identities.id": "argo_cd.rbac_role_mappings.identities.id",
    "argoCd.rbacRoleMappings.identities.type": "argo_cd.rbac_role_mappings.identities.type",
    "argoCd.networkAccess.vpceIds": "argo_cd.network_access.vpce_ids",
    "argoCd.endpointPrefix": "argo_cd.endpoint_prefix",
    "ack.enableCrossNamespace": "ack.enable_cross_namespace",
    "ack.disabledServices": "ack.disabled_services",
}
# Where a module's option has another name than the API's member, from before this collection or for the user's sake.
RENAMED: dict[str, dict[str, str]] = {
    "eks_cluster": {
        "resourcesVpcConfig.subnetIds": "subnets",
        "resourcesVpcConfig.securityGroupIds": "security_groups",
        "resourcesVpcConfig.endpointPublicAccess": "endpoint_public_access",
        "resourcesVpcConfig.endpointPrivateAccess": "endpoint_private_access",
        "resourcesVpcConfig.publicAccessCidrs": "public_access_cidrs",
        "resourcesVpcConfig.controlPlaneEgressMode": "control_plane_egress_mode",
        "logging.clusterLogging.types": "logging",
        "logging.clusterLogging.enabled": "logging",
        "encryptionConfig.provider.keyArn": "encryption_config.key_arn",
    },
    "eks_nodegroup": {
        "remoteAccess.sourceSecurityGroups": "remote_access.source_sg",
        "labels.addOrUpdateLabels": "labels",
        "labels.removeLabels": "labels",
        **{
            f"taints.{verb}.{part}": f"taints.{part}"
            for verb in ("addOrUpdateTaints", "removeTaints")
            for part in ("key", "value", "effect")
        },
    },
    "eks_fargate_profile": {"podExecutionRoleArn": "role_arn"},
    "eks_addon": {"addonVersion": "version", "namespaceConfig.namespace": "namespace"},
    "eks_capability": {
        "capabilityName": "name",
        **{f"configuration.{path}": option for path, option in CAPABILITY_SETTINGS.items()},
        **{
            f"configuration.argoCd.rbacRoleMappings.{verb}.{path}": f"argo_cd.rbac_role_mappings.{path}"
            for verb in ("addOrUpdateRoleMappings", "removeRoleMappings")
            for path in ("role", "identities.id", "identities.type")
        },
    },
    "eks_cluster_registration": {
        "connectorConfig.provider": "connector_provider",
        "connectorConfig.roleArn": "role_arn",
    },
    "eks_identity_provider": {
        "oidc.identityProviderConfigName": "name",
        "identityProviderConfig.name": "name",
        "identityProviderConfig.type": "name",  # oidc is the only one
        **{
            f"oidc.{member}": option
            for member, option in (
                ("issuerUrl", "issuer_url"),
                ("clientId", "client_id"),
                ("usernameClaim", "username_claim"),
                ("usernamePrefix", "username_prefix"),
                ("groupsClaim", "groups_claim"),
                ("groupsPrefix", "groups_prefix"),
                ("requiredClaims", "required_claims"),
            )
        },
    },
}
OPERATIONS = {
    "eks_cluster": (
        "CreateCluster",
        "UpdateClusterConfig",
        "UpdateClusterVersion",
        "AssociateEncryptionConfig",
        "DeleteCluster",
    ),
    "eks_nodegroup": ("CreateNodegroup", "UpdateNodegroupConfig", "UpdateNodegroupVersion", "DeleteNodegroup"),
    "eks_fargate_profile": ("CreateFargateProfile", "DeleteFargateProfile"),
    "eks_addon": ("CreateAddon", "UpdateAddon", "DeleteAddon"),
    "eks_capability": ("CreateCapability", "UpdateCapability", "DeleteCapability"),
    "eks_cluster_registration": ("RegisterCluster", "DeregisterCluster"),
    "eks_identity_provider": ("AssociateIdentityProviderConfig", "DisassociateIdentityProviderConfig"),
}
RESULTS = {
    "eks_cluster": ("Cluster", "cluster"),
    "eks_cluster_info": ("Cluster", "clusters"),
    "eks_nodegroup": ("Nodegroup", "nodegroup"),
    "eks_nodegroup_info": ("Nodegroup", "nodegroups"),
    "eks_fargate_profile": ("FargateProfile", "fargate_profile"),
    "eks_fargate_profile_info": ("FargateProfile", "fargate_profiles"),
    "eks_addon": ("Addon", "addon"),
    "eks_addon_info": ("Addon", "addons"),
    "eks_version_info": ("ClusterVersionInformation", "versions"),
    "eks_addon_version_info": ("AddonInfo", "addons"),
    "eks_insights_info": ("Insight", "insights"),
    "eks_identity_provider": ("OidcIdentityProviderConfig", "identity_provider"),
    "eks_identity_provider_info": ("OidcIdentityProviderConfig", "identity_providers"),
    "eks_capability": ("Capability", "capability"),
    "eks_certificate_authority": ("CertificateAuthority", "certificate_authorities"),
    "eks_certificate_authority_info": ("CertificateAuthority", "certificate_authorities"),
    "eks_capability_info": ("Capability", "capabilities"),
    "eks_update": ("Update", "updates"),
    "eks_update_info": ("Update", "updates"),
}
LISTS = {"eks_nodegroup": "nodegroups", "eks_fargate_profile": "profiles", "eks_addon": "addons"}


def docs(module: str, part: str) -> dict[str, Any]:
    source = importlib.import_module(f"ansible_collections.kumo.eks.plugins.modules.{module}")
    return yaml.safe_load(getattr(source, part))


def options_of(module: str) -> dict[str, Any]:
    """The module's options and those of the fragment that all of them share."""
    return {**yaml.safe_load(ModuleDocFragment.DOCUMENTATION)["options"], **docs(module, "DOCUMENTATION")["options"]}


def convert_answer(path: str) -> str:
    return ".".join(next(iter(camel_dict_to_snake_dict({key: 1}))) for key in path.split("."))


def leaves(shape: Any, path: str = "") -> dict[str, Any]:
    """Dotted path in the API's spelling -> shape, of each leaf below a structure."""
    if shape.type_name == "list" and shape.member.type_name == "structure":
        return leaves(shape.member, path)
    if shape.type_name != "structure" or not shape.members:
        return {path: shape}
    found: dict[str, Any] = {}
    for key, member in shape.members.items():
        found.update(leaves(member, f"{path}.{key}" if path else key))
    return found


def describe_all(rows: dict[str, Any], inner: str, path: str = "") -> dict[str, dict[str, Any]]:
    """Dotted path -> documentation, of each leaf of options (suboptions) or results (contains)."""
    found = {}
    for name, row in rows.items():
        here = f"{path}.{name}" if path else name
        found.update(describe_all(row[inner], inner, here) if row.get(inner) else {here: row})
    return found


def requested(module: str) -> dict[str, Any]:
    """Option path -> shape, of all that the module's requests can carry."""
    found = {}
    for operation in OPERATIONS[module]:
        for path, shape in leaves(EKS.operation_model(operation).input_shape).items():
            if path not in PLUMBING:
                found.setdefault(RENAMED[module].get(path, convert_answer(path)), shape)
    return found


@pytest.mark.parametrize("module", OPERATIONS)
def test_each_member_of_the_requests_has_an_option(module):
    options = describe_all(options_of(module), "suboptions")
    missing = set(requested(module)) - set(options)
    assert not missing, f"{module} knows nothing of {sorted(missing)}: new in EKS' API?"


@pytest.mark.parametrize("module", OPERATIONS)
def test_choices_are_those_of_the_api(module):
    options = describe_all(options_of(module), "suboptions")
    for path, shape in requested(module).items():
        values = getattr(shape.member if shape.type_name == "list" else shape, "enum", None)
        if values:
            assert sorted(options[path].get("choices", [])) == sorted(values), path


@pytest.mark.parametrize("module", RESULTS)
def test_results_are_documented_to_the_leaves(module):
    shape, key = RESULTS[module]
    contains = docs(module, "RETURN")[key]["contains"]
    known = describe_all(contains, "contains")
    missing = {convert_answer(path) for path in leaves(EKS.shape_for(shape))} - set(known)
    assert not missing, f"{module} returns, and does not say: {sorted(missing)}"
    for path, row in known.items():
        assert {"description", "returned", "type", "sample"} <= set(row), path


@pytest.mark.parametrize("module", LISTS)
def test_an_item_of_a_list_takes_and_returns_what_a_single_one_does(module):
    options = options_of(module)
    items = options[LISTS[module]]["suboptions"]
    whole_task = {LISTS[module], "cluster_name", "state", "wait", "wait_timeout", "owned"}
    whole_task |= {
        "defaults",
        "node_roles",
        "private_subnets",
        "public_subnets",
        "subnet_zones",
        "purge",
    }  # for all items of eks_nodegroup
    singular = {name: row for name, row in options.items() if name not in whole_task}
    assert set(items) == set(singular)
    for name, row in singular.items():
        for trait in ("type", "elements", "choices", "default", "suboptions"):
            # an item that omits it has the default of the task, which the task's defaults precede
            is_of_task = (name, trait) == ("purge_tags", "default")
            assert is_of_task or items[name].get(trait) == row.get(trait), (name, trait)
    results = docs(module, "RETURN")
    shape, key = RESULTS[module]
    rows = results[f"{key}s"]["contains"]
    assert set(results[key]["contains"]) < set(rows) and {"name", "changed", "failed", "msg", "updates"} < set(rows)


def test_what_modules_share_is_written_once():
    path = Path(__file__).parents[4] / "tools" / "shared_docs.py"
    spec = importlib.util.spec_from_file_location("shared_docs", path)
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    for file, text in tool.build_sources().items():
        assert file.read_text(encoding="utf-8") == text, f"{file.name}: run .venv/bin/python tools/shared_docs.py"
