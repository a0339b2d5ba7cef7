# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.certificates import CA_BUNDLE

from ansible_collections.kumo.eks.plugins.module_utils.cluster_config import ami_types
from ansible_collections.kumo.eks.plugins.module_utils.cluster_config.config import Unusable, build_role_variables
from ansible_collections.kumo.eks.plugins.module_utils.cluster_config.schema import DEFINITIONS

ROOT = Path(__file__).parents[5]
ROLES = {
    name
    for file in ROOT.glob("roles/*/meta/argument_specs.yml")
    for name in yaml.safe_load(file.read_text(encoding="utf-8"))["argument_specs"]["main"]["options"]
}


def config(**fields: Any) -> dict[str, Any]:
    start = {
        "apiVersion": "eksctl.io/v1alpha5",
        "kind": "ClusterConfig",
        "metadata": {"name": "one", "region": "eu-west-1"},
    }
    return {**start, **fields}


def group(**fields: Any) -> dict[str, Any]:
    return config(managedNodeGroups=[{"name": "n", **fields}])


def one_group(**fields: Any) -> dict[str, Any]:
    return build_role_variables(group(**fields))["eks_nodegroups_list"][0]


def problems(given: Any) -> list[str]:
    with pytest.raises(Unusable) as caught:
        build_role_variables(given)
    return caught.value.problems


ACCOUNT = {"metadata": {"name": "my-app-sa"}, "attachPolicyARNs": ["arn:p"]}
ASSOCIATION = {"namespace": "n", "serviceAccountName": "s", "roleARN": "arn:r"}


def accounts(*rows: Any, **fields: Any) -> dict[str, Any]:
    return config(iam={"withOIDC": True, "serviceAccounts": list(rows or [ACCOUNT]), **fields})


PUBLIC_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIECd5iQrQw16tG6xRmDbcezdX4XWhobYW92YJigDo+74 somebody"


class TestDefaultsOfEksctl:
    def test_a_file_that_says_nothing_else(self):
        assert build_role_variables(config()) == {
            "eks_cluster_name": "one",
            "eks_region": "eu-west-1",
            "eks_cluster_access_config": {"authentication_mode": "API_AND_CONFIG_MAP"},
            "eks_cluster_endpoint_public_access": True,
            "eks_cluster_endpoint_private_access": False,
            "eks_cluster_role_policy_arns": ["arn:aws:iam::aws:policy/AmazonEKSVPCResourceController"],
            "eks_irsa_oidc_provider": False,
            "eks_cluster_bootstrap_self_managed_addons": False,
            "eks_network_cidr": "192.168.0.0/16",
            "eks_network_nat_gateway": "Single",
            "eks_nodegroups_list": [],
            "eks_fargate_profiles": [],
            "eks_addons_list": [{"name": n} for n in ("vpc-cni", "kube-proxy", "coredns", "metrics-server")],
        }

    def test_a_node_group_that_says_nothing_else(self):
        assert one_group() == {
            "name": "n",
            "scaling_config": {"min_size": 2, "max_size": 2, "desired_size": 2},
            "capacity_type": "ON_DEMAND",
            "private_networking": False,
            "instance_types": ["m5.large"],
            "ami_type": "AL2023_x86_64_STANDARD",
            "labels": {"alpha.eksctl.io/cluster-name": "one", "alpha.eksctl.io/nodegroup-name": "n"},
            "tags": {"alpha.eksctl.io/nodegroup-name": "n", "alpha.eksctl.io/nodegroup-type": "managed"},
            "template": {
                "volumes": [{"size": 80, "type": "gp3", "iops": 3000, "throughput": 125}],
                "metadata_options": {"http_tokens": "required", "http_put_response_hop_limit": 2},
                "tags": {"Name": "one-n-Node"},
            },
        }

    @pytest.mark.parametrize(
        ("given", "sizes"),
        [
            ({"desiredCapacity": 3}, (3, 3, 3)),
            ({"minSize": 1}, (1, 1, 1)),
            ({"maxSize": 5}, (2, 5, 2)),
            ({"minSize": 0, "maxSize": 5}, (0, 5, 0)),
            ({"minSize": 1, "desiredCapacity": 3}, (1, 3, 3)),
            ({"desiredCapacity": 0}, (0, 1, 0)),
        ],
    )
    def test_sizes_follow_each_other(self, given: dict[str, int], sizes: tuple[int, ...]):
        assert tuple(one_group(**given)["scaling_config"].values()) == sizes

    def test_addons_of_the_file_stand_beside_the_default_ones(self):
        given = config(addons=[{"name": "coredns", "version": "latest", "resolveConflicts": "overwrite"}])
        names = [addon["name"] for addon in build_role_variables(given)["eks_addons_list"]]
        assert names == ["vpc-cni", "kube-proxy", "metrics-server", "coredns"]
        assert build_role_variables(given)["eks_addons_list"][-1] == {
            "name": "coredns",
            "version": "most_recent",
            "resolve_conflicts": "OVERWRITE",
        }

    def test_nulls_and_empty_fields_say_nothing(self):
        given = config(
            vpc=None, managedNodeGroups=None, iam={}, nodeGroups=[], gitops={}, cloudWatch={"clusterLogging": None}
        )
        assert build_role_variables(given) == build_role_variables(config())


def one_template(**fields: Any) -> dict[str, Any]:
    return one_group(**fields)["template"]


