# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The launch template, the tags and the drain rules of self-managed nodes. No AWS."""

from __future__ import annotations

import base64
import json

import pytest

from ansible_collections.kumo.eks.plugins.module_utils.core.ami_types import build_image_parameter
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.core.scaling import merge_scaling
from ansible_collections.kumo.eks.plugins.module_utils.ec2.launch_template import normalize_template_data
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.nodes import DRAINING, is_drained, read_node
from ansible_collections.kumo.eks.plugins.module_utils.nodes.self_managed_plan import build_distribution
from ansible_collections.kumo.eks.plugins.module_utils.nodes.self_managed_template import (
    Image,
    build_data,
    build_derived_tags,
    choose_image,
    read_image,
)

CLUSTER = {
    "name": "c",
    "version": "1.33",
    "endpoint": "https://e",
    "certificateAuthority": {"data": "Y2E="},
    "kubernetesNetworkConfig": {"serviceIpv4Cidr": "172.20.0.0/16"},
    "resourcesVpcConfig": {"clusterSecurityGroupId": "sg-c"},
}
AL2023 = "AL2023_x86_64_STANDARD"
TAINT = {"key": "t", "value": "v", "effect": "NO_EXECUTE"}


def build(ami_type=AL2023, pinned=False, **item):
    return build_data(item, Image("ami-1", ami_type, "1.33", pinned), "profile", CLUSTER, {"Team": "a"})


def read_user_data(data):
    return base64.b64decode(data["UserData"]).decode()


def test_the_template_has_what_eks_gives_managed_nodes():
    data = build(template={"security_groups": ["sg-1"], "volumes": [{"size": 50}]}, labels={"a": "b"}, taints=[TAINT])
    assert (data["ImageId"], data["IamInstanceProfile"]) == ("ami-1", {"Name": "profile"})
    assert data["SecurityGroupIds"] == ["sg-c", "sg-1"] and data["BlockDeviceMappings"][0]["DeviceName"] == "/dev/xvda"
    document = json.loads(read_user_data(data).partition("application/node.eks.aws")[2].rpartition("--==")[0])
    assert document["spec"]["cluster"] == {
        "name": "c",
        "apiServerEndpoint": "https://e",
        "certificateAuthority": "Y2E=",
        "cidr": "172.20.0.0/16",
    }
    assert document["spec"]["kubelet"]["flags"] == ["--node-labels=a=b", "--register-with-taints=t=v:NoExecute"]
    assert read_image(normalize_template_data(data)) == Image("ami-1", AL2023, "1.33")
    assert read_image(normalize_template_data(build(pinned=True))).is_pinned


def test_the_cluster_group_can_be_left_out():
    assert build(template={"security_groups": ["sg-1"], "cluster_security_group": False})["SecurityGroupIds"] == [
        "sg-1"
    ]
    assert build(template={"efa_interfaces": 1})["NetworkInterfaces"][0]["Groups"] == ["sg-c"]


def test_a_script_and_settings_are_kept():
    config = {"spec": {"kubelet": {"config": {"maxPods": 50}, "flags": ["--v=2"]}}}
    text = read_user_data(build(template={"user_data": "#!/bin/sh\necho", "node_config": config}, labels={"a": "b"}))
    assert "text/x-shellscript" in text and '"maxPods": 50' in text
    assert '"--node-labels=a=b",\n        "--v=2"' in text


def test_bottlerocket_is_told_in_toml():
    settings = {"kubernetes": {"max-pods": 50}}
    text = read_user_data(
        build(
            "BOTTLEROCKET_x86_64", template={"bottlerocket_settings": settings}, labels={"x.y/a": "b"}, taints=[TAINT]
        )
    )
    assert 'cluster-name = "c"' in text and "max-pods = 50" in text
    assert '[settings.kubernetes.node-labels]\n"x.y/a" = "b"' in text
    assert '[settings.kubernetes.node-taints]\nt = ["v:NoExecute"]' in text


def test_windows_runs_the_script_of_the_user_first():
    text = read_user_data(
        build("WINDOWS_CORE_2022_x86_64", template={"user_data": "Write-Host hello"}, labels={"a": "b"})
    )
    assert text.index("Write-Host hello") < text.index("Start-EKSBootstrap.ps1")
    assert text.count("<powershell>") == 1 and '-KubeletExtraArgs "--node-labels=a=b"' in text
    assert '-ServiceCIDR "172.20.0.0/16"' in text


