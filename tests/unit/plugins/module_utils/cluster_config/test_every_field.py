# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each field of the table changes what comes out, or is refused by its path."""

from __future__ import annotations

import importlib
import re
from typing import Any

import pytest
import yaml
from ansible.module_utils.common.dict_transformations import camel_dict_to_snake_dict
from support.certificates import CA_BUNDLE, OTHER_BUNDLE

from ansible_collections.kumo.eks.plugins.module_utils.cluster_config.config import Unusable, build_role_variables
from ansible_collections.kumo.eks.plugins.module_utils.cluster_config.schema import (
    CHOICES,
    DEFINITIONS,
    REQUIRED,
    list_paths,
)
from ansible_collections.kumo.eks.plugins.module_utils.cluster_config.verdicts import (
    DESCRIPTIVE,
    HONOURED,
    REFUSED,
    find_verdict,
)

BASE = {
    "apiVersion": "eksctl.io/v1alpha5",
    "kind": "ClusterConfig",
    "metadata": {"name": "one", "region": "eu-west-1"},
}
FIELDS = dict(list_paths())
LEAVES = [path for path in FIELDS if FIELDS[path].strip("[]{}") not in DEFINITIONS]
SUBNETS = {"public": {"a": {"id": "subnet-1"}, "b": {"id": "subnet-2"}}, "private": {"a": {"id": "subnet-3"}}}
AUTO = {"autoModeConfig": {"enabled": True, "nodeRoleARN": "arn:n"}, "iam": {"serviceRoleARN": "arn:s"}}

DOCUMENT = {"Version": "2012-10-17", "Statement": []}
AGENT = {"addons": [{"name": "eks-pod-identity-agent"}]}
BARE_ACCOUNT = {"metadata": {"name": "text"}}
RIGHTS = {"attachPolicyARNs": ["arn:p"]}
BARE_ASSOCIATION = {"namespace": "n", "serviceAccountName": "text"}
MORE_RIGHTS = {"permissionPolicyARNs": ["arn:p"]}


def account(**fields: Any) -> dict[str, Any]:
    return {"iam": {"withOIDC": True, "serviceAccounts": [{**BARE_ACCOUNT, **fields}]}}


def association(**fields: Any) -> dict[str, Any]:
    return {"iam": {"podIdentityAssociations": [{**BARE_ASSOCIATION, **fields}]}, **AGENT}


