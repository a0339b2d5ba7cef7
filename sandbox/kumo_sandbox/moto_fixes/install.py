"""All rules at once, and an empty moto."""

from __future__ import annotations

import importlib

from moto.core.base_backend import BackendDict
from moto.core.model_instances import reset_model_data

from kumo_sandbox.agenda import Agenda
from kumo_sandbox.moto_fixes.runtime import runtime
from kumo_sandbox.quotas import Quotas
from kumo_sandbox.switches import Switches

# Importing a file installs its rules. Those that come later are asked first: the checks of tags, then tokens (a
# repeated creation meets no quota), and pages around what the others made of a listing.
RULES = (
    "autoscaling",
    "autoscaling_settings",
    "autoscaling_instances",
    "autoscaling_groups",
    "instance_refresh",
    "elastic_load_balancing",
    "events",
    "iam.paging",
    "iam.partitions",
    "iam.policies",
    "iam.propagation",
    "iam.providers",
    "iam.roles",
    "managed_policies",
    "service_quotas",
    "sqs",
    "sts",
    "speed",
    "ec2.filters",
    "ec2.addresses",
    "ec2.flow_logs",
    "ec2.images",
    "ec2.instances",
    "ec2.internet_gateways",
    "ec2.launch_templates",
    "ec2.nat_gateways",
    "ec2.network_interfaces",
    "ec2.partitions",
    "ec2.placement_groups",
    "ec2.route_tables",
    "ec2.security_groups",
    "ec2.sharing",
    "ec2.spot_prices",
    "ec2.subnets",
    "ec2.volumes",
    "ec2.vpc_endpoints",
    "ec2.vpcs",
    "ec2.zones",
    "ec2.tags",
    "ec2.tokens",
    "ec2.paging",
)
for name in RULES:
    importlib.import_module(f"kumo_sandbox.moto_fixes.{name}")


def install_fixes(agenda: Agenda, quotas: Quotas, switches: Switches) -> None:
    """Let the rules work by this sandbox's agenda, quotas and switches; the rules themselves are there once imported."""
    runtime.agenda, runtime.quotas, runtime.switches = agenda, quotas, switches


def reset_moto() -> None:
    """Forget every resource of every service that somebody used."""
    for backends in list(BackendDict._instances):
        for _account, _region, backend in list(backends.iter_backends()):
            backend.reset()
    reset_model_data()
