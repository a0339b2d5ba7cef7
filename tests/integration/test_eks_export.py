# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""eks_export: clusters of others and of kumo.eks as declarations that change nothing."""

from __future__ import annotations

import json

import pytest
import yaml
from support import existing_clusters
from support.page_rights import become, list_called, read_section

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


CHECKS = (
    ("eks_nodegroups_list", verifying.find_nodegroup_changes),
    ("eks_self_managed_nodes_list", verifying.find_self_managed_changes),
    ("eks_fargate_profiles", verifying.find_profile_changes),
    ("eks_addons_list", verifying.find_addon_changes),
    ("eks_access_entries", verifying.find_entry_changes),
    ("eks_irsa_pod_identity_associations", verifying.find_association_changes),
)


OWNED = {
    "eks_cluster_name": NAME,
    "eks_region": REGION,
    "eks_tags": {"Environment": "production"},
    "eks_network_cidr": "10.0.0.0/16",
    "eks_network_zones": ["ap-northeast-1a", "ap-northeast-1c"],
    "eks_network_local_zones": ["ap-northeast-1-tpe-1a"],
    "eks_network_nat_gateway": "Single",
    "eks_network_hostname_type": "resource-name",
    "eks_network_flow_logs": {"destination": "cloud-watch-logs", "traffic_type": "REJECT"},
    "eks_cluster_version": "1.33",
    "eks_cluster_upgrade_policy": {"support_type": "STANDARD"},
    "eks_cluster_endpoint_public_access": True,
    "eks_cluster_endpoint_private_access": True,
    "eks_cluster_public_access_cidrs": ["203.0.113.0/24"],
    "eks_cluster_kubernetes_network_config": {"service_ipv4_cidr": "172.20.0.0/16", "ip_family": "ipv4"},
    "eks_cluster_access_config": {"authentication_mode": "API"},
    "eks_cluster_logging": ["api", "audit"],
    "eks_cluster_extra_cidrs": ["10.9.0.0/16"],
    "eks_cluster_capabilities": [
        {
            "name": "kro",
            "type": "KRO",
            "role_arn": "arn:aws:iam::123456789012:role/my-cluster.ap-northeast-1_capability.kro",
        }
    ],
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
                "key_name": "k",
                "ssh_sources": ["10.1.0.0/16"],
            },
            "labels": {"role": "general"},
            "tags": {"Group": "general"},
        },
    ],
    "eks_self_managed_nodes_ssm": True,
    "eks_self_managed_nodes_list": [
        {
            "name": "mixed",
            "instance_types": ["m5.large", "m5a.large"],
            "ami_type": "AL2023_x86_64_STANDARD",
            "scaling_config": {"min_size": 1, "max_size": 4, "desired_size": 2},
            "template": {
                "volumes": [{"size": 80, "encrypted": True}],
                "node_config": {"spec": {"kubelet": {"config": {"maxPods": 50}}}},
                "key_name": "k",
                "ssh_sources": ["10.2.0.0/16"],
            },
            "labels": {"role": "mixed"},
            "taints": [{"key": "dedicated", "value": "batch", "effect": "NO_SCHEDULE"}],
            "instances_distribution": {
                "on_demand_base_capacity": 1,
                "on_demand_percentage_above_base_capacity": 50,
            },
            "suspended_processes": ["AZRebalance"],
            "tags": {"Group": "mixed"},
        },
        {
            "name": "rocket",
            "private_networking": False,
            "instance_types": ["m5.large"],
            "ami_type": "BOTTLEROCKET_x86_64",
            "capacity_type": "SPOT",
            "scaling_config": {"min_size": 0, "max_size": 4, "desired_size": 0},
            "template": {},
            "labels": {"role": "rocket"},
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
        ec2 = sandbox.client("ec2")
        ec2.modify_availability_zone_group(GroupName="ap-northeast-1-tpe-1", OptInStatus="opted-in")
        network = task("eks_network", **inside, **given, tags=tags)["network"]
        subnets = network["public_subnet_ids"] + network["private_subnet_ids"]
        role = task("eks_iam_role", **inside, purpose="cluster", tags=tags)["arn"]
        given = {
            name.removeprefix("eks_cluster_"): one for name, one in OWNED.items() if name.startswith("eks_cluster_")
        }
        capabilities = given.pop("capabilities")
        ec2.create_key_pair(KeyName="k")
        given["access_config"] = {**given["access_config"], "bootstrap_cluster_creator_admin_permissions": False}
        task("eks_cluster", **given, role_arn=role, subnets=subnets, owned=True, tags=tags)
        task("eks_cluster", name=NAME, extra_cidrs=given["extra_cidrs"], owned=True)  # now that it is ACTIVE
        task("eks_iam_role", **inside, purpose="capability", capability="kro", tags=tags)
        task("eks_capability", **inside, **capabilities[0], tags=tags)
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
        groups, words = OWNED["eks_self_managed_nodes_list"], {"purpose": "self_managed_node", "ssm": True}
        roles = task("eks_iam_role", **inside, **words, nodegroups=groups, ip_family="ipv4", tags=tags)["node_roles"]
        places = {"private_subnets": private, "public_subnets": network["public_subnet_ids"]}
        task(
            "eks_self_managed_nodes",
            **inside,
            self_managed_nodegroups=groups,
            node_roles=roles,
            **places,
            wait=False,
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
    assert found["owned"] and not [
        row for row in found["not_expressed"] if row["kind"] == "node group" and len(row["forms"]) == 2
    ]
    assert found["role_variables"] == OWNED
    assert list(found["role_variables"]) == list(OWNED)
    assert yaml.safe_load(found["role_variables_text"]) == OWNED


def test_a_node_group_of_a_cluster_config_comes_back_as_it_was(sandbox, export, run_module, create):
    """eksctl's defaults included, of a group with them and of one in a Capacity Block; a group by other options is a comment."""
    create()
    assert "# name: mixed" in export()["cluster_config_text"]
    role = "arn:aws:iam::123456789012:role/my-cluster.ap-northeast-1_self-managed-node"
    subnets = export()["cluster_config"]["vpc"]["subnets"]
    common = {"privateNetworking": True, "iam": {"instanceRoleARN": role}}
    reservation = {"capacityReservationTarget": {"capacityReservationID": "cr-0123456789abcdef0"}}
    groups = [
        {"name": "own", "instanceType": "m5.large", "minSize": 1, "maxSize": 2, "labels": {"a": "b"}, **common},
        {"name": "block", "instanceType": "p5.48xlarge", "minSize": 0, "maxSize": 1, "desiredCapacity": 0, **common},
    ]
    groups[1] |= {"instanceMarketOptions": {"marketType": "capacity-block"}, "capacityReservation": reservation}
    head = {"apiVersion": "eksctl.io/v1alpha5", "kind": "ClusterConfig", "metadata": {"name": NAME, "region": REGION}}
    config = {**head, "vpc": {"subnets": subnets}, "nodeGroups": groups}
    private = [row["id"] for row in subnets["private"].values()]
    words = {"private_subnets": private, "tags": OWNED["eks_tags"], "wait": False}
    rows = build_role_variables(config)["eks_self_managed_nodes_list"]
    made = run_module("eks_self_managed_nodes", {"cluster_name": NAME, "self_managed_nodegroups": rows, **words})
    assert not made["failed"], made
    found = export()["cluster_config"]
    back = {row["name"]: row for row in found["nodeGroups"]}
    assert set(back) == {"own", "block"} and back["block"]["capacityReservation"] == reservation
    again = {row["name"]: row for row in build_role_variables(found)["eks_self_managed_nodes_list"]}
    for name in back:
        row = next(one for one in rows if one["name"] == name)
        assert {key: again[name][key] for key in row if key != "tags"} == {
            key: row[key] for key in row if key != "tags"
        }


def list_notes(found, kind):
    return [row["name"].rpartition("/")[2] for row in found["not_expressed"] if row["kind"] == kind]


def check_by_hand(found, export):
    groups = {row["name"]: row for row in found["role_variables"]["eks_nodegroups_list"]}
    roles = {row["node_role"] for row in groups.values()}
    assert roles == {"arn:aws:iam::123456789012:role/platform/eks/workers"}
    assert list(groups["with-template"]["launch_template"]) == ["id", "version"]
    assert "managedNodeGroups" not in found["cluster_config"]
    assert list_notes(found, "node group") == ["plain", "with-template"]
    assert list_notes(found, "OIDC identity provider") == ["people"]
    assert list_notes(found, "access entry") == ["AWSServiceRoleForAmazonEKS", "workers", "pods"]
    text = found["cluster_config_text"]
    assert "# name: plain" in text and "eksctl gives each node group a launch template" in text
    assert 'username: !unsafe "person:{{SessionName}}"' in found["role_variables_text"]
    assert "IyEvYmlu" not in str(found) and "hunter2" not in str(found)
    export_all = {row["name"]: row for row in export(releases=True)["role_variables"]["eks_nodegroups_list"]}
    assert export_all["plain"]["version"] == "1.33" and export_all["plain"]["release_version"].startswith("1.33")


def check_eksctl(found, export):
    """What eksctl made is its own file again."""
    assert "aws:" not in str(found["role_variables"]["eks_cluster_tags"])
    assert "eks_tags" not in found["role_variables"]
    (group,) = found["cluster_config"]["managedNodeGroups"]
    assert group["launchTemplate"]["version"] == "1" and list_notes(found, "node group") == []
    assert [row["name"] for row in found["cluster_config"]["addons"]] == [
        "coredns",
        "kube-proxy",
        "metrics-server",
        "vpc-cni",
    ]
    assert list_notes(found, "IAM role") == [f"eksctl-{NAME}-addon-iamserviceaccount-Role1-e5F6"]
    (note,) = [row for row in found["not_expressed"] if row["kind"] == "self-managed nodes"]
    assert (
        "would create another one beside it" in note["reason"]
        and "labels, taints and settings in user data" in note["reason"]
    )
    text = found["cluster_config_text"]
    assert "# Of nodeGroups, not in force:" in text and "# name: own" in text and "# instanceType: m5.large" in text
    assert "nodeGroups" not in found["cluster_config"] and "IyEvYmlu" not in text


def check_terraform(found, export):
    """Tags that are set everywhere, and a second look, which says the same."""
    variables = found["role_variables"]
    common = {"Environment": "prod", "ManagedBy": "terraform", "Terraform": "true"}
    assert variables["eks_tags"] == common
    assert variables["eks_cluster_tags"] == {**common, "terraform-aws-modules": "eks"}
    assert variables["eks_nodegroups_list"][0]["tags"] == {"Name": "default"}
    assert all("tags" not in row for row in variables["eks_addons_list"] + variables["eks_access_entries"])
    assert "eks_self_managed_nodes_list" not in variables
    assert "# onDemandPercentageAboveBaseCapacity: 0" in found["cluster_config_text"].replace("#   ", "# ")
    assert export() == found


@pytest.mark.parametrize(
    ("make", "check"),
    [
        (existing_clusters.make_by_hand, check_by_hand),
        (existing_clusters.make_as_eksctl, check_eksctl),
        (existing_clusters.make_as_terraform, check_terraform),
    ],
    ids=["by hand", "eksctl", "terraform"],
)
def test_a_cluster_of_somebody_else(sandbox, export, make, check):
    make(sandbox)
    found = export()
    variables, state = found["role_variables"], read_state(sandbox.client, NAME)
    assert found["exists"] and not found["owned"] and variables["eks_cluster_adopt"] is True
    assert yaml.safe_load(found["cluster_config_text"]) == found["cluster_config"]
    for given in (variables, build_role_variables(found["cluster_config"])):
        assert verifying.find_cluster_changes(state, given) == []
        for name, find in CHECKS:
            assert [(row, find(state, given, row)) for row in given.get(name) or [] if find(state, given, row)] == []
    check(found, export)


@pytest.mark.extended
def test_the_rights_of_the_page_are_enough_for_a_cluster_with_everything(sandbox, export, create, monkeypatch):
    create()
    with become(sandbox, monkeypatch, read_section("Export and drift")):
        found = export()
        called = list_called(sandbox)
    assert not found.get("warnings"), "\n".join(map(str, found["warnings"]))
    assert found["role_variables"] == OWNED
    listed = {one for one in read_section("Export and drift") if "*" not in one}
    assert listed - called == {
        "cloudtrail:LookupEvents",
        "iam:GetRolePolicy",
    }  # of drift.yml, and of roles with inline policies


def test_what_is_denied_is_a_comment(sandbox, export, run_module, monkeypatch):
    existing_clusters.make_as_terraform(sandbox)
    iam = sandbox.client("iam")
    iam.create_user(UserName="reader")
    denied = {"Effect": "Deny", "Action": ["eks:ListAddons", "iam:GetRole"], "Resource": "*"}
    allowed = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [allowed, denied]})
    iam.put_user_policy(UserName="reader", PolicyName="some", PolicyDocument=document)
    keys = iam.create_access_key(UserName="reader")["AccessKey"]
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", keys["AccessKeyId"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", keys["SecretAccessKey"])
    sandbox.set_enforce_iam(True)
    try:
        found = export()
    finally:
        sandbox.set_enforce_iam(False)
    assert found["role_variables"]["eks_addons_list"] == [] and len(found["warnings"]) == 2
    assert "# - add-ons: could not be read: eks:ListAddons is denied" in found["cluster_config_text"]
    assert len(found["role_variables"]["eks_nodegroups_list"]) == 1