class TestTemplate:
    """What eksctl writes into the launch template of a managed node group."""

    def test_volumes_of_bottlerocket_are_encrypted_both(self):
        found = one_template(amiFamily="Bottlerocket", volumeEncrypted=True, volumeKmsKeyID="k", volumeType="io1")
        data = {"type": "io1", "encrypted": True, "kms_key_id": "k"}
        first = {"device_name": "/dev/xvdb", "size": 80, "iops": 100, **data}
        assert found["volumes"] == [first, {"device_name": "/dev/xvda", **data}]

    def test_additional_volumes_stand_beside_the_first(self):
        found = one_template(additionalVolumes=[{"volumeName": "/dev/sdb", "volumeSize": 9, "volumeType": "gp2"}])
        assert found["volumes"][1] == {"device_name": "/dev/sdb", "size": 9, "type": "gp2"}

    @pytest.mark.parametrize(
        ("given", "tokens", "hops"),
        [({"disableIMDSv1": False}, "optional", 2), ({"disablePodIMDS": True, "disableIMDSv1": False}, "required", 1)],
    )
    def test_metadata_options(self, given: dict[str, bool], tokens: str, hops: int):
        options = {"http_tokens": tokens, "http_put_response_hop_limit": hops}
        assert one_template(**given)["metadata_options"] == options

    def test_instances_are_named_as_the_file_says(self):
        assert one_template(instancePrefix="a", instanceName="b")["tags"] == {"Name": "a-b"}

    def test_commands_become_one_script_and_settings_of_the_kubelet_a_node_config(self):
        found = one_template(
            preBootstrapCommands=["echo a", "#!/bin/bash\necho b"],
            maxPodsPerNode=50,
            overrideBootstrapCommand="kind: NodeConfig\nspec: {kubelet: {config: {shutdownGracePeriod: 30s}}}",
        )
        assert found["user_data"] == "#!/bin/bash\necho a\necho b\n"
        assert found["node_config"]["spec"]["kubelet"]["config"] == {"maxPods": 50, "shutdownGracePeriod": "30s"}

    def test_bottlerocket_reads_settings(self):
        found = one_template(
            amiFamily="Bottlerocket",
            maxPodsPerNode=50,
            bottlerocket={"enableAdminContainer": True, "settings": {"kubernetes": {"event-qps": 9}}},
        )
        assert found["bottlerocket_settings"] == {
            "kubernetes": {"event-qps": 9, "max-pods": 50},
            "host-containers": {"admin": {"enabled": True}},
        }

    def test_windows_reads_power_shell(self):
        found = one_template(amiFamily="WindowsServer2022CoreContainer", preBootstrapCommands=["a", "b"])
        assert found["user_data"] == "a\nb"

    def test_an_own_image_gets_the_data_to_join(self):
        found = one_group(ami="ami-1", amiFamily="AmazonLinux2023")
        assert found["template"]["image_id"] == "ami-1" and found["template"]["node_config"] == {}
        assert "ami_type" not in found and found["template"]["volumes"][0]["device_name"] == "/dev/xvda"


class TestTranslation:
    def test_existing_subnets_take_the_place_of_the_network(self):
        subnets = {"private": {"eu-west-1a": {"id": "subnet-a"}, "two": {"id": "subnet-b", "az": "eu-west-1b"}}}
        nodes = [
            {"name": "n", "privateNetworking": True, "availabilityZones": ["eu-west-1b"]},
            {"name": "m", "subnets": ["two"]},
        ]
        found = build_role_variables(config(vpc={"subnets": subnets}, managedNodeGroups=nodes))
        assert found["eks_network_subnets"] == {"private": ["subnet-a", "subnet-b"]}
        assert [item["subnets"] for item in found["eks_nodegroups_list"]] == [["subnet-b"], ["subnet-b"]]
        assert not {"eks_network_cidr", "eks_network_nat_gateway"} & set(found)

    @pytest.mark.parametrize("every", ["*", "all"])
    def test_all_logs(self, every: str):
        found = build_role_variables(config(cloudWatch={"clusterLogging": {"enableTypes": [every]}}))
        assert found["eks_cluster_logging"] == ["api", "audit", "authenticator", "controllerManager", "scheduler"]

    def test_auto_mode_is_on_as_a_whole_and_brings_its_own_addons(self):
        found = build_role_variables(
            config(autoModeConfig={"enabled": True, "nodeRoleARN": "arn:n"}, iam={"serviceRoleARN": "arn:c"})
        )
        assert found["eks_cluster_compute_config"] == {
            "enabled": True,
            "node_pools": ["general-purpose", "system"],
            "node_role_arn": "arn:n",
        }
        assert found["eks_cluster_storage_config"] == {"block_storage": {"enabled": True}}
        assert found["eks_cluster_kubernetes_network_config"] == {"elastic_load_balancing": {"enabled": True}}
        assert found["eks_addons_list"] == [{"name": "metrics-server"}]
        assert found["eks_cluster_subnet_kinds"] == ["private"]
        assert found["eks_cluster_bootstrap_self_managed_addons"] is False

    def test_auto_mode_leaves_its_iam_roles_to_the_role_eks_cluster(self):
        found = build_role_variables(config(autoModeConfig={"enabled": True}))
        assert found["eks_cluster_compute_config"] == {"enabled": True, "node_pools": ["general-purpose", "system"]}
        assert "eks_cluster_role_arn" not in found

    def test_settings_of_the_control_plane_are_those_of_the_module(self):
        found = build_role_variables(
            config(
                kubeAPIServerConfig={"eventTTL": "2h", "serviceNodePortRange": {"minPort": 30000, "maxPort": 30100}},
                kubeSchedulerConfig={"nodeResourcesFit": {"scoringStrategy": {"type": "MostAllocated"}}},
                vpc={"controlPlaneEgressMode": "CUSTOMER_ROUTED"},
                addons=[{"name": "a", "namespaceConfig": {"namespace": "n"}}],
            )
        )
        assert found["eks_cluster_kube_api_server_config"] == {
            "event_ttl": "2h",
            "service_node_port_range": {"min_port": 30000, "max_port": 30100},
        }
        scheduler = {"node_resources_fit": {"scoring_strategy": {"type": "MostAllocated"}}}
        assert found["eks_cluster_kube_scheduler_config"] == scheduler
        assert found["eks_cluster_control_plane_egress_mode"] == "CUSTOMER_ROUTED"
        assert found["eks_addons_list"][-1] == {"name": "a", "namespace": "n"}

    def test_taints_are_named_as_eks_names_them(self):
        found = one_group(taints=[{"key": "k", "value": "v", "effect": "PreferNoSchedule"}])
        assert found["taints"] == [{"key": "k", "value": "v", "effect": "PREFER_NO_SCHEDULE"}]

    def test_a_launch_template_is_left_to_say_what_it_says(self):
        found = one_group(launchTemplate={"id": "lt-1", "version": "2"})
        assert found["launch_template"] == {"id": "lt-1", "version": "2"}
        assert not {"ami_type", "instance_types", "template"} & set(found)

    def test_every_variable_belongs_to_a_role(self):
        text = (ROOT / "docs/examples/cluster-config.yaml").read_text(encoding="utf-8")
        shared = {"eks_cluster_name", "eks_region", "eks_tags"}
        assert set(build_role_variables(yaml.safe_load(text))) - shared <= ROLES


