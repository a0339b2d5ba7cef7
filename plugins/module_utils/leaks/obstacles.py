# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What would stop a teardown halfway, found before the first deletion."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import has_code
from ansible_collections.kumo.eks.plugins.module_utils.aws.denials import find_if_allowed
from ansible_collections.kumo.eks.plugins.module_utils.aws.lookups import describe_by_filter
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import EksError
from ansible_collections.kumo.eks.plugins.module_utils.ec2.network_info import describe_network
from ansible_collections.kumo.eks.plugins.module_utils.leaks.claims import CONTROLLER, Claim, Thing

PROTECTION = "deletion_protection.enabled"
INTERFACE, LOAD_BALANCER = "network interface ", "ELB "
# How descriptions of interfaces begin that go with the cluster, its nodes, or some time after a function
KNOWN = ("Amazon EKS ", "aws-K8S-", "aws-k8s-", "AWS Lambda VPC ENI")


def find_obstacles(
    get_client: Callable[[str], Any], region: str, cluster: str, claims: list[tuple[Thing, Claim]]
) -> list[str]:
    """In sentences, with what to do. A look that is denied is a warning."""
    things = [thing for thing, dummy in claims]
    unknown = "it was not checked whether others have something in the cluster's network"
    own = [thing for thing, claim in claims if claim.owner == CONTROLLER]
    lost = "it was not checked whether load balancers or instances of the cluster are protected from deletion"
    return [
        *find_if_allowed(lambda: _find_protected_balancers(get_client("elbv2"), own), lost),
        *find_if_allowed(lambda: _find_protected_instances(get_client("ec2"), own), lost),
        *find_if_allowed(lambda: _find_strangers(get_client("ec2"), region, cluster, things), unknown),
    ]


def _find_protected_balancers(elb: Any, things: list[Thing]) -> Iterator[str]:
    """Neither a controller nor anybody else deletes a load balancer that has deletion protection."""
    for thing in things:
        if thing.kind != "load_balancer" or thing.facts["type"] == "classic":
            continue
        try:
            rows = elb.describe_load_balancer_attributes(LoadBalancerArn=thing.id)["Attributes"]
        except Exception as error:
            if has_code(error, "LoadBalancerNotFound"):
                continue
            raise
        if any(row["Key"] == PROTECTION and row["Value"] == "true" for row in rows):
            yield f"Load balancer {thing.name} has deletion protection. Set its attribute {PROTECTION} to false."


def _find_protected_instances(ec2: Any, things: list[Thing]) -> Iterator[str]:
    """Instances that somebody has protected from termination."""
    for thing in things:
        if thing.kind == "instance":
            answer = ec2.describe_instance_attribute(InstanceId=thing.id, Attribute="disableApiTermination")
            if answer["DisableApiTermination"].get("Value"):
                yield f"Instance {thing.id} is protected from termination. Set its attribute disableApiTermination to false."


def _find_strangers(ec2: Any, region: str, cluster: str, things: list[Thing]) -> Iterator[str]:
    """What others have in the network that was made for the cluster: EC2 deletes no VPC around it."""
    try:
        found = describe_network(ec2, region, cluster, None, True)
    except EksError:
        return  # there are several: eks_network removes each, and looks at each before
    left = found["leftovers"]
    names = [text for text in [*left["blocking"], *left["leaving"]] if is_strange(text, things)]
    names = _drop_interfaces_of_nodes(ec2, names, {thing.id for thing in things if thing.kind == "instance"})
    if names:
        yield (
            f"VPC {found['network']['vpc_id']} contains what neither kumo.eks nor a controller of the cluster created:"
            f" {', '.join(names)}. Delete it first, with the tool that created it."
        )


def is_strange(text: str, things: list[Thing]) -> bool:
    """Whether a resource of a network, as eks_network_info names it, is nobody's that is known. Pure.

    Interfaces of load balancers are known by their load balancer, those of EKS and of pods by their description.
    """
    if any(thing.id in text for thing in things):
        return False
    interface = text.partition(" (")[2].rstrip(")")
    if interface.startswith(LOAD_BALANCER):
        name = interface.removeprefix(LOAD_BALANCER)
        return not any(thing.kind == "load_balancer" and thing.id.endswith(name) for thing in things)
    return not interface.startswith(KNOWN)


def _drop_interfaces_of_nodes(ec2: Any, names: list[str], instances: set[str]) -> list[str]:
    ids = [text.split()[2] for text in names if text.startswith(INTERFACE)]
    if not ids or not instances:
        return names
    rows = describe_by_filter(ec2, "describe_network_interfaces", "NetworkInterfaces", "network-interface-id", ids)
    own = {row["NetworkInterfaceId"] for row in rows if (row.get("Attachment") or {}).get("InstanceId") in instances}
    return [text for text in names if not (text.startswith(INTERFACE) and text.split()[2] in own)]