KEYS = [f"arn:aws:kms:eu-west-1:123456789012:key/{number}" for number in range(2)]
# A value that differs from the default, where the first one that fits the type does not.
VALUES: dict[str, Any] = {
    "metadata.version": "1.31",
    "availabilityZones": ["a", "b"],
    "localZones": ["us-west-2-lax-1a"],
    "nodeGroups[].localZones": ["us-west-2-lax-1a"],
    "autoModeConfig.nodePools": ["system"],
    "secretsEncryption.keyARN": KEYS[0],
    "metadata.region": "us-east-1",
    "vpc.cidr": "10.0.0.0/16",
    "vpc.nat.gateway": "Disable",
    "vpc.extraCIDRs": ["10.7.0.0/16"],
    "vpc.extraIPv6CIDRs": ["2001:db8::/32"],
    "vpc.hostnameType": "resource-name",
    "vpc.publicAccessCIDRs": ["203.0.113.0/24"],
    "kubernetesNetworkConfig.serviceIPv4CIDR": "10.100.0.0/16",
    "kubernetesNetworkConfig.ipFamily": "IPv4",
    "managedNodeGroups[].amiFamily": "Bottlerocket",
    "cloudWatch.clusterLogging.logRetentionInDays": 60,
    "managedNodeGroups[].subnets": ["subnet-9"],
    "managedNodeGroups[].minSize": 3,
    "managedNodeGroups[].maxSize": 3,
    "managedNodeGroups[].desiredCapacity": 3,
    "managedNodeGroups[].volumeType": "gp2",
    "managedNodeGroups[].availabilityZones": ["a"],
    "managedNodeGroups[].disableIMDSv1": False,
    "managedNodeGroups[].overrideBootstrapCommand": "kind: NodeConfig\nspec: {kubelet: {config: {maxPods: 5}}}",
    "vpc.subnets.public{}.cidr": "10.0.1.0/24",
    "vpc.subnets.private{}.cidr": "10.0.1.0/24",
    "vpc.subnets.public{}.az": "c",
    "vpc.subnets.private{}.az": "c",
    "vpc.clusterEndpoints.publicAccess": False,
    "iam.vpcResourceControllerPolicy": False,
    "iam.withOIDC": True,
    "privateCluster.additionalEndpointServices": ["logs"],
    "managedNodeGroups[].instanceMarketOptions.marketType": "capacity-block",
    "remoteNetworkConfig.iam.caBundleCert": OTHER_BUNDLE,
    "managedNodeGroups[].ssh.allow": False,
    "managedNodeGroups[].ssh.publicKey": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIECd5iQrQw16tG6xRmDbcezdX4XWhobYW92YJigDo+74 somebody",
    "managedNodeGroups[].instanceSelector.memory": "8",
    "managedNodeGroups[].instanceSelector.cpuArchitecture": "arm64",
    "addons[].attachPolicy": DOCUMENT,
    "addons[].podIdentityAssociations[].permissionPolicy": DOCUMENT,
    "iam.serviceAccounts[].attachPolicy": DOCUMENT,
    "iam.podIdentityAssociations[].permissionPolicy": DOCUMENT,
}
# What must stand beside the field for it to mean something.
KEY = {"managedNodeGroups": [{"name": "n", "ssh": {"publicKeyName": "k"}}]}
ROLE_OF_ADDON = {
    "addons": [
        {"name": "eks-pod-identity-agent", "podIdentityAssociations": [{"serviceAccountName": "s", **MORE_RIGHTS}]}
    ]
}
BESIDE: dict[str, dict[str, Any]] = {
    "cloudWatch.clusterLogging.logRetentionInDays": {"cloudWatch": {"clusterLogging": {"enableTypes": ["api"]}}},
    "autoModeConfig.permissionsBoundaryARN": {"autoModeConfig": {"enabled": True}},
    "iam.vpcResourceControllerPolicy": {},
    "vpc.id": {"vpc": {"subnets": SUBNETS}},
    "remoteNetworkConfig.iam.caBundleCert": {
        "remoteNetworkConfig": {
            "remoteNodeNetworks": [{"cidrs": ["10.80.0.0/16"]}],
            "iam": {"provider": "IRA", "caBundleCert": CA_BUNDLE},
        }
    },
    "privateCluster.additionalEndpointServices": {"privateCluster": {"enabled": True}},
    "privateCluster.skipEndpointCreation": {"privateCluster": {"enabled": True}},
    "managedNodeGroups[].instanceMarketOptions.marketType": {
        "managedNodeGroups": [
            {"name": "n", "capacityReservation": {"capacityReservationTarget": {"capacityReservationID": "cr-1"}}}
        ]
    },
    "managedNodeGroups[].ssh.allow": KEY,
    "managedNodeGroups[].instanceSelector.cpuArchitecture": {
        "managedNodeGroups": [{"name": "n", "instanceSelector": {"vCPUs": 2}}]
    },
    "managedNodeGroups[].ssh.sourceSecurityGroupIds": KEY,
    **{
        f"addons[].{name}": {"addons": [{"name": "aws-fsx-csi-driver"}], "iam": {"withOIDC": True}}
        for name in ("attachPolicy", "attachPolicyARNs")
    },
    "addons[].permissionsBoundary": {
        "addons": [{"name": "aws-fsx-csi-driver", "attachPolicyARNs": ["arn:p"]}],
        "iam": {"withOIDC": True},
    },
    **{
        path: {"addons": [{"name": "aws-fsx-csi-driver"}], "iam": {"withOIDC": True}}
        for path in LEAVES
        if path.startswith("addons[].wellKnownPolicies.")
    },
    **{
        f"addons[].podIdentityAssociations[].{name}": ROLE_OF_ADDON
        for name in ("roleName", "permissionPolicy", "permissionsBoundaryARN")
    },
    "autoModeConfig.enabled": {"iam": AUTO["iam"], "autoModeConfig": {"nodePools": []}},
    "autoModeConfig.nodePools": AUTO,
    "autoModeConfig.nodeRoleARN": {**AUTO, "autoModeConfig": {"enabled": True}},
    "vpc.controlPlaneOnPrivateSubnets": {"vpc": {"subnets": SUBNETS}},
    "vpc.controlPlaneSubnetIDs": {"vpc": {"subnets": SUBNETS}},
    "vpc.subnets.public{}.id": {"vpc": {"subnets": {"public": {"k": {"id": "subnet-0"}, "l": {"id": "subnet-1"}}}}},
    "vpc.subnets.private{}.id": {"vpc": {"subnets": {"private": {"k": {"id": "subnet-0"}, "l": {"id": "subnet-1"}}}}},
    "vpc.subnets.public{}.az": {
        "vpc": {"subnets": {"public": {"k": {"id": "subnet-1"}, "c": {"id": "subnet-2"}}}},
        "managedNodeGroups": [{"name": "n", "availabilityZones": ["c"]}],
    },
    "vpc.subnets.private{}.az": {
        "vpc": {"subnets": {"private": {"k": {"id": "subnet-1"}, "c": {"id": "subnet-2"}}}},
        "managedNodeGroups": [{"name": "n", "privateNetworking": True, "availabilityZones": ["c"]}],
    },
    "vpc.clusterEndpoints.publicAccess": {"vpc": {"clusterEndpoints": {"privateAccess": True}}},
    "managedNodeGroups[].availabilityZones": {"managedNodeGroups": [{"name": "n"}]},
    "nodeGroups[].localZones": {"localZones": ["us-west-2-lax-1a"], "nodeGroups": [{"name": "n"}]},
    "managedNodeGroups[].volumeKmsKeyID": {"managedNodeGroups": [{"name": "n", "volumeEncrypted": True}]},
    "managedNodeGroups[].ami": {"managedNodeGroups": [{"name": "n", "amiFamily": "AmazonLinux2023"}]},
    **{
        f"managedNodeGroups[].bottlerocket.{name}": {"managedNodeGroups": [{"name": "n", "amiFamily": "Bottlerocket"}]}
        for name in ("settings", "enableAdminContainer")
    },
    "managedNodeGroups[].desiredCapacity": {"managedNodeGroups": [{"name": "n", "minSize": 1, "maxSize": 9}]},
    "iam.fargatePodExecutionRoleARN": {"fargateProfiles": [{"name": "f", "selectors": [{"namespace": "x"}]}]},
}
BESIDE |= {
    f"iam.serviceAccounts[].{name}": account(**RIGHTS)
    for name in (
        "metadata.name",
        "metadata.namespace",
        "metadata.labels",
        "metadata.annotations",
        "attachPolicy",
        "permissionsBoundary",
        "roleName",
        "roleOnly",
        "tags",
    )
}
BESIDE |= {
    f"iam.podIdentityAssociations[].{name}": association(**MORE_RIGHTS)
    for name in (
        "namespace",
        "serviceAccountName",
        "createServiceAccount",
        "targetRoleARN",
        "disableSessionTags",
        "policy",
        "roleName",
        "permissionPolicy",
        "permissionsBoundaryARN",
        "tags",
    )
}
BESIDE |= {
    "iam.serviceAccounts[].attachPolicyARNs": account(attachPolicy=DOCUMENT),
    "iam.serviceAccounts[].subjectPattern": account(**RIGHTS, roleOnly=True, roleName="r"),
    "iam.podIdentityAssociations[].permissionPolicyARNs": association(permissionPolicy=DOCUMENT),
    "iam.podIdentityAssociations[].permissionPolicyName": association(permissionPolicy=DOCUMENT),
    "iam.podIdentityAssociations[].roleARN": association(),
    "addons[].podIdentityAssociations[].serviceAccountName": {
        "addons": [{"name": "eks-pod-identity-agent", "podIdentityAssociations": [{"roleARN": "arn:r"}]}]
    },
    "addons[].podIdentityAssociations[].roleARN": AGENT,
    "addons[].podIdentityAssociations[].permissionPolicyARNs": AGENT,
    "addons[].podIdentityAssociations[].permissionPolicyName": {
        "addons": [
            {
                "name": "eks-pod-identity-agent",
                "podIdentityAssociations": [{"serviceAccountName": "s", "permissionPolicy": DOCUMENT}],
            }
        ]
    },
    "iam.serviceAccounts[].attachRoleARN": account(),
    **{
        path: account(**RIGHTS) if "serviceAccounts" in path else association(**MORE_RIGHTS)
        for path in LEAVES
        if ".wellKnownPolicies." in path and path.startswith("iam.")
    },
}
ROLE = "arn:aws:iam::123456789012:role/person"
ENTRY, SCOPE = "accessConfig.accessEntries[]", "accessConfig.accessEntries[].accessPolicies[].accessScope"
VIEW = {"policyARN": "AmazonEKSViewPolicy", "accessScope": {"type": "cluster"}}
HERE = {"policyARN": "AmazonEKSViewPolicy", "accessScope": {"type": "namespace", "namespaces": ["x"]}}
VALUES |= {
    f"{ENTRY}.principalARN": ROLE,
    f"{ENTRY}.type": "EC2_LINUX",
    f"{ENTRY}.accessPolicies[].policyARN": "AmazonEKSEditPolicy",
    f"{SCOPE}.type": "cluster",
    "iamIdentityMappings[].arn": ROLE,
}
BESIDE |= {
    f"{ENTRY}.accessPolicies[].policyARN": {
        "accessConfig": {"accessEntries": [{"principalARN": ROLE, "accessPolicies": [VIEW]}]}
    },
    f"{SCOPE}.namespaces": {"accessConfig": {"accessEntries": [{"principalARN": ROLE, "accessPolicies": [HERE]}]}},
}
# Another value of these needs another field, too: compared with a file that has none of it.
ALONE = (
    "remoteNetworkConfig.iam.caBundleCert",
    "karpenter.version",
    f"{ENTRY}.principalARN",
    f"{ENTRY}.accessPolicies[].policyARN",
    f"{SCOPE}.type",
    f"{SCOPE}.namespaces",
    "iamIdentityMappings[].arn",
    "capabilities[].type",
)
# Self-managed nodes: as managed ones, where they have the same field.
OWN = "nodeGroups[]"
VALUES |= {path.replace("managedNodeGroups", "nodeGroups"): value for path, value in VALUES.items()}
BESIDE |= {
    path.replace("managedNodeGroups", "nodeGroups"): {
        name.replace("managedNodeGroups", "nodeGroups"): value for name, value in given.items()
    }
    for path, given in BESIDE.items()
    if path.startswith("managedNodeGroups")
}
VALUES |= {
    f"{OWN}.amiFamily": "WindowsServer2022CoreContainer",
    f"{OWN}.ami": "ami-1",
    f"{OWN}.cpuCredits": "Unlimited",
    f"{OWN}.securityGroups.withShared": False,
    f"{OWN}.securityGroups.withLocal": False,
    f"{OWN}.taints": {"gpu": "true:NoSchedule"},
}
ALONE_SGS = {"attachIDs": ["sg-1"]}
MIX = {"nodeGroups": [{"name": "n", "instancesDistribution": {"instanceTypes": ["m5.large", "m5a.large"]}}]}
BESIDE |= {
    f"{OWN}.cpuCredits": {"nodeGroups": [{"name": "n", "instanceType": "t3.large"}]},
    f"{OWN}.ami": {"nodeGroups": [{"name": "n", "amiFamily": "AmazonLinux2023"}]},
    f"{OWN}.securityGroups.withShared": {
        "nodeGroups": [{"name": "n", "securityGroups": {**ALONE_SGS, "withLocal": False}}]
    },
    f"{OWN}.securityGroups.withLocal": {"nodeGroups": KEY["managedNodeGroups"]},
    f"{OWN}.iam.instanceProfileARN": {"nodeGroups": [{"name": "n", "iam": {"instanceRoleARN": ROLE}}]},
    **{
        f"{OWN}.instancesDistribution.{name}": MIX
        for name in DEFINITIONS["NodeGroupInstancesDistribution"]
        if name != "instanceTypes"
    },
}
# Another value of a capability's type takes other fields, too: Argo CD has settings of its own.
IDC = {"idcInstanceArn": "arn:aws:sso:::instance/ssoins-1"}
ARGO = {"name": "c", "type": "ARGOCD", "configuration": {"argocd": {"awsIdc": IDC}}}
VALUES |= {
    "capabilities[].type": "KRO",
    "capabilities[].attachPolicy": DOCUMENT,
    "capabilities[].configuration.argocd.awsIdc.idcInstanceArn": "arn:aws:sso:::instance/ssoins-2",
    "capabilities[].configuration.argocd.rbacRoleMappings[].role": "VIEWER",
    "capabilities[].accessPolicies[].policyARN": "AmazonEKSEditPolicy",
    "capabilities[].accessPolicies[].accessScope.type": "namespace",
}
BESIDE |= {path: {"capabilities": [ARGO]} for path in LEAVES if path.startswith("capabilities[].configuration.argocd.")}
BESIDE |= {
    path: {"capabilities": [{"name": "c", "type": "ACK", "accessPolicies": [VIEW]}]}
    for path in LEAVES
    if path.startswith("capabilities[].accessPolicies[].")
}
RACK = "arn:aws:outposts:us-west-2:123456789012:outpost/op-0123456789abcdef0"
OUTPOST = {"controlPlaneOutpostARN": RACK, "controlPlaneInstanceType": "m5.large"}
BESIDE |= {path: {"outpost": OUTPOST, "vpc": {"subnets": SUBNETS}} for path in LEAVES if path.startswith("outpost.")}
BESIDE |= {
    path: {"outpost": {**OUTPOST, "etcdInstanceType": "m5.large"}, "vpc": {"subnets": SUBNETS}}
    for path in ("outpost.controlPlanePlacement.spreadLevel", "outpost.etcdPlacement.spreadLevel")
}
VALUES |= {"outpost.controlPlaneOutpostARN": f"{RACK[:-1]}1", f"{OWN}.outpostARN": RACK}
BESIDE |= {
    f"vpc.subnets.{kind}{{}}.cidr": {
        "vpc": {"id": "vpc-1", "subnets": {kind: {"k": {"cidr": "10.0.0.0/24"}, "l": {"id": "subnet-2"}}}}
    }
    for kind in ("public", "private")
}
# The subnets of the VPC, which are looked up by their blocks
IN_VPC = [
    {"subnet_id": f"subnet-{number}", "cidr_block": f"10.0.{number}.0/24", "availability_zone": "a"}
    for number in range(2)
]
BESIDE[f"{OWN}.outpostARN"] = {"nodeGroups": [{"name": "n", "subnets": ["subnet-1"]}]}
# Fields without which a file is refused by a rule, for they are needed only here.
WITH_AGENT = {"addons": [{"name": "vpc-cni"}, {"name": "eks-pod-identity-agent"}]}
BESIDE |= {
    "addons[].useDefaultPodIdentityAssociations": WITH_AGENT,
    "addonsConfig.autoApplyPodIdentityAssociations": WITH_AGENT,
}
KARPENTER = {"karpenter": {"version": "1.0.0"}, "iam": {"withOIDC": True}}
BESIDE |= {path: KARPENTER for path in LEAVES if path.startswith("karpenter.")}
VALUES["karpenter.version"] = "1.1.0"
NEEDED = (
    "addons[].podIdentityAssociations[].roleARN",
    "addons[].podIdentityAssociations[].permissionPolicyARNs",
    "iam.podIdentityAssociations[].namespace",
    "iam.podIdentityAssociations[].roleARN",
    "iam.serviceAccounts[].attachRoleARN",
    "outpost.controlPlaneInstanceType",
    "outpost.controlPlaneOutpostARN",
    "nodeGroups[].instancesDistribution.instanceTypes",
    "capabilities[].accessPolicies[].accessScope.type",
    "capabilities[].configuration.argocd.awsIdc.idcInstanceArn",
)
REQUIRED_VALUES = {
    "principalARN": ROLE,
    "arn": ROLE,
    "policyARN": "AmazonEKSViewPolicy",
    "remoteNodeNetworks": [{"cidrs": ["10.0.0.0/8"]}],
    "selectors": [{"namespace": "x"}],
}