class TestImages:
    @pytest.mark.parametrize(
        ("family", "types", "ami"),
        [
            ("AmazonLinux2023", ["m7g.large", "c7gn.xlarge"], "AL2023_ARM_64_STANDARD"),
            ("AmazonLinux2023", ["a1.large"], "AL2023_ARM_64_STANDARD"),
            ("AmazonLinux2023", ["g4dn.xlarge"], "AL2023_x86_64_NVIDIA"),
            ("AmazonLinux2023", ["g4ad.xlarge"], "AL2023_x86_64_STANDARD"),
            ("AmazonLinux2023", ["p5en.48xlarge"], "AL2023_x86_64_NVIDIA"),
            ("AmazonLinux2023", ["g5g.xlarge"], "AL2023_ARM_64_NVIDIA"),
            ("AmazonLinux2023", ["inf2.xlarge"], "AL2023_x86_64_NEURON"),
            ("AmazonLinux2", ["p3.2xlarge"], "AL2_x86_64_GPU"),
            ("BottlerocketFips", ["t4g.small"], "BOTTLEROCKET_ARM_64_FIPS"),
            ("WindowsServer2022CoreContainer", ["m5.large"], "WINDOWS_CORE_2022_x86_64"),
        ],
    )
    def test_ami_type(self, family: str, types: list[str], ami: str):
        assert ami_types.choose_ami_type(family, types) == ami

    def test_machines_of_two_kinds_need_two_groups(self):
        (problem,) = problems(group(instanceTypes=["m5.large", "m7g.large"]))
        assert "differ in architecture" in problem

    def test_a_family_without_ami_type_names_those_that_fit(self):
        (problem,) = problems(group(amiFamily="Ubuntu2404"))
        assert problem.startswith("managedNodeGroups[0].amiFamily: EKS has no AMI type of family Ubuntu2404")
        assert "AmazonLinux2023" in problem


class TestIdentities:
    def test_service_accounts_and_their_roles(self):
        document = {"Version": "2012-10-17", "Statement": []}
        found = build_role_variables(
            accounts(
                {
                    "metadata": {"name": "my-app-sa", "namespace": "production", "labels": {"a": "b"}},
                    "attachPolicyARNs": ["arn:aws:iam::123456789012:policy/my-app-s3-policy"],
                    "attachPolicy": document,
                    "wellKnownPolicies": {"ebsCSIController": True, "autoScaler": False},
                    "permissionsBoundary": "arn:b",
                    "tags": {"Team": "a"},
                },
                {"metadata": {"name": "named"}, "attachRoleARN": "arn:aws:iam::123456789012:role/r"},
                {**ACCOUNT, "metadata": {"name": "crossplane"}, "subjectPattern": "provider-*", "roleOnly": True},
            )
        )
        assert found["eks_irsa_oidc_provider"] is True
        assert found["eks_irsa_service_accounts"][:-1] == [
            {
                "namespace": "production",
                "name": "my-app-sa",
                "create_namespace": True,
                "service_account_labels": {"a": "b"},
                "policy_arns": ["arn:aws:iam::123456789012:policy/my-app-s3-policy"],
                "inline_policies": {"kumo-eks": document},
                "well_known_policies": ["ebs"],
                "permissions_boundary": "arn:b",
                "tags": {"Team": "a"},
            },
            {
                "namespace": "default",
                "name": "named",
                "create_namespace": True,
                "role_arn": "arn:aws:iam::123456789012:role/r",
            },
            {
                "namespace": "default",
                "name": "provider-*",
                "allow_patterns": True,
                "role_name": "one.default.crossplane",
                "role_only": True,
                "policy_arns": ["arn:p"],
                "inline_policies": {},
            },
        ]

    def test_pod_identity_associations(self):
        found = build_role_variables(
            config(
                addons=[{"name": "eks-pod-identity-agent"}],
                iam={
                    "podIdentityAssociations": [
                        {**ASSOCIATION, "targetRoleARN": "arn:t", "createServiceAccount": False},
                        {
                            "namespace": "n",
                            "serviceAccountName": "t",
                            "permissionPolicyName": "p",
                            "permissionPolicy": {"Statement": []},
                            "wellKnownPolicies": {"externalDNS": True},
                        },
                    ]
                },
            )
        )
        assert found["eks_irsa_pod_identity_associations"] == [
            {"namespace": "n", "service_account": "s", "role_arn": "arn:r", "target_role_arn": "arn:t"},
            {
                "namespace": "n",
                "service_account": "t",
                "policy_arns": [],
                "inline_policies": {"p": {"Statement": []}},
                "well_known_policies": ["external_dns"],
            },
        ]
        assert "eks_irsa_service_accounts" not in found


