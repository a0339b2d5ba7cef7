# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""nodeGroups of a ClusterConfig: what eksctl fills in, and that the module takes what comes out."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.kumo.eks.plugins.module_utils.cluster_config.config import Unusable, build_role_variables
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.self_managed import (
    find_self_managed_problems,
    find_self_managed_warnings,
)

ROLE = "arn:aws:iam::123456789012:role/nodes"
TYPES = {"instanceTypes": ["m5.large", "m5a.large"]}


def build(*groups: dict[str, Any], **fields: Any) -> dict[str, Any]:
    head = {
        "apiVersion": "eksctl.io/v1alpha5",
        "kind": "ClusterConfig",
        "metadata": {"name": "one", "region": "eu-west-1"},
    }
    return build_role_variables({**head, "nodeGroups": list(groups), **fields})


def one(**fields: Any) -> dict[str, Any]:
    (found,) = build({"name": "n", **fields})["eks_self_managed_nodes_list"]
    assert list(find_self_managed_problems(found)) == []
    return found


def problems(*groups: dict[str, Any], **fields: Any) -> list[str]:
    with pytest.raises(Unusable) as caught:
        build(*groups, **fields)
    return caught.value.problems


def test_a_group_that_says_nothing_else():
    assert one() == {
        "name": "n",
        "instance_types": ["m5.large"],
        "ami_type": "AL2023_x86_64_STANDARD",
        "capacity_type": "ON_DEMAND",
        "scaling_config": {"min_size": 2, "max_size": 2, "desired_size": 2},
        "private_networking": False,
        "labels": {"alpha.eksctl.io/cluster-name": "one", "alpha.eksctl.io/nodegroup-name": "n"},
        "tags": {"alpha.eksctl.io/nodegroup-name": "n", "alpha.eksctl.io/nodegroup-type": "unmanaged"},
        "cluster_autoscaler": False,
        "template": {
            "volumes": [{"size": 80, "type": "gp3", "iops": 3000, "throughput": 125}],
            "metadata_options": {"http_tokens": "required", "http_put_response_hop_limit": 2},
            "tags": {"Name": "one-n-Node"},
        },
    }
    assert build({"name": "n"})["eks_self_managed_nodes_ssm"] is True
    assert "eks_self_managed_nodes_list" not in build()


def test_what_eksctl_fills_in_changes_nothing():
    filled = {
        "containerRuntime": "containerd",
        "securityGroups": {"withLocal": True, "withShared": True},
        "ssh": {"allow": False},
        "disableIMDSv1": True,
        "disablePodIMDS": False,
        "iam": {"withAddonPolicies": {"autoScaler": False, "ebs": False}},
        "instanceSelector": {},
        "privateNetworking": False,
        "volumeSize": 80,
        "volumeType": "gp3",
        "volumeIOPS": 3000,
        "volumeThroughput": 125,
        "labels": {"alpha.eksctl.io/cluster-name": "one", "alpha.eksctl.io/nodegroup-name": "n"},
        "ami": "auto-ssm",
        "amiFamily": "AmazonLinux2023",
    }
    assert one(**filled) == one()


def test_instances_are_mixed_as_ec2_mixes_them():
    found = one(instanceType="mixed", instancesDistribution={**TYPES, "maxPrice": 0.017, "spotInstancePools": 3})
    assert found["instance_types"] == TYPES["instanceTypes"] and "capacity_type" not in found
    assert found["instances_distribution"] == {
        "on_demand_base_capacity": 0,
        "on_demand_percentage_above_base_capacity": 100,
        "spot_allocation_strategy": "lowest-price",
        "spot_instance_pools": 3,
        "spot_max_price": "0.017",
    }


def test_both_forms_of_taints():
    rows = [
        {"key": "gpu", "value": "true", "effect": "NO_SCHEDULE"},
        {"key": "spot", "value": "", "effect": "NO_EXECUTE"},
    ]
    assert one(taints={"gpu": "true:NoSchedule", "spot": ":NoExecute"})["taints"] == rows
    assert one(
        taints=[{**row, "effect": effect} for row, effect in zip(rows, ("NoSchedule", "NoExecute"), strict=True)]
    )["taints"] == [*rows]


def test_settings_of_the_kubelet():
    told = one(
        maxPodsPerNode=50,
        clusterDNS="169.254.20.10",
        kubeletExtraConfig={"kubeReserved": {"cpu": "300m"}},
        overrideBootstrapCommand="kind: NodeConfig\nspec: {instance: {localStorage: {strategy: RAID0}}}",
        preBootstrapCommands=["echo a"],
    )["template"]
    assert told["node_config"] == {
        "kind": "NodeConfig",
        "spec": {
            "kubelet": {"config": {"kubeReserved": {"cpu": "300m"}, "clusterDNS": ["169.254.20.10"], "maxPods": 50}},
            "instance": {"localStorage": {"strategy": "RAID0"}},
        },
    }
    assert told["user_data"] == "#!/bin/bash\necho a\n"