def sample(kind: str) -> Any:
    if kind.startswith("["):
        return [sample(kind[1:-1])]
    if kind.startswith("{"):
        return {"k": sample(kind[1:-1])}
    if kind in CHOICES:
        return CHOICES[kind][-1]
    return {"string": "text", "integer": 5, "boolean": True, "number": 1.5, "any": {"a": 1}}[kind]


def placed(config: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """The config with a value at a path; the fields that the types on the way require are filled in."""
    config = {name: _copied(item) for name, item in config.items()}
    here: Any = config
    walked = ""
    steps = re.findall(r"[^.\[\]{}]+|\[\]|\{\}", path)
    for step, following in zip(steps, [*steps[1:], None], strict=True):
        walked += step if step in ("[]", "{}") else f".{step}" if walked else step
        key: Any = {"[]": 0, "{}": "k"}.get(step, step)
        if following is None:
            here[key] = value
            break
        empty: Any = [] if following == "[]" else {}
        if step == "[]" and not here:
            here.append(empty)
        elif step != "[]":
            here.setdefault(key, empty)
        here = here[key]
        kind = FIELDS.get(re.sub(r"(\[\]|\{\})$", "", walked), "").strip("[]{}")
        needed = {**REQUIRED_VALUES, "type": "oidc" if kind == "IdentityProvider" else "ACK"}
        if isinstance(here, dict) and following != "{}":
            for name in REQUIRED.get(kind, ()):
                here.setdefault(name, needed.get(name, "NoExecute" if name == "effect" else "text"))
    return config


def _copied(item: Any) -> Any:
    if isinstance(item, dict):
        return {name: _copied(value) for name, value in item.items()}
    return [_copied(value) for value in item] if isinstance(item, list) else item


def problems_of(config: dict[str, Any]) -> list[str]:
    with pytest.raises(Unusable) as caught:
        build_role_variables(config)
    return caught.value.problems


def test_the_table_is_the_whole_schema():
    assert len(DEFINITIONS) == 76
    assert len(FIELDS) == 527


@pytest.mark.parametrize("known", [*HONOURED, *REFUSED, *DESCRIPTIVE])
def test_each_verdict_is_about_a_field_that_exists(known: str):
    assert re.sub(r"\[\]$", "", known) in FIELDS


@pytest.mark.parametrize("path", LEAVES)
def test_each_field_has_a_verdict(path: str):
    assert find_verdict(path)[0] in ("honoured", "refused", "descriptive")


@pytest.mark.parametrize("path", [path for path in LEAVES if find_verdict(path)[0] == "honoured"])
def test_an_honoured_field_changes_what_comes_out(path: str):
    start = {**BASE, **BESIDE.get(path, {})}
    value = VALUES.get(path, sample(FIELDS[path]))
    other = _other(start, path, value)
    assert build_role_variables(placed(start, path, value), IN_VPC) != other


def _other(start: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """What comes out without the field, or with another value where it must be there."""
    without = placed(start, path, None)
    if path in ALONE or (path in BESIDE and path.endswith(("}.id", "}.cidr"))):
        return build_role_variables(start, IN_VPC)
    name = path.rsplit(".", 1)[-1]
    required = any(name in REQUIRED.get(kind, ()) and name in DEFINITIONS[kind] for kind in DEFINITIONS)
    try:
        return build_role_variables(without)
    except Unusable as error:
        assert required or path in NEEDED, error.problems
        others = {**BASE["metadata"], "keyARN": KEYS[1], "controlPlaneOutpostARN": RACK}
        other = others.get(name) or _different(FIELDS[path], value)
        return build_role_variables(placed(start, path, other))


def _different(kind: str, value: Any) -> Any:
    if kind in CHOICES:
        return next(choice for choice in CHOICES[kind] if choice != value)
    return {"string": "other", "[string]": ["other"], "[FargateProfileSelector]": [{"namespace": "other"}]}[kind]


@pytest.mark.parametrize("path", [path for path in LEAVES if find_verdict(path)[0] == "refused"])
def test_a_refused_field_is_named_with_its_path_and_a_remedy(path: str):
    value = sample(FIELDS[path])
    if value in find_verdict(path)[1].accepts:
        value = not value
    concrete = path.replace("[]", "[0]").replace("{}", ".k")
    named = [problem for problem in problems_of(placed(BASE, path, value)) if "not supported by kumo.eks" in problem]
    assert any(concrete.startswith(problem.split(": ")[0]) for problem in named), named
    assert all(re.search(r"\. [A-Z]", problem) for problem in named)


@pytest.mark.parametrize(("path", "said"), [(path, said) for path, said in REFUSED.items() if said.accepts])
def test_a_refused_field_is_accepted_where_it_asks_for_nothing(path: str, said: Any):
    for value in (*said.accepts, None):
        try:
            build_role_variables(placed(BASE, path, value))
        except Unusable as error:
            assert not [problem for problem in error.problems if "not supported" in problem]


# A refused field that is called like an option, and means something else or more than a file can say.
NO_OPTION = {
    "metadata.annotations",
    "iam.serviceAccounts[].status",
    "fargateProfiles[].status",
}
# Where the options are that a field of this part of a file would become.
PARTS = {
    "": ("eks_cluster", None),
    "metadata.": ("eks_cluster", None),
    "vpc.": ("eks_cluster", None),
    "outpost.": ("eks_cluster", "outpost_config"),
    "accessConfig.": ("eks_cluster", "access_config"),
    "identityProviders[].": ("eks_identity_provider", None),
    "capabilities[].": ("eks_capability", None),
    "accessConfig.accessEntries[].": ("eks_access_entry", "access_entries"),
    "kubernetesNetworkConfig.": ("eks_cluster", "kubernetes_network_config"),
    "managedNodeGroups[].": ("eks_nodegroup", "nodegroups"),
    "nodeGroups[].": ("eks_self_managed_nodes", "self_managed_nodegroups"),
    "managedNodeGroups[].nodeRepairConfig.": ("eks_nodegroup", "node_repair_config"),
    "fargateProfiles[].": ("eks_fargate_profile", "profiles"),
    "addons[].": ("eks_addon", "addons"),
    "iam.serviceAccounts[].": ("eks_irsa", "identities"),
    "iam.podIdentityAssociations[].": ("eks_pod_identity", "associations"),
}


def options_of(part: str) -> set[str]:
    module, inside = PARTS[part]
    source = importlib.import_module(f"ansible_collections.kumo.eks.plugins.modules.{module}")
    options = yaml.safe_load(source.DOCUMENTATION)["options"]
    return set(options[inside]["suboptions"] if inside else options)


@pytest.mark.parametrize("path", [path for path in FIELDS if find_verdict(path)[0] == "refused"])
def test_a_refusal_is_true_no_module_has_an_option_for_the_field(path: str):
    part, dot, name = path.rpartition(".")
    if part + dot in PARTS and path not in NO_OPTION:
        option = next(iter(camel_dict_to_snake_dict({name.replace("ARN", "Arn"): 1})))
        assert option not in options_of(part + dot), f"{path} is refused, and the module has {option}"