class TestNetwork:
    """What eksctl creates of a network, and what it takes as it is."""

    def test_a_private_cluster_has_endpoints_instead_of_the_internet(self):
        given = config(
            privateCluster={"enabled": True, "additionalEndpointServices": ["autoscaling"]},
            cloudWatch={"clusterLogging": {"enableTypes": ["api"]}},
        )
        found = build_role_variables(given)
        assert found["eks_network_subnet_kinds"] == ["private"]
        assert found["eks_network_nat_gateway"] == "Disable"
        services = ["ec2", "ecr.api", "ecr.dkr", "s3", "sts", "autoscaling", "logs"]
        assert found["eks_network_endpoints"] == services
        assert not found["eks_cluster_endpoint_public_access"] and found["eks_cluster_endpoint_private_access"]

    def test_endpoints_that_exist_are_not_created(self):
        found = build_role_variables(config(privateCluster={"enabled": True, "skipEndpointCreation": True}))
        assert "eks_network_endpoints" not in found

    @pytest.mark.parametrize(
        "given",
        [
            {"vpc": {"autoAllocateIPv6": True}},
            {
                "kubernetesNetworkConfig": {"ipFamily": "IPv6"},
                "addons": [{"name": "coredns"}, {"name": "vpc-cni"}],
                "iam": {"withOIDC": True},
            },
        ],
    )
    def test_ipv6_makes_a_dual_stack_vpc(self, given: dict[str, Any]):
        assert build_role_variables(config(**given))["eks_network_ip_family"] == "dual_stack"

    @pytest.mark.parametrize(("region", "count"), [("us-east-1", 2), ("us-west-2", None)])
    def test_as_many_zones_as_eksctl_takes(self, region: str, count: int | None):
        found = build_role_variables(config(metadata={"name": "one", "region": region}))
        assert found.get("eks_network_zone_count") == count

    def test_the_vpc_of_subnets_is_checked_and_its_blocks_are_not_changed(self):
        subnets = {"private": {"a": {"id": "subnet-1", "cidr": "10.0.0.0/20"}, "b": {"id": "subnet-2"}}}
        vpc = {"id": "vpc-1", "cidr": "10.0.0.0/16", "nat": {"gateway": "Disable"}, "subnets": subnets}
        found = build_role_variables(config(vpc=vpc))
        assert found["eks_network_existing_vpc_id"] == "vpc-1"
        assert found["eks_network_cidr"] == "10.0.0.0/16" and "eks_network_nat_gateway" not in found

    def test_the_control_plane_in_private_subnets_of_a_new_vpc(self):
        found = build_role_variables(config(vpc={"controlPlaneOnPrivateSubnets": True}))
        assert found["eks_cluster_subnet_kinds"] == ["private"]


class TestRolesOfTheCluster:
    @pytest.mark.parametrize(
        ("region", "partition"),
        [("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov"), ("eusc-de-east-1", "aws-eusc")],
    )
    def test_policies_are_of_the_partition(self, region: str, partition: str):
        found = build_role_variables(config(metadata={"name": "one", "region": region}))
        (arn,) = found["eks_cluster_role_policy_arns"]
        assert arn == f"arn:{partition}:iam::aws:policy/AmazonEKSVPCResourceController"

    def test_metrics_server_is_no_default_in_partitions_that_lack_it(self):
        found = build_role_variables(config(metadata={"name": "one", "region": "us-gov-west-1"}))
        assert [row["name"] for row in found["eks_addons_list"]] == ["vpc-cni", "kube-proxy", "coredns"]

    def test_a_boundary_of_the_cluster_role_is_not_that_of_auto_mode_nodes(self):
        given = config(iam={"serviceRolePermissionsBoundary": "arn:b"}, autoModeConfig={"enabled": True})
        found = build_role_variables(given)
        assert found["eks_cluster_permissions_boundary"] == "arn:b"
        assert found["eks_cluster_auto_node_permissions_boundary"] == ""


def test_zones_in_a_new_vpc_are_left_to_the_node_group():
    found = one_group(availabilityZones=["eu-west-1a"])
    assert found["availability_zones"] == ["eu-west-1a"] and "subnets" not in found


