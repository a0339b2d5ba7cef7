"""Load balancers as AWS has them: hostnames in its form, and network interfaces that hold their subnets and groups.

moto's have other hostnames and no network interfaces. Those go some time after their load balancer.
https://docs.aws.amazon.com/elasticloadbalancing/latest/network/introduction.html
"""

from __future__ import annotations

import secrets
from typing import Any

from moto.ec2.models import ec2_backends
from moto.ec2.models.instances import Instance
from moto.ec2.utils import random_public_ip
from moto.elb.models import ELBBackend
from moto.elbv2.models import ELBv2Backend, elbv2_backends

from kumo_sandbox import durations
from kumo_sandbox.moto_fixes.hooks import Method, around, before
from kumo_sandbox.moto_fixes.runtime import runtime
from kumo_sandbox.partitions import find_partition

INTERFACE = "ELB "  # how the description of a load balancer's network interface begins


@around(ELBBackend, "create_load_balancer")
def create_classic(original: Method, backend: Any, name: str, *arguments: Any, **words: Any) -> Any:
    """CreateLoadBalancer of Classic Load Balancers: its hostname is NAME-NUMBER.REGION.elb.amazonaws.com."""
    made = original(backend, name, *arguments, **words)
    made.dns_name = _build_hostname(made, backend.region_name)
    _create_interfaces(
        _find_ec2_backend(backend), made.subnets, f"{INTERFACE}{name}", made.security_groups, made.scheme
    )
    return made


@around(ELBv2Backend, "create_load_balancer")
def create_modern(original: Method, backend: Any, *arguments: Any, **words: Any) -> Any:
    """CreateLoadBalancer of the others: a Network Load Balancer's hostname is NAME-ID.elb.REGION.amazonaws.com."""
    made = original(backend, *arguments, **words)
    made.dns_name = _build_hostname(made, backend.region_name)
    if made.type == "network":
        _rename(backend, made, made.arn.replace(":loadbalancer/app/", ":loadbalancer/net/"))
        place = f"elb.{backend.region_name}.{find_partition(backend.region_name).domain}"
        made.dns_name = f"{made.name}-{made.arn.rpartition('/')[2]}.{place}"
    _create_interfaces(
        _find_ec2_backend(backend),
        [subnet.id for subnet in made.subnets],
        _build_description(made.arn),
        made.security_groups,
        made.scheme,
    )
    return made


@around(ELBv2Backend, "describe_target_groups")
def describe_target_groups(original: Method, backend: Any, *arguments: Any, **words: Any) -> Any:
    """DescribeTargetGroups: the load balancers that send requests to a group now. moto forgets none, and counts some twice."""
    targets = {arn: _list_targets(backend, balancer) for arn, balancer in list(backend.load_balancers.items())}
    for group in list(backend.target_groups.values()):
        group.load_balancer_arns = [arn for arn, used in targets.items() if group.arn in used]
    return original(backend, *arguments, **words)


@around(ELBBackend, "delete_load_balancer")
def delete_classic(original: Method, backend: Any, name: str) -> None:
    original(backend, name)
    _delete_interfaces(_find_ec2_backend(backend), f"{INTERFACE}{name}")


@around(ELBv2Backend, "delete_load_balancer")
def delete_modern(original: Method, backend: Any, arn: str) -> None:
    original(backend, arn)
    _delete_interfaces(_find_ec2_backend(backend), _build_description(arn))


@before(Instance, "terminate")
def forget_target(instance: Any, *arguments: Any, **words: Any) -> None:
    """A terminated instance is deregistered, whoever ends it. moto does it for calls of TerminateInstances only.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-register-targets.html
    """
    ec2 = instance.ec2_backend
    elbv2_backends[ec2.account_id][ec2.region_name].notify_terminate_instances([instance.id])


def _list_targets(backend: Any, balancer: Any) -> set[str]:
    """The ARNs of the target groups that its listeners and their rules name."""
    actions = [
        action
        for listener in list(balancer.listeners.values())
        for owned in (listener.default_actions, *(rule.actions for rule in list(listener.rules.values())))
        for action in owned
    ]
    return {arn for action in actions for arn in backend._get_target_group_arns_from(action_data=action.data)}


def _build_hostname(balancer: Any, region: str) -> str:
    """Of a Classic or an Application Load Balancer."""
    prefix = "internal-" if balancer.scheme == "internal" else ""
    return (
        f"{prefix}{balancer.name}-{secrets.randbelow(9 * 10**9) + 10**9}.{region}.elb.{find_partition(region).domain}"
    )


def _rename(backend: Any, balancer: Any, arn: str) -> None:
    tags = backend.tagging_service.list_tags_for_resource(balancer.arn)["Tags"]
    backend.tagging_service.delete_all_tags_for_resource(balancer.arn)
    del backend.load_balancers[balancer.arn]
    balancer.arn = arn
    backend.load_balancers[arn] = balancer
    backend.tagging_service.tag_resource(arn, tags)


def _build_description(arn: str) -> str:
    """ELB net/NAME/ID."""
    return f"{INTERFACE}{arn.partition(':loadbalancer/')[2]}"


def _create_interfaces(ec2: Any, subnets: list[str], description: str, groups: list[str], scheme: str) -> None:
    """A network interface in each subnet, which belongs to the service; the public ones have public addresses."""
    for subnet in subnets:
        interface = ec2.create_network_interface(subnet, None, group_ids=groups, description=description)
        interface.status, interface.requester_managed, interface.requester_id = "in-use", True, "amazon-elb"
        interface.public_ip = None if scheme == "internal" else random_public_ip()


def _delete_interfaces(ec2: Any, description: str) -> None:
    runtime.schedule(durations.LOAD_BALANCER_INTERFACES, lambda: _forget_interfaces(ec2, description))


def _forget_interfaces(ec2: Any, description: str) -> None:
    for name in [each.id for each in ec2.enis.values() if each.description == description]:
        ec2.delete_network_interface(name)


def _find_ec2_backend(backend: Any) -> Any:
    return ec2_backends[backend.account_id][backend.region_name]
