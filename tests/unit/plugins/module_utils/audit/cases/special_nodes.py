# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from case import Case, build_cluster, build_nodegroup, build_object, build_pods

REMOTE = {"remoteNodeNetworks": [{"cidrs": ["10.80.0.0/16"]}]}
CLUSTER = ["Cluster my-cluster"]
GPU = "nvidia.com/gpu"


MAPPED = {
    "metadata": {"namespace": "kube-system", "name": "aws-auth"},
    "data": {"mapRoles": "- rolearn: arn:aws:iam::123456789012:role/hybrid\n  username: system:node:{{SessionName}}\n"},
}


def hybrid(public=False, mode="API", **sources):
    place = {"endpointPublicAccess": public, "endpointPrivateAccess": True}
    access = {"authenticationMode": mode}
    cluster = build_cluster(remoteNetworkConfig=REMOTE, resourcesVpcConfig=place, accessConfig=access)
    return {"cluster": cluster, **sources}


def routes(**way):
    rows = [
        {"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local", "State": "active"},
        {"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-1", "State": "active"},
        {"DestinationCidrBlock": "10.80.0.0/12", "State": "active", **way},
    ]
    return hybrid(route_tables=[{"Routes": rows}])


def node(name, labels, **allocatable):
    return build_object(name, metadata={"labels": labels}, status={"allocatable": allocatable})


def dns(*places):
    rows = [
        build_object(
            f"coredns-{number}",
            "kube-system",
            metadata={"labels": {"k8s-app": "kube-dns"}},
            spec={"nodeName": place},
            status={"phase": "Running"},
        )
        for number, place in enumerate(places)
    ]
    nodes = [node("far", {"eks.amazonaws.com/compute-type": "hybrid"}), node("near", {})]
    return {"nodes": nodes, "pods": rows}


def windows(value):
    row = build_object("amazon-vpc-cni", "kube-system", data={"enable-windows-ipam": value})
    return {"nodes": [node("one", {"kubernetes.io/os": "windows"})], "config_map_contents": [row]}


def user(name):
    return {"workloads": [build_pods(securityContext={"windowsOptions": {"runAsUserName": name}})]}


def gpu(resources):
    pods = [
        build_object(
            "train",
            "shop",
            spec={"nodeName": "one", "containers": [{"name": "app", "resources": {"limits": resources}}]},
            status={"phase": "Running"},
        )
    ]
    return {"nodes": [node("one", {}, **{GPU: "1"})], "pods": pods}


def image(kind):
    types = {"g5.xlarge": {"GpuInfo": {"Gpus": [{"Manufacturer": "NVIDIA"}]}}, "m6i.large": {}}
    rows = [build_nodegroup(amiType=kind), build_nodegroup(nodegroupName="other")]
    return {
        "nodegroups": rows,
        "nodegroup_types": {"general": ["g5.xlarge"], "other": ["m6i.large"]},
        "instance_types": types,
    }


CASES = {
    "hybrid_endpoint": Case(hybrid(True), CLUSTER, hybrid()),
    "hybrid_routes": Case(routes(GatewayId="igw-1"), CLUSTER, routes(TransitGatewayId="tgw-1"), ("10.80.0.0/16",)),
    "hybrid_entry": Case(
        hybrid(access_entries=[{"type": "STANDARD"}]), CLUSTER, hybrid(access_entries=[{"type": "HYBRID_LINUX"}])
    ),
    "hybrid_mapping": Case(
        hybrid(mode="CONFIG_MAP", access_entries=[], config_map_contents=[]),
        CLUSTER,
        hybrid(mode="CONFIG_MAP", access_entries=[], config_map_contents=[MAPPED]),
    ),
    "hybrid_dns": Case(dns("near"), ["Deployment kube-system/coredns"], dns("near", "far"), ("on hybrid nodes",)),
    "windows_addresses": Case(windows("false"), ["ConfigMap kube-system/amazon-vpc-cni"], windows("true")),
    "windows_administrator": Case(user("ContainerAdministrator"), ["Deployment shop/web"], user("ContainerUser")),
    "gpu_idle": Case(gpu({}), ["Node one"], gpu({GPU: "1"})),
    "gpu_image": Case(
        image("AL2023_x86_64_STANDARD"), ["Node group general"], image("AL2023_x86_64_NVIDIA"), ("g5.xlarge",)
    ),
}