class TestSsh:
    @pytest.mark.parametrize(
        ("group_fields", "sources"),
        [
            ({"ssh": {"publicKeyName": "k"}}, ["0.0.0.0/0", "::/0"]),
            ({"ssh": {"allow": True, "publicKeyName": "k"}, "privateNetworking": True}, ["vpc"]),
            ({"ssh": {"publicKeyName": "k", "sourceSecurityGroupIds": ["sg-1"]}}, ["sg-1"]),
        ],
    )
    def test_a_key_opens_ssh(self, group_fields: dict[str, Any], sources: list[str]):
        template = one_template(**group_fields)
        assert template["key_name"] == "k" and template["ssh_sources"] == sources

    @pytest.mark.parametrize(
        ("ssh", "key"),
        [
            ({"publicKeyPath": "~/k.pub"}, {"public_key_path": "~/k.pub"}),
            ({"publicKey": PUBLIC_KEY}, {"public_key": PUBLIC_KEY}),
            ({"allow": True}, {"public_key_path": "~/.ssh/id_rsa.pub"}),
        ],
    )
    def test_a_key_that_is_imported(self, ssh: dict[str, Any], key: dict[str, Any]):
        template = one_template(ssh=ssh)
        assert key.items() <= template.items() and template["ssh_sources"] == ["0.0.0.0/0", "::/0"]
        closed = one_template(ssh={**ssh, "allow": False})
        assert not {"public_key", "public_key_path", "ssh_sources"} & set(closed)

    def test_a_key_without_ssh(self):
        template = one_template(ssh={"allow": False, "publicKeyName": "k"})
        assert template["key_name"] == "k" and "ssh_sources" not in template


class TestWindows:
    def test_the_vpc_cni_assigns_addresses_to_windows_pods(self):
        windows = {"name": "w", "amiFamily": "WindowsServer2022CoreContainer"}

        def build(**fields: Any) -> dict[str, Any]:
            found = build_role_variables(config(**fields))["eks_addons_list"]
            return next(row for row in found if row["name"] == "vpc-cni")

        on = {"enableWindowsIpam": "true"}
        assert build(managedNodeGroups=[windows])["configuration_values"] == on
        assert build(nodeGroups=[windows])["configuration_values"] == on
        assert "configuration_values" not in build(managedNodeGroups=[{"name": "l"}])
        given = {"name": "vpc-cni", "configurationValues": 'env: {WARM_IP_TARGET: "2"}'}
        merged = build(managedNodeGroups=[windows], addons=[given])["configuration_values"]
        assert merged == {**on, "env": {"WARM_IP_TARGET": "2"}}


class TestRolesOfAddons:
    """pkg/actions/addon/create.go of eksctl."""

    def test_vpc_cni_gets_its_role_with_the_oidc_provider(self):
        found = build_role_variables(config(iam={"withOIDC": True}))
        assert found["eks_irsa_service_accounts"] == [
            {
                "namespace": "kube-system",
                "name": "aws-node",
                "role_only": True,
                "policy_arns": ["arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy"],
                "inline_policies": {},
            }
        ]
        assert found["eks_addons_list"][0] == {
            "name": "vpc-cni",
            "service_account_role_name": "one.kube-system.aws-node",
        }

    def test_a_service_account_of_the_file_is_not_declared_twice(self):
        row = {**ACCOUNT, "metadata": {"name": "aws-node", "namespace": "kube-system"}}
        found = build_role_variables(accounts(row))
        assert len(found["eks_irsa_service_accounts"]) == 1
        assert found["eks_addons_list"][0] == {"name": "vpc-cni"}

    def test_policies_of_the_file_take_the_place_of_the_default(self):
        given = config(
            iam={"withOIDC": True},
            addons=[{"name": "aws-ebs-csi-driver"}, {"name": "vpc-cni", "attachPolicyARNs": ["arn:p"]}],
        )
        found = build_role_variables(given)
        rows = {row["name"]: row for row in found["eks_irsa_service_accounts"]}
        assert rows["ebs-csi-controller-sa"]["well_known_policies"] == ["ebs"]
        assert rows["aws-node"]["policy_arns"] == ["arn:p"]

    def test_associations_get_roles_of_their_own(self):
        document = {"Version": "2012-10-17", "Statement": []}
        rows = [
            {"namespace": "n", "serviceAccountName": "a", "permissionPolicyARNs": ["arn:p"]},
            {"serviceAccountName": "b", "roleName": "r", "permissionPolicy": document},
            {"serviceAccountName": "c", "roleARN": "arn:c"},
        ]
        addon = {"name": "x", "podIdentityAssociations": rows}
        found = build_role_variables(config(addons=[{"name": "eks-pod-identity-agent"}, addon]))
        name = "one.eu-west-1_addon.x.a"
        assert found["eks_addons_iam_roles"] == [
            {"name": name, "purpose": "addon", "policy_arns": ["arn:p"], "inline_policies": {}},
            {
                "name": "r",
                "purpose": "addon",
                "policy_arns": [],
                "inline_policies": {"kumo-eks": document},
            },
        ]
        assert found["eks_addons_list"][-1]["pod_identity_associations"] == [
            {"service_account": "a", "role_name": name},
            {"service_account": "b", "role_name": "r"},
            {"service_account": "c", "role_arn": "arn:c"},
        ]