def test_bottlerocket_with_ssh_has_its_admin_container():
    settings = {"motd": "hello"}
    found = one(
        amiFamily="Bottlerocket",
        ssh={"publicKeyName": "k"},
        maxPodsPerNode=20,
        clusterDNS="10.100.0.10",
        bottlerocket={"settings": settings},
    )["template"]
    assert found["bottlerocket_settings"] == {
        "host-containers": {"admin": {"enabled": True}},
        "motd": "hello",
        "kubernetes": {"max-pods": 20, "cluster-dns-ip": "10.100.0.10"},
    }
    assert found["ssh_sources"] == ["0.0.0.0/0", "::/0"]


def test_an_image_of_the_users_own():
    found = one(ami="ami-1", amiFamily="WindowsServer2022FullContainer")
    assert (found["ami_type"], found["template"]["image_id"]) == ("WINDOWS_FULL_2022_x86_64", "ami-1")
    assert found["template"]["volumes"][0]["device_name"] == "/dev/sda1"


def test_what_the_auto_scaling_group_has_beside():
    found = one(
        targetGroupARNs=["arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/a/1"],
        classicLoadBalancerNames=["b"],
        asgMetricsCollection=[{"granularity": "1Minute", "metrics": ["GroupMinSize"]}],
        asgSuspendProcesses=["AZRebalance"],
        maxInstanceLifetime=86400,
        updateConfig={"maxUnavailable": 2},
        propagateASGTags=True,
        cpuCredits="unlimited",
        instanceType="t3.large",
    )
    assert found["load_balancer_names"] == ["b"] and found["enabled_metrics"] == ["GroupMinSize"]
    assert found["suspended_processes"] == ["AZRebalance"] and found["max_instance_lifetime"] == 86400
    assert found["update_config"] == {"max_unavailable": 2} and found["cluster_autoscaler"] is True
    assert found["template"]["cpu_credits"] == "unlimited"
    assert one(asgMetricsCollection=[{"granularity": "1Minute"}])["enabled_metrics"] == ["all"]


def test_the_role_and_the_profile_of_the_file():
    profile = "arn:aws:iam::123456789012:instance-profile/nodes"
    found = one(iam={"instanceRoleARN": ROLE, "instanceProfileARN": profile})
    assert (found["node_role"], found["instance_profile"]) == (ROLE, profile)


def test_security_groups_of_the_users_own_alone():
    found = one(securityGroups={"attachIDs": ["sg-1"], "withShared": False, "withLocal": False})["template"]
    assert found["security_groups"] == ["sg-1"] and found["cluster_security_group"] is False


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"amiFamily": "AmazonLinux2"}, "AWS publishes no images of AmazonLinux2 any more"),
        ({"amiFamily": "Ubuntu2404"}, "EKS has no AMI type of family Ubuntu2404"),
        (
            {"instanceType": "m5.large", "instancesDistribution": TYPES},
            "instanceType: cannot be combined with instancesDistribution",
        ),
        ({"instancesDistribution": {}}, "instancesDistribution.instanceTypes: 0 are given"),
        (
            {
                "instancesDistribution": {
                    **TYPES,
                    "spotInstancePools": 2,
                    "spotAllocationStrategy": "capacity-optimized",
                }
            },
            "spotInstancePools: is for spotAllocationStrategy lowest-price",
        ),
        ({"ami": "ubuntu"}, "ami: 'ubuntu' is not the ID of an image"),
        ({"ami": "ami-1"}, "amiFamily: is required with ami"),
        ({"cpuCredits": "unlimited"}, "cpuCredits: is for burstable instance types"),
        (
            {"cpuCredits": "much", "instanceType": "t3.large"},
            "cpuCredits: 'much' is not valid. Use standard or unlimited",
        ),
        ({"kubeletExtraConfig": {"address": "x"}}, "kubeletExtraConfig.address: is set when the node joins"),
        ({"kubeletExtraConfig": "x"}, "kubeletExtraConfig: 'x' is not a mapping"),
        (
            {"overrideBootstrapCommand": "/etc/eks/bootstrap.sh"},
            "overrideBootstrapCommand: Amazon Linux 2023 reads a NodeConfig",
        ),
        ({"amiFamily": "Bottlerocket", "kubeletExtraConfig": {}}, "Bottlerocket reads settings only"),
        ({"bottlerocket": {}}, "bottlerocket: is for amiFamily Bottlerocket"),
        (
            {"amiFamily": "WindowsServer2022FullContainer", "maxPodsPerNode": 9},
            "maxPodsPerNode: not supported by kumo.eks",
        ),
        ({"iam": {"instanceProfileARN": "arn:x"}}, "Set iam.instanceRoleARN, too"),
        (
            {"iam": {"instanceRoleARN": ROLE, "instanceProfileARN": "arn:x", "attachPolicyARNs": ["arn:p"]}},
            "iam.attachPolicyARNs: cannot be combined with instanceRoleARN",
        ),
        ({"securityGroups": {"withShared": False}}, "a security group of the group alone is not created"),
        ({"securityGroups": {"withShared": False, "withLocal": False}}, "List your own in attachIDs"),
        ({"asgMetricsCollection": [{"granularity": "5Minutes"}]}, "granularity: '5Minutes' is not valid. Use 1Minute"),
        ({"asgSuspendProcesses": ["Launch"]}, "the group starts no nodes while Launch is suspended"),
        ({"taints": {"gpu": "true"}}, "taints[0].effect: 'true' is not valid"),
        ({"volumeThroughput": 200, "volumeType": "gp2"}, "volumeThroughput: is for volumeType gp3"),
        ({"minSize": 3, "maxSize": 2}, "not in ascending order"),
    ],
)
def test_what_is_refused(fields: dict[str, Any], text: str):
    found = problems({"name": "n", **fields})
    assert any(text in problem and problem.startswith("nodeGroups[0]") for problem in found), found


