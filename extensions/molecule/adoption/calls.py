# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Creates and deletes a cluster by plain API calls, as somebody did before kumo.eks came.

Usage: calls.py create CLUSTER ROLE_ARN NODE_ROLE_ARN SUBNET ...; calls.py delete CLUSTER
"""

from __future__ import annotations

import sys
from typing import Any

import boto3

QUICK = {"Delay": 1, "MaxAttempts": 600}


def create(eks: Any, name: str, role: str, node_role: str, *subnets: str) -> None:
    eks.create_cluster(
        name=name,
        version="1.33",
        roleArn=role,
        resourcesVpcConfig={"subnetIds": subnets, "endpointPrivateAccess": True},
        accessConfig={"authenticationMode": "API"},
        logging={"clusterLogging": [{"types": ["audit"], "enabled": True}]},
        tags={"Team": "platform"},
    )
    eks.get_waiter("cluster_active").wait(name=name, WaiterConfig=QUICK)
    eks.create_nodegroup(
        clusterName=name,
        nodegroupName="workers",
        nodeRole=node_role,
        subnets=subnets,
        scalingConfig={"minSize": 1, "maxSize": 3, "desiredSize": 1},
        labels={"role": "general"},
        instanceTypes=["m5.large", "m5a.large"],
        capacityType="SPOT",
    )
    eks.create_addon(clusterName=name, addonName="kube-proxy", resolveConflicts="OVERWRITE")
    eks.get_waiter("nodegroup_active").wait(clusterName=name, nodegroupName="workers", WaiterConfig=QUICK)
    eks.get_waiter("addon_active").wait(clusterName=name, addonName="kube-proxy", WaiterConfig=QUICK)


def delete(eks: Any, name: str) -> None:
    eks.delete_nodegroup(clusterName=name, nodegroupName="workers")
    eks.get_waiter("nodegroup_deleted").wait(clusterName=name, nodegroupName="workers", WaiterConfig=QUICK)
    eks.delete_cluster(name=name)
    eks.get_waiter("cluster_deleted").wait(name=name, WaiterConfig=QUICK)


if __name__ == "__main__":
    {"create": create, "delete": delete}[sys.argv[1]](boto3.client("eks"), *sys.argv[2:])