class TestRecommendedRoles:
    @staticmethod
    def convert(*addons: dict[str, Any], **more: Any) -> dict[str, Any]:
        rows = [*addons, {"name": "eks-pod-identity-agent"}]
        return build_role_variables(config(addons=rows, iam={"withOIDC": True}, **more))

    def test_one_add_on_asks_for_them(self):
        found = self.convert(
            {"name": "vpc-cni", "useDefaultPodIdentityAssociations": True}, {"name": "aws-ebs-csi-driver"}
        )
        rows = {row["name"]: row for row in found["eks_addons_list"]}
        assert rows["vpc-cni"] == {"name": "vpc-cni", "identity": "pod_identity"}
        assert "service_account_role_name" in rows["aws-ebs-csi-driver"]  # eksctl's default by IRSA

    def test_the_file_asks_for_all_that_have_no_other(self):
        arn = "arn:aws:iam::123456789012:role/r"
        given = {"name": "aws-efs-csi-driver", "serviceAccountRoleARN": arn}
        found = self.convert(given, addonsConfig={"autoApplyPodIdentityAssociations": True})
        by_word = [row["name"] for row in found["eks_addons_list"] if row.get("identity") == "pod_identity"]
        assert by_word == ["vpc-cni"] and "eks_irsa_service_accounts" not in found

    @pytest.mark.parametrize(
        ("addons", "problem"),
        [
            (
                [{"name": "vpc-cni", "useDefaultPodIdentityAssociations": True}],
                "addons[0].useDefaultPodIdentityAssociations: needs the EKS Pod Identity Agent.",
            ),
            (
                [
                    {"name": "vpc-cni", "useDefaultPodIdentityAssociations": True, "serviceAccountRoleARN": "arn:r"},
                    {"name": "eks-pod-identity-agent"},
                ],
                "addons[0].useDefaultPodIdentityAssociations: cannot be combined with serviceAccountRoleARN.",
            ),
        ],
    )
    def test_what_does_not_fit_is_named(self, addons: list[dict[str, Any]], problem: str):
        (found,) = problems(config(addons=addons, iam={"withOIDC": True}))
        assert found.startswith(problem)


class TestKarpenter:
    @staticmethod
    def convert(**more: Any) -> dict[str, Any]:
        given = {"version": "v1.14.1", **more}
        found = build_role_variables(config(karpenter=given, iam={"withOIDC": True}))
        return {name: value for name, value in found.items() if name.startswith("eks_karpenter_")}

    def test_it_is_installed_as_eksctl_does(self):
        assert self.convert() == {
            "eks_karpenter_enabled": True,
            "eks_karpenter_version": "1.14.1",
            "eks_karpenter_namespace": "karpenter",
            "eks_karpenter_identity": "irsa",
            "eks_karpenter_create_service_account": False,
            "eks_karpenter_node_role_name": "eksctl-KarpenterNodeRole-one",
            "eks_karpenter_instance_profile": "eksctl-KarpenterNodeInstanceProfile-one",
            "eks_karpenter_interruption_queue": False,
            "eks_karpenter_discovery": False,
            "eks_karpenter_node_classes": [],
            "eks_karpenter_node_pools": [],
        }

    def test_its_fields(self):
        found = self.convert(createServiceAccount=True, defaultInstanceProfile="p", withSpotInterruptionQueue=True)
        names = ("create_service_account", "instance_profile", "interruption_queue")
        assert [found[f"eks_karpenter_{name}"] for name in names] == [True, "p", True]

    def test_the_tag_of_the_file_is_that_of_the_cluster(self):
        metadata = {"name": "one", "region": "eu-west-1", "tags": {"karpenter.sh/discovery": "one"}}
        given = config(metadata=metadata, karpenter={"version": "1.0.0"}, iam={"withOIDC": True})
        assert build_role_variables(given)["eks_karpenter_discovery"] is True

    @pytest.mark.parametrize(
        ("given", "problem"),
        [
            ({"karpenter": {}}, "karpenter.version: is missing."),
            (
                {"karpenter": {"version": "latest"}},
                "karpenter.version: 'latest' is not a version. Use one like 1.14.1.",
            ),
            ({"karpenter": {"version": "v0.37.0"}}, "karpenter.version: v0.37.0 has other settings"),
            ({"iam": {}}, "karpenter: needs the cluster's OIDC provider. Set iam.withOIDC to true."),
            (
                {"accessConfig": {"authenticationMode": "CONFIG_MAP"}},
                "accessConfig.authenticationMode: CONFIG_MAP has no access",
            ),
            (
                {"metadata": {"name": "one", "region": "eu-west-1", "tags": {"karpenter.sh/discovery": "all"}}},
                "metadata.tags: karpenter.sh/discovery is 'all'",
            ),
            ({"metadata": {"name": "c" * 60, "region": "eu-west-1"}}, "karpenter: the role eksctl-KarpenterNodeRole-c"),
        ],
    )
    def test_what_does_not_fit_is_named(self, given: dict[str, Any], problem: str):
        found = problems(config(**{"karpenter": {"version": "1.0.0"}, "iam": {"withOIDC": True}, **given}))
        assert len(found) == 1 and found[0].startswith(problem), found