def test_names_are_used_once_in_a_file():
    assert problems({"name": "n"}, managedNodeGroups=[{"name": "n"}]) == [
        "nodeGroups[0].name: 'n' is used twice. Names must be unique."
    ]


def test_nodes_need_access_entries():
    found = problems({"name": "n"}, accessConfig={"authenticationMode": "CONFIG_MAP"})
    assert "by which the nodes of nodeGroups join" in found[0]


def test_a_private_cluster_has_private_nodes():
    found = problems({"name": "n"}, privateCluster={"enabled": True})
    assert found == ["nodeGroups[0].privateNetworking: must be true with privateCluster.enabled."]


def test_ssh_for_everybody_is_warned_about():
    (warning,) = find_self_managed_warnings([one(ssh={"publicKeyName": "k"})])
    assert warning.startswith("n: template.ssh_sources opens SSH on the nodes to 0.0.0.0/0")


LOCAL = ["us-west-2-lax-1a", "us-west-2-lax-1b"]


def test_groups_in_local_zones():
    """examples/33-local-zones.yaml of eksctl."""
    found = build({"name": "local-ng", "localZones": LOCAL}, localZones=LOCAL)
    assert found["eks_network_local_zones"] == LOCAL
    (group,) = found["eks_self_managed_nodes_list"]
    assert group["local_zones"] == LOCAL and "availability_zones" not in group
    assert list(find_self_managed_problems(group)) == []
    assert "eks_network_local_zones" not in build({"name": "n"})


@pytest.mark.parametrize(
    ("group", "fields", "problem"),
    [
        ({}, {"kubernetesNetworkConfig": {"ipFamily": "IPv6"}}, "localZones: cannot be combined with kubernetesNetworkConfig"),
        ({}, {"vpc": {"autoAllocateIPv6": True}}, "localZones: cannot be combined with vpc.autoAllocateIPv6."),
        ({}, {"vpc": {"nat": {"gateway": "HighlyAvailable"}}}, "localZones: eksctl does not combine them with vpc.nat.gateway"),
        ({}, {"vpc": {"subnets": {"public": {"a": {"id": "subnet-1"}, "b": {"id": "subnet-2"}}}}}, "localZones: cannot be combined with an existing VPC."),
        ({"privateNetworking": True}, {"privateCluster": {"enabled": True}}, "localZones: cannot be combined with privateCluster.enabled."),
        ({}, {"localZones": ["eu-west-1a"]}, "localZones: 'eu-west-1a' is not a Local Zone"),
        ({}, {"localZones": LOCAL[:1] * 2}, "localZones: us-west-2-lax-1a is listed twice."),
        ({"localZones": ["us-west-2-phx-2a"]}, {}, "nodeGroups[0].localZones: 'us-west-2-phx-2a' is not in localZones (us-west-2-lax-1a, us-west-2-lax-1b)."),
        ({"localZones": LOCAL, "availabilityZones": ["a"]}, {}, "nodeGroups[0].localZones: cannot be combined with availabilityZones."),
        ({"localZones": LOCAL, "subnets": ["subnet-1"]}, {}, "nodeGroups[0].localZones: cannot be combined with subnets."),
        ({"localZones": LOCAL, "efaEnabled": True}, {}, "nodeGroups[0].localZones: us-west-2-lax-1a, us-west-2-lax-1b cannot be combined with efaEnabled."),
    ],
)  # fmt: skip
def test_local_zones_that_cannot_be(group, fields, problem):
    found = problems({"name": "n", **group}, **{"localZones": LOCAL, **fields})
    assert any(one.startswith(problem) for one in found), found


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"local_zones": ["eu-west-1a"]}, "local_zones: eu-west-1a is not the name of a Local Zone"),
        ({"local_zones": LOCAL, "availability_zones": ["a"]}, "local_zones: it cannot be combined with availability_zones."),
        ({"local_zones": LOCAL[:1] * 2}, "local_zones: names must be unique."),
        ({"local_zones": LOCAL, "template": {"efa": True}}, "local_zones: us-west-2-lax-1a, us-west-2-lax-1b cannot be combined with template.efa."),
    ],
)  # fmt: skip
def test_local_zones_of_a_group_that_cannot_be(options, problem):
    assert any(one.startswith(problem) for one in find_self_managed_problems({"name": "n", **options}))
