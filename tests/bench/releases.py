# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Eleven releases of two charts on a cluster of a sandbox, for bench.py."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

from place import Place

from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.token import mint_token
from kumo_sandbox.ground import CLUSTER_POLICIES, create_role
from kumo_sandbox.toolchain import binaries, charts

CLUSTER = "bench"
ROOT = Path(__file__).resolve().parents[2]
# A folder, whose templates depend on chart and values alone, and a repository's chart, which asks the cluster for its version.
FROM_FOLDER, FROM_REPOSITORY = 8, 3


def build_releases(repository: str) -> list[dict[str, Any]]:
    """The releases as the role's variable eks_helm_releases. Nobody waits for their pods: there are no nodes."""
    own = [
        {
            "name": f"app-{number}",
            "chart": str(ROOT / "docs/examples/my-chart"),
            "values": {"replicaCount": 1 + number % 3, "image": {"tag": f"v1.2.{number}"}},
        }
        for number in range(FROM_FOLDER)
    ]
    others = [
        {
            "name": f"ingress-{number}",
            "chart": "ingress-nginx",
            "repository": repository,
            "version": "4.11.0",
            "values": {
                "controller": {
                    "admissionWebhooks": {"enabled": False},
                    "ingressClassResource": {
                        "name": f"nginx-{number}",
                        "controllerValue": f"example.com/nginx-{number}",
                    },
                }
            },
        }
        for number in range(FROM_REPOSITORY)
    ]
    return [{**row, "namespace": "bench"} for row in own + others]


def create_cluster(place: Place) -> dict[str, Any]:
    """A control plane without nodes; its description."""
    ec2, iam, eks = place.client("ec2"), place.client("iam"), place.client("eks")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{number}.0/24", AvailabilityZone=f"ap-northeast-1{zone}")
        for number, zone in enumerate("ac")
    ]
    role = create_role(iam, "bench", "eks.amazonaws.com", CLUSTER_POLICIES)
    network = {"subnetIds": [row["Subnet"]["SubnetId"] for row in subnets]}
    eks.create_cluster(name=CLUSTER, version="1.34", roleArn=role, resourcesVpcConfig=network)
    eks.get_waiter("cluster_active").wait(name=CLUSTER, WaiterConfig={"Delay": 1})
    return eks.describe_cluster(name=CLUSTER)["cluster"]


def build_variables(place: Place) -> dict[str, Any]:
    """The role's variables, for a cluster that is created here."""
    create_cluster(place)
    charts.ensure()
    return {
        "eks_cluster_name": CLUSTER,
        "eks_region": place.region,
        "eks_helm_releases": build_releases(place.endpoint + charts.PATH),
        "eks_helm_binary_path": str(binaries.ensure(["helm"])["helm"]),
        "eks_helm_wait": False,
        "eks_helm_atomic": False,
    }


def build_core_variables(place: Place, variables: dict[str, Any]) -> dict[str, Any]:
    """The same for releases_core.yml: with a fresh token, the cluster's address, and its CA in a file."""
    cluster = place.client("eks").describe_cluster(name=CLUSTER)["cluster"]
    path = Path(place.folder) / "ca.pem"
    path.write_bytes(base64.b64decode(cluster["certificateAuthority"]["data"]))
    token = mint_token(place.client("sts"), CLUSTER)
    return {**variables, "bench_host": cluster["endpoint"], "bench_ca": str(path), "bench_token": token}