class TestProblems:
    @pytest.mark.parametrize(
        ("given", "problem"),
        [
            (
                group(desiredCapasity=3),
                "managedNodeGroups[0].desiredCapasity: unknown field. Did you mean desiredCapacity?",
            ),
            (config(vps={}), "vps: unknown field. Did you mean vpc?"),
            (config(qqqqqqqq={}), "qqqqqqqq: unknown field."),
            (group(spot="yes"), "managedNodeGroups[0].spot: 'yes' is not valid. Use true or false."),
            (group(minSize=True), "managedNodeGroups[0].minSize: True is not valid. Use a whole number."),
            (
                group(labels={"tier": 1}),
                'managedNodeGroups[0].labels.tier: 1 is not valid. Use text, in quotes: "1".',
            ),
            (
                config(vpc={"nat": {"gateway": "HighlyAvailble"}}),
                "vpc.nat.gateway: 'HighlyAvailble' is not valid. Use one of HighlyAvailable, Single, Disable."
                " Did you mean HighlyAvailable?",
            ),
            (
                config(managedNodeGroups={"name": "n"}),
                "managedNodeGroups: {'name': 'n'} is not valid. Use a list.",
            ),
            (config(managedNodeGroups=[{}]), "managedNodeGroups[0].name: is missing."),
            (config(metadata={"name": "one"}), "metadata.region: is missing."),
            (config(kind="Cluster"), "kind: 'Cluster' is not valid. Use one of ClusterConfig."),
            (
                group(minSize=5, maxSize=2),
                "managedNodeGroups[0]: minSize 5, desiredCapacity 5, maxSize 2 are not in ascending order",
            ),
            (group(instanceType="a", instanceTypes=["b"]), "managedNodeGroups[0].instanceType: cannot be combined"),
            (group(ami="ami-1"), "managedNodeGroups[0].amiFamily: is required with ami."),
            (
                group(launchTemplate={"id": "lt-1"}, placement={"groupName": "g"}),
                "managedNodeGroups[0].placement: cannot be combined with launchTemplate. Set it in the template.",
            ),
            (
                group(overrideBootstrapCommand="#!/bin/bash"),
                "managedNodeGroups[0].overrideBootstrapCommand: Amazon Linux 2023 reads a NodeConfig here, a mapping with"
                " apiVersion, kind and spec.",
            ),
            (group(subnets=["mine"]), "managedNodeGroups[0].subnets[0]: 'mine' is neither a subnet's ID"),
            (
                config(vpc={"cidr": "10.0.0.1/16"}),
                "vpc.cidr: '10.0.0.1/16' is not a CIDR block. Did you mean 10.0.0.0/16?",
            ),
            (config(managedNodeGroups=[{"name": "n"}, {"name": "n"}]), "managedNodeGroups[1].name: 'n' is used twice"),
            (
                accounts(withOIDC=False),
                "iam.serviceAccounts: need the cluster's OIDC provider. Set iam.withOIDC to true.",
            ),
            (accounts({}), "iam.serviceAccounts[0].metadata: is missing."),
            (
                accounts({"metadata": {"name": "a"}}),
                "iam.serviceAccounts[0]: grants no permissions. Set attachPolicyARNs",
            ),
            (
                accounts({"metadata": {"name": "a"}, "attachRoleARN": "arn:r", "roleName": "r"}),
                "iam.serviceAccounts[0].attachRoleARN: cannot be combined with roleName",
            ),
            (
                accounts({"metadata": {"name": "a"}, "attachPolicy": {"a": 1}}),
                "iam.serviceAccounts[0].attachPolicy: {'a': 1} is not a policy document",
            ),
            (
                accounts({**ACCOUNT, "subjectPattern": "a-*"}),
                "iam.serviceAccounts[0].subjectPattern: needs roleOnly: true",
            ),
            (accounts(ACCOUNT, ACCOUNT), "iam.serviceAccounts[1].metadata.name: default/my-app-sa is listed twice."),
            (
                config(iam={"podIdentityAssociations": [ASSOCIATION]}),
                "iam.podIdentityAssociations: need the EKS Pod Identity Agent. Add eks-pod-identity-agent to addons.",
            ),
            (
                config(iam={"podIdentityAssociations": [{**ASSOCIATION, "roleName": "r"}]}),
                "iam.podIdentityAssociations[0].roleARN: cannot be combined with roleName",
            ),
            (
                config(remoteNetworkConfig={"iam": {"provider": "IRA"}}),
                "remoteNetworkConfig.iam.caBundleCert: is required with the provider ira, unless roleARN names a role.",
            ),
            (
                config(remoteNetworkConfig={"iam": {"caBundleCert": CA_BUNDLE}}),
                "remoteNetworkConfig.iam.caBundleCert: has no effect with the provider ssm.",
            ),
            (
                config(remoteNetworkConfig={"iam": {"provider": "IRA", "caBundleCert": "ca.pem"}}),
                "remoteNetworkConfig.iam.caBundleCert: it is not a bundle of certificates in PEM.",
            ),
            (config(vpc={"extraCIDRs": ["10.0.0"]}), "vpc.extraCIDRs[0]: '10.0.0' is not a CIDR block."),
            (
                config(vpc={"extraCIDRs": ["10.0.0.0/8"], "securityGroup": "sg-1"}),
                "vpc.extraCIDRs: eksctl does not use it with vpc.securityGroup.",
            ),
            (config(vpc={"hostnameType": "ip"}), "vpc.hostnameType: 'ip' is not valid. Use ip-name or resource-name."),
            (
                config(addons=[{"name": "a", "podIdentityAssociations": [{"serviceAccountName": "a"}]}]),
                "addons[0].podIdentityAssociations[0]: grants no permissions. Set roleARN, or permissionPolicy",
            ),
            (config(vpc={"publicAccessCIDRs": ["10.0.0.0/8"]}), "vpc.publicAccessCIDRs[0]: 10.0.0.0/8 holds private"),
            (
                config(vpc={"publicAccessCIDRs": ["203.0.113.7"]}),
                "vpc.publicAccessCIDRs[0]: '203.0.113.7' is not a CIDR",
            ),
            (
                config(vpc={"subnets": {"public": {"a": {"id": "subnet-1"}}}}),
                "vpc.subnets: EKS requires at least two subnets",
            ),
            (
                config(vpc={"subnets": {"public": {"a": {"id": "subnet-1"}, "b": {"id": "subnet-1"}}}}),
                "vpc.subnets: subnet-1 is listed twice",
            ),
            (
                config(
                    vpc={"subnets": {"private": {"a": {"id": "subnet-1"}, "b": {"id": "subnet-2"}}}},
                    managedNodeGroups=[{"name": "n"}],
                ),
                "managedNodeGroups[0].privateNetworking: vpc.subnets has no public subnets. Set it to true.",
            ),
            (
                config(outpost={"controlPlaneOutpostARN": "arn:aws:outposts:us-west-2:1234:outpost/op-1234"}),
                "outpost.controlPlaneInstanceType: is missing.",
            ),
            (
                config(vpc={"clusterEndpoints": {"publicAccess": False}}),
                "vpc.clusterEndpoints: the API server would not be reachable",
            ),
            (config(vpc={"id": "vpc-1"}), "vpc.id: needs the subnets of that VPC."),
            (
                config(vpc={"securityGroup": "sg-1", "controlPlaneSecurityGroupIDs": ["sg-2"]}),
                "vpc.securityGroup: cannot be combined with vpc.controlPlaneSecurityGroupIDs",
            ),
            (config(kubernetesNetworkConfig={"ipFamily": "IPv6"}), "addons: ipFamily IPv6 requires coredns."),
            (
                config(kubernetesNetworkConfig={"ipFamily": "IPv6"}, vpc={"nat": {"gateway": "Single"}}),
                "vpc.nat: cannot be set with kubernetesNetworkConfig.ipFamily IPv6.",
            ),
            (
                config(privateCluster={"enabled": True}, managedNodeGroups=[{"name": "n"}]),
                "managedNodeGroups[0].privateNetworking: must be true with privateCluster.enabled.",
            ),
            (
                config(privateCluster={"enabled": True, "additionalEndpointServices": ["s3"]}),
                "privateCluster.additionalEndpointServices[0]: 's3' is not valid. Use autoscaling, cloudformation, logs.",
            ),
            (
                config(autoModeConfig={"enabled": True}, managedNodeGroups=[{"name": "n"}]),
                "managedNodeGroups: cannot be created together with an Auto Mode cluster.",
            ),
            (
                group(ssh={"publicKeyPath": "~/k.pub", "publicKeyName": "k"}),
                "managedNodeGroups[0].ssh.publicKeyPath: cannot be combined with publicKeyName.",
            ),
            (
                group(instanceMarketOptions={"marketType": "capacity-block"}),
                "managedNodeGroups[0].instanceMarketOptions: needs capacityReservation",
            ),
            (
                config(availabilityZones=["a", "b"], managedNodeGroups=[{"name": "n", "availabilityZones": ["c"]}]),
                "managedNodeGroups[0].availabilityZones[0]: 'c' is not in availabilityZones (a, b).",
            ),
            (
                config(addons=[{"name": "vpc-cni", "attachPolicyARNs": ["arn:p"]}]),
                "addons[0].attachPolicyARNs: needs the cluster's OIDC provider.",
            ),
            (
                config(iam={"withOIDC": True}, addons=[{"name": "x", "attachPolicyARNs": ["arn:p"]}]),
                "addons[0].attachPolicyARNs: not supported by kumo.eks: the service account of x is not known.",
            ),
            ([], "ClusterConfig: [] is not a mapping of fields."),
        ],
    )
    def test_is_named_with_its_path_and_the_cure(self, given: Any, problem: str):
        assert any(found.startswith(problem) for found in problems(given)), problems(given)

    @pytest.mark.parametrize(
        ("version", "cure"),
        [(1.3, 'version: "1.30"'), (1.29, 'version: "1.29"'), ("1.3", '"1.30"'), ("latest", "1.34")],
    )
    def test_a_version_that_yaml_or_a_person_misread(self, version: Any, cure: str):
        (problem,) = problems(config(metadata={"name": "one", "region": "eu-west-1", "version": version}))
        assert problem.startswith("metadata.version: ") and cure in problem

    def test_all_at_once(self):
        found = problems(
            config(
                metadata={"name": "one", "region": "nowhere", "version": 1.3},
                managedNodeGroups=[{"nam": "n"}, {"name": "m", "bottlerocket": {"enableAdminContainer": True}}],
                karpenter={"version": "1"},
            )
        )
        assert sorted(problem.split(": ")[0] for problem in found) == [
            "karpenter",
            "karpenter.version",
            "managedNodeGroups[0].nam",
            "managedNodeGroups[0].name",
            "managedNodeGroups[1].bottlerocket",
            "metadata.region",
            "metadata.version",
        ]


