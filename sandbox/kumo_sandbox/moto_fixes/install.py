"""All completions of moto at once, and an empty moto."""

from __future__ import annotations

import os

from kumo_sandbox.clock import Clock
from kumo_sandbox.moto_fixes.autoscaling import spread_instances
from kumo_sandbox.moto_fixes.elastic_load_balancing import complete_elb
from kumo_sandbox.moto_fixes.iam import complete_iam
from kumo_sandbox.moto_fixes.instances import take_interfaces_along
from kumo_sandbox.moto_fixes.launch_templates import complete_launch_templates
from kumo_sandbox.moto_fixes.managed_policies import keep_parsed
from kumo_sandbox.moto_fixes.nat_gateways import delay_nat_gateways


def install_fixes(clock: Clock) -> None:
    """Complete moto, once for the process; the last clock counts."""
    os.environ.setdefault("MOTO_IAM_LOAD_MANAGED_POLICIES", "true")
    os.environ.setdefault("MOTO_EC2_ENABLE_INSTANCE_TYPE_VALIDATION", "false")
    delay_nat_gateways(clock)
    take_interfaces_along()
    complete_launch_templates()
    complete_iam()
    complete_elb()
    spread_instances()
    keep_parsed()


def reset_moto() -> None:
    """Forget every resource of every service that somebody used."""
    from moto.core.base_backend import BackendDict
    from moto.core.model_instances import reset_model_data

    for backends in list(BackendDict._instances):
        for _account, _region, backend in list(backends.iter_backends()):
            backend.reset()
    reset_model_data()
