# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""eks_export: clusters of others and of kumo.eks as declarations that change nothing."""

from __future__ import annotations

import pytest
import yaml
from support import existing_clusters

from ansible_collections.kumo.eks.plugins.module_utils.cluster_config.config import build_role_variables
from ansible_collections.kumo.eks.plugins.module_utils.export import verifying
from ansible_collections.kumo.eks.plugins.module_utils.export.reading import read_state

NAME, REGION = "my-cluster", "ap-northeast-1"


@pytest.fixture
def export(run_module):
    def run(**options):
        result = run_module("eks_export", {"cluster_name": NAME, "region": REGION, **options})
        assert not result["failed"], result["msg"]
        return result

    return run


def test_there_is_no_such_cluster(sandbox, export):
    assert export()["exists"] is False


@pytest.mark.parametrize("make", existing_clusters.MAKERS.values(), ids=existing_clusters.MAKERS)
def test_a_cluster_of_somebody_else(sandbox, export, make):
    make(sandbox)
    found = export()
    print(found["role_variables_text"])
    print(found["cluster_config_text"])
    assert found["exists"] and not found["owned"] and found["role_variables"]["eks_cluster_adopt"] is True
    assert yaml.safe_load(found["cluster_config_text"]) == found["cluster_config"]
    assert build_role_variables(found["cluster_config"])["eks_cluster_name"] == NAME
    assert export() == found


CHECKS = (
    ("eks_nodegroups_list", verifying.find_nodegroup_changes),
    ("eks_fargate_profiles", verifying.find_profile_changes),
    ("eks_addons_list", verifying.find_addon_changes),
    ("eks_access_entries", verifying.find_entry_changes),
    ("eks_irsa_pod_identity_associations", verifying.find_association_changes),
)


@pytest.mark.parametrize("make", existing_clusters.MAKERS.values(), ids=existing_clusters.MAKERS)
def test_the_variables_change_nothing(sandbox, export, make):
    make(sandbox)
    variables = export()["role_variables"]
    state = read_state(sandbox.client, NAME)
    assert verifying.find_cluster_changes(state, variables) == []
    for name, find in CHECKS:
        assert {
            str(row): find(state, variables, row) for row in variables.get(name, []) if find(state, variables, row)
        } == {}


OWNED = {
    "eks_cluster_name": NAME,
    "eks_region": REGION,
    "eks_tags": {"Environment": "production"},
    "eks_network_cidr": "10.0.0.0/16",
    "eks_network_zones": ["ap-northeast-1a", "ap-northeast-1c"],
    "eks_network_nat_gateway": "Single",
    "eks_cluster_version": "1.33",
    "eks_cluster_upgrade_policy": {"support_type": "STANDARD"},
    "eks_cluster_endpoint_public_access": True,
    "eks_cluster_endpoint_private_access": True,
    "eks_cluster_public_access_cidrs": ["203.0.113.0/24"],
    "eks_cluster_kubernetes_network_config": {"service_ipv4_cidr": "172.20.0.0/16", "ip_family": "ipv4"},
    "eks_cluster_access_config": {"authentication_mode": "API"},
    "eks_cluster_logging": ["api", "audit"],
    "eks_nodegroups_ssm": True,
    "eks_nodegroups_list": [
        {
            "name": "general",
            "instance_types": ["m5.large"],
            "ami_type": "AL2023_x86_64_STANDARD",
            "capacity_type": "ON_DEMAND",
            "scaling_config": {"min_size": 1, "max_size": 3, "desired_size": 2},
            "template": {
                "volumes": [{"size": 100, "encrypted": True}],
                "metadata_options": {"http_put_response_hop_limit": 1},
                "tags": {"Name": "general-node"},
            },
            "labels": {"role": "general"},
            "tags": {"Group": "general"},
        },
    ],
    "eks_fargate_profiles": [{"name": "batch", "selectors": [{"namespace": "batch"}]}],
    "eks_addons_list": [
        {"name": "eks-pod-identity-agent", "version": "v1.3.4-eksbuild.1"},
        {"name": "kube-proxy", "version": "v1.33.5-eksbuild.2"},
    ],
    "eks_access_entries": [
        {
            "principal_arn": "arn:aws:iam::123456789012:role/people/admins",
            "access_policies": [
                {
                    "policy_arn": "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy",
                    "access_scope": {"type": "cluster"},
                }
            ],
        }
    ],
    "eks_irsa_oidc_provider": True,
    "eks_irsa_service_accounts": [
        {
            "namespace": "shop",
            "name": "till",
            "role_only": True,
            "policy_arns": ["arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"],
        }
    ],
    "eks_irsa_pod_identity_associations": [
        {
            "namespace": "shop",
            "service_account": "cart",
            "policy_arns": ["arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"],
        }
    ],
}


@pytest.fixture
def create(sandbox, run_module):
    """Make the cluster of OWNED as the roles do."""

    def task(module, **options):
        result = run_module(module, {"region": REGION, **options})
        assert not result["failed"], result["msg"]
        return result

    def run():
        existing_clusters.create_role(sandbox.client("iam"), "admins", "ec2.amazonaws.com", (), "/people/")
        tags, inside = OWNED["eks_tags"], {"cluster_name": NAME}
        given = {
            name.removeprefix("eks_network_"): one for name, one in OWNED.items() if name.startswith("eks_network_")
        }
        network = task("eks_network", **inside, **given, tags=tags)["network"]
        subnets = network["public_subnet_ids"] + network["private_subnet_ids"]
        role = task("eks_iam_role", **inside, purpose="cluster", tags=tags)["arn"]
        given = {
            name.removeprefix("eks_cluster_"): one for name, one in OWNED.items() if name.startswith("eks_cluster_")
        }
        given["access_config"] = {**given["access_config"], "bootstrap_cluster_creator_admin_permissions": False}
        task("eks_cluster", **given, role_arn=role, subnets=subnets, owned=True, tags=tags)
        groups = OWNED["eks_nodegroups_list"]
        roles = task("eks_iam_role", **inside, nodegroups=groups, ssm=True, ip_family="ipv4", tags=tags)["node_roles"]
        private = network["private_subnet_ids"]
        task(
            "eks_nodegroup",
            **inside,
            nodegroups=groups,
            node_roles=roles,
            private_subnets=private,
            owned=True,
            tags=tags,
        )
        role = task("eks_iam_role", **inside, purpose="fargate", tags=tags)["arn"]
        words = {"role_arn": role, "subnets": private, "owned": True, "tags": tags}
        task("eks_fargate_profile", **inside, profiles=OWNED["eks_fargate_profiles"], **words)
        task("eks_addon", **inside, addons=OWNED["eks_addons_list"], owned=True, tags=tags)
        task("eks_access_entry", **inside, access_entries=OWNED["eks_access_entries"], owned=True, tags=tags)
        task("eks_irsa", **inside, identities=OWNED["eks_irsa_service_accounts"], tags=tags)
        task("eks_pod_identity", **inside, associations=OWNED["eks_irsa_pod_identity_associations"], tags=tags)

    return run


def test_variables_come_back_as_they_were(export, create):
    create()
    found = export()
    print(found["role_variables_text"])
    assert found["owned"]
    assert found["role_variables"] == OWNED
    assert list(found["role_variables"]) == list(OWNED)
    assert yaml.safe_load(found["role_variables_text"]) == OWNED
