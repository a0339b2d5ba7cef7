# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Creates, changes and deletes clusters by plain API calls, as somebody does who does not know kumo.eks.

Usage: calls.py create ROLE_ARN SUBNET,SUBNET NAME ...; calls.py change NAME ...; calls.py delete NAME ...
The region is $AWS_DEFAULT_REGION.
"""

from __future__ import annotations

import sys
from typing import Any

import boto3

QUICK = {"Delay": 1, "MaxAttempts": 600}


def create(eks: Any, role: str, subnets: str, *names: str) -> None:
    for name in names:
        config = {"subnetIds": subnets.split(",")}
        eks.create_cluster(name=name, version="1.33", roleArn=role, resourcesVpcConfig=config)
    wait(eks, "cluster_active", names)


def change(eks: Any, *names: str) -> None:
    for name in names:
        eks.update_cluster_config(name=name, resourcesVpcConfig={"endpointPrivateAccess": True})
    wait(eks, "cluster_active", names)


def delete(eks: Any, *names: str) -> None:
    for name in names:
        eks.delete_cluster(name=name)
    wait(eks, "cluster_deleted", names)


def wait(eks: Any, state: str, names: tuple[str, ...]) -> None:
    for name in names:
        eks.get_waiter(state).wait(name=name, WaiterConfig=QUICK)


if __name__ == "__main__":
    {"create": create, "change": change, "delete": delete}[sys.argv[1]](boto3.client("eks"), *sys.argv[2:])
