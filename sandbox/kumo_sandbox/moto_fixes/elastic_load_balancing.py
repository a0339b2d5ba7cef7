"""Load balancers as AWS has them: hostnames in its form, and network interfaces that hold their subnets.

moto's have hostnames of its own, stand in no subnet, and let their VPC be deleted under them.
https://docs.aws.amazon.com/elasticloadbalancing/latest/network/introduction.html
"""

from __future__ import annotations

import secrets
from typing import Any

INTERFACE = "ELB "  # how the description of a load balancer's network interface begins


def complete_elb() -> None:
    """Complete moto's load balancers that are made from now on, once for the process."""
    from moto.ec2.models.subnets import SubnetBackend
    from moto.elb.models import ELBBackend
    from moto.elbv2.models import ELBv2Backend

    if hasattr(ELBBackend, "_create_bare"):
        return
    ELBBackend._create_bare = ELBBackend.create_load_balancer
    ELBBackend._delete_bare = ELBBackend.delete_load_balancer
    ELBBackend.create_load_balancer = create_classic
    ELBBackend.delete_load_balancer = delete_classic
    ELBv2Backend._create_bare = ELBv2Backend.create_load_balancer
    ELBv2Backend._delete_bare = ELBv2Backend.delete_load_balancer
    ELBv2Backend.create_load_balancer = create_modern
    ELBv2Backend.delete_load_balancer = delete_modern
    SubnetBackend._delete_subnet_bare = SubnetBackend.delete_subnet
    SubnetBackend.delete_subnet = delete_subnet


def create_classic(backend: Any, name: str, *arguments: Any, **words: Any) -> Any:
    """CreateLoadBalancer of Classic Load Balancers: its hostname is NAME-NUMBER.REGION.elb.amazonaws.com."""
    made = backend._create_bare(name, *arguments, **words)
    made.dns_name = _build_hostname(made, backend.region_name)
    _create_interfaces(_find_ec2_backend(backend), made.subnets, f"{INTERFACE}{name}", made.security_groups)
    return made


def create_modern(backend: Any, *arguments: Any, **words: Any) -> Any:
    """CreateLoadBalancer of the others: a Network Load Balancer's hostname is NAME-ID.elb.REGION.amazonaws.com."""
    made = backend._create_bare(*arguments, **words)
    made.dns_name = _build_hostname(made, backend.region_name)
    if made.type == "network":
        _rename(backend, made, made.arn.replace(":loadbalancer/app/", ":loadbalancer/net/"))
        made.dns_name = f"{made.name}-{made.arn.rpartition('/')[2]}.elb.{backend.region_name}.amazonaws.com"
    _create_interfaces(
        _find_ec2_backend(backend),
        [subnet.id for subnet in made.subnets],
        _build_description(made.arn),
        made.security_groups,
    )
    return made


def delete_classic(backend: Any, name: str) -> None:
    backend._delete_bare(name)
    _delete_interfaces(_find_ec2_backend(backend), f"{INTERFACE}{name}")


def delete_modern(backend: Any, arn: str) -> None:
    backend._delete_bare(arn)
    _delete_interfaces(_find_ec2_backend(backend), _build_description(arn))


def delete_subnet(backend: Any, subnet_id: str) -> Any:
    """DeleteSubnet, refused while a load balancer stands there."""
    from moto.ec2.exceptions import DependencyViolationError

    for interface in backend.enis.values():
        if interface.subnet_id == subnet_id and interface.description.startswith(INTERFACE):
            raise DependencyViolationError(f"The subnet '{subnet_id}' has dependencies and cannot be deleted.")
    return backend._delete_subnet_bare(subnet_id)


def _build_hostname(balancer: Any, region: str) -> str:
    """Of a Classic or an Application Load Balancer."""
    prefix = "internal-" if balancer.scheme == "internal" else ""
    return f"{prefix}{balancer.name}-{secrets.randbelow(9 * 10**9) + 10**9}.{region}.elb.amazonaws.com"


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


def _create_interfaces(ec2: Any, subnets: list[str], description: str, groups: list[str]) -> None:
    """A network interface in each subnet, which belongs to the service."""
    for subnet in subnets:
        interface = ec2.create_network_interface(subnet, None, group_ids=groups, description=description)
        interface.status, interface.requester_managed, interface.requester_id = "in-use", True, "amazon-elb"


def _delete_interfaces(ec2: Any, description: str) -> None:
    for name in [each.id for each in ec2.enis.values() if each.description == description]:
        ec2.delete_network_interface(name)


def _find_ec2_backend(backend: Any) -> Any:
    from moto.ec2.models import ec2_backends

    return ec2_backends[backend.account_id][backend.region_name]