def test_the_image_is_kept_until_something_asks_for_another():
    asked = []

    def find(ami_type, version):
        asked.append((ami_type, version))
        return "ami-new"

    now = Image("ami-old", AL2023, "1.32")
    assert choose_image({}, now, CLUSTER, find) == now and asked == []
    assert choose_image({"release_version": "latest"}, now, CLUSTER, find).image_id == "ami-new"
    assert choose_image({"version": "1.33"}, now, CLUSTER, find).version == "1.33"
    assert choose_image({"ami_type": "BOTTLEROCKET_x86_64"}, now, CLUSTER, find).ami_type == "BOTTLEROCKET_x86_64"
    assert choose_image({}, None, CLUSTER, find) == Image("ami-new", AL2023, "1.33")
    pinned = choose_image({"template": {"image_id": "ami-own"}}, now, CLUSTER, find)
    assert (pinned.image_id, pinned.is_pinned) == ("ami-own", True)
    assert choose_image({}, pinned, CLUSTER, find).image_id == "ami-new"
    assert "newest image" in choose_image({}, None, None, find).image_id


@pytest.mark.parametrize(("version", "words"), [("1.34", "Upgrade the cluster"), ("1.29", "3 minor versions behind")])
def test_versions_that_cannot_join_are_refused(version, words):
    with pytest.raises(ValidationError, match=words):
        choose_image({"version": version}, None, CLUSTER, lambda ami_type, wanted: "ami-1")


def test_tags_tell_the_autoscaler_what_a_node_will_be():
    found = build_derived_tags({"labels": {"a": 1}, "taints": [TAINT]}, "c")
    prefix = "k8s.io/cluster-autoscaler"
    assert found == {
        "kubernetes.io/cluster/c": "owned",
        f"{prefix}/enabled": "true",
        f"{prefix}/c": "owned",
        f"{prefix}/node-template/label/a": "1",
        f"{prefix}/node-template/taint/t": "v:NoExecute",
    }
    assert build_derived_tags({"cluster_autoscaler": False}, "c") == {"kubernetes.io/cluster/c": "owned"}


@pytest.mark.parametrize(
    ("ami_type", "parameter"),
    [
        (
            "AL2023_ARM_64_NVIDIA",
            "/aws/service/eks/optimized-ami/1.33/amazon-linux-2023/arm64/nvidia/recommended/image_id",
        ),
        (
            "AL2023_x86_64_NEURON",
            "/aws/service/eks/optimized-ami/1.33/amazon-linux-2023/x86_64/neuron/recommended/image_id",
        ),
        ("BOTTLEROCKET_ARM_64_NVIDIA_FIPS", "/aws/service/bottlerocket/aws-k8s-1.33-nvidia-fips/arm64/latest/image_id"),
        (
            "WINDOWS_FULL_2022_x86_64",
            "/aws/service/ami-windows-latest/Windows_Server-2022-English-Full-EKS_Optimized-1.33/image_id",
        ),
    ],
)
def test_the_parameters_of_images(ami_type, parameter):
    assert build_image_parameter(ami_type, "1.33") == parameter


def test_capacity_is_a_distribution():
    spot = build_distribution({"capacity_type": "SPOT"}, True)
    assert (spot["on_demand_percentage_above_base_capacity"], spot["spot_allocation_strategy"]) == (
        0,
        "price-capacity-optimized",
    )
    assert build_distribution({}, False) is None
    assert build_distribution({"instances_distribution": {"on_demand_base_capacity": 2}}, False) == {
        "on_demand_base_capacity": 2
    }


def test_sizes_respect_the_autoscaler():
    now = {"min_size": 1, "max_size": 6, "desired_size": 4}
    assert merge_scaling(now, {"desired_size": 2}, False)["desired_size"] == 4
    assert merge_scaling(now, {"desired_size": 2}, True)["desired_size"] == 2
    assert merge_scaling(now, {"max_size": 3}, False)["desired_size"] == 3


def build_pod(owner="", phase="Running", **annotations):
    owners = [{"kind": owner, "controller": True}] if owner else []
    return {
        "metadata": {"name": "p", "ownerReferences": owners, "annotations": annotations},
        "status": {"phase": phase},
    }


@pytest.mark.parametrize(
    ("pod", "drained"),
    [
        (build_pod("ReplicaSet"), True),
        (build_pod(), True),
        (build_pod("DaemonSet"), False),
        (build_pod(phase="Succeeded"), False),
        (build_pod(**{"kubernetes.io/config.mirror": "x"}), False),
    ],
)
def test_a_drain_ends_what_kubectl_ends(pod, drained):
    assert is_drained(pod) is drained


def test_a_node_is_known_by_its_instance():
    row = {
        "metadata": {"name": "n", "annotations": {DRAINING: "5"}},
        "spec": {"providerID": "aws:///ap-northeast-1a/i-1", "unschedulable": True},
        "status": {"conditions": [{"type": "Ready", "status": "True"}]},
    }
    node = read_node(row)
    assert (node.instance_id, node.ready, node.unschedulable, node.draining_since) == ("i-1", True, True, 5.0)
