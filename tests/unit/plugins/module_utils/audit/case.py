# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A case of a rule: what its function is given, and what it has to find."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any


@dataclass(frozen=True)
class Case:
    """A rule's test. Values are those of its ``reads``, by their names.

    Args:
        bad: values in which the rule finds something.
        resources: the resources that it finds, in their order.
        good: values in which it finds nothing.
        words: what the evidence has to contain, all findings together.
    """

    bad: dict[str, Any]
    resources: list[str]
    good: dict[str, Any]
    words: tuple[str, ...] = ()


CLUSTER = {
    "name": "my-cluster",
    "arn": "arn:aws:eks:ap-northeast-1:123456789012:cluster/my-cluster",
    "version": "1.33",
    "status": "ACTIVE",
    "roleArn": "arn:aws:iam::123456789012:role/eksClusterRole",
    "deletionProtection": True,
    "accessConfig": {"authenticationMode": "API_AND_CONFIG_MAP"},
    "resourcesVpcConfig": {
        "vpcId": "vpc-1",
        "subnetIds": ["subnet-a", "subnet-b"],
        "securityGroupIds": [],
        "clusterSecurityGroupId": "sg-cluster",
        "endpointPublicAccess": False,
        "endpointPrivateAccess": True,
        "publicAccessCidrs": [],
    },
}


def build_cluster(**changes: Any) -> dict[str, Any]:
    """A cluster without violations, with changes. Those of ``resourcesVpcConfig`` are merged."""
    place = {**CLUSTER["resourcesVpcConfig"], **changes.pop("resourcesVpcConfig", {})}
    return copy.deepcopy({**CLUSTER, **changes, "resourcesVpcConfig": place})


def build_pods(kind: str = "Deployment", name: str = "web", namespace: str = "shop", **pod: Any) -> dict[str, Any]:
    """A workload in the shape of the source ``workloads``, with fields of its PodSpec."""
    spec = {"containers": [{"name": "app", "image": "registry/app:1"}], **pod}
    return {
        "kind": kind,
        "namespace": namespace,
        "name": name,
        "replicas": 2,
        "labels": {"app": name},
        "annotations": {},
        "pod": spec,
        "object": {"metadata": {"namespace": namespace, "name": name}, "spec": {"template": {"spec": spec}}},
    }


def build_object(name: str, namespace: str = "", **fields: Any) -> dict[str, Any]:
    """An object of Kubernetes. Fields of ``metadata`` are added to its name."""
    about = {"name": name, **({"namespace": namespace} if namespace else {}), **fields.pop("metadata", {})}
    return {"metadata": about, **fields}


def day(text: str) -> datetime:
    """A day as boto3 gives it."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def allow(actions: Any, resource: Any = "*", name: str = "own", **fields: Any) -> dict[str, Any]:
    """A policy with one statement, as a part of a role. AWS' own ones begin with "Amazon"."""
    arn = f"arn:aws:iam::aws:policy/{name}" if name.startswith(("Amazon", "Administrator")) else ""
    statement = {"Effect": "Allow", "Action": actions, "Resource": resource, **fields}
    return {"name": name, "arn": arn, "document": {"Statement": [statement]}}


def build_role(name: str, service: str = "", **fields: Any) -> dict[str, Any]:
    """A role in the shape of the sources of IAM."""
    trust = {"Statement": [{"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}]}
    arn = f"arn:aws:iam::123456789012:role/{name}"
    found = {"arn": arn, "name": name, "exists": True, "trust": trust, "tags": {}, "policies": [], "boundary": None}
    return {**found, **fields}


def build_subnet(key: str, kind: str = "private", zone: str = "zone-a", **fields: Any) -> dict[str, Any]:
    found = {"SubnetId": key, "kind": kind, "AvailabilityZone": zone, "CidrBlock": "10.0.0.0/24", "tags": {}}
    return {**found, "AvailableIpAddressCount": 200, **fields}


def build_nodegroup(**fields: Any) -> dict[str, Any]:
    """A managed node group without violations."""
    found = {
        "nodegroupName": "general",
        "status": "ACTIVE",
        "version": "1.33",
        "amiType": "AL2023_x86_64_STANDARD",
        "instanceTypes": ["m6i.large"],
        "capacityType": "ON_DEMAND",
        "subnets": ["subnet-a", "subnet-b"],
        "nodeRole": "arn:aws:iam::123456789012:role/eksNodeRole",
        "scalingConfig": {"minSize": 1, "desiredSize": 2, "maxSize": 4},
        "updateConfig": {"maxUnavailable": 1},
        "tags": {},
    }
    return {**found, **fields}