NONSENSE = [
    None,
    True,
    0,
    -1,
    1.5,
    "",
    "x",
    "1.3",
    [],
    [None],
    ["x"],
    {},
    {"a": None},
    {"name": []},
    {1: 2},
    [[]],
    [{}],
]


@pytest.mark.parametrize("seed", range(300))
def test_nonsense_is_refused_in_words_and_never_crashes(seed: int):
    dice = random.Random(seed)

    def grown(kind: str, depth: int) -> Any:
        if depth == 0 or dice.random() < 0.15:
            return dice.choice(NONSENSE)
        if kind.startswith("["):
            return [grown(kind[1:-1], depth - 1) for each in range(dice.randint(0, 2))]
        if kind.startswith("{"):
            return {dice.choice(["a", "b", "c}d", "e[0]"]): grown(kind[1:-1], depth - 1)}
        if kind in DEFINITIONS:
            names = dice.sample(list(DEFINITIONS[kind]), min(len(DEFINITIONS[kind]), dice.randint(1, 9)))
            return {name: grown(DEFINITIONS[kind][name], depth - 1) for name in names}
        return {"string": "text", "integer": 3, "boolean": True}.get(kind, "text")

    try:
        assert "eks_cluster_name" in build_role_variables(grown("ClusterConfig", 6))
    except Unusable as error:
        assert error.problems and all(": " in problem for problem in error.problems)
