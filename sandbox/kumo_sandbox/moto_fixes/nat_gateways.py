"""NAT gateways take their time, and leave nothing behind: moto's are available at once, and leave something."""

from __future__ import annotations

from typing import Any

from kumo_sandbox import durations
from kumo_sandbox.clock import Clock


def delay_nat_gateways(clock: Clock) -> None:
    """Let NAT gateways that are made from now on be pending for as long as the clock says."""
    from moto.ec2.models.nat_gateways import NatGateway

    def state(gateway: NatGateway) -> str:
        kept = gateway.__dict__.get("_state", "available")
        ready_at = gateway.__dict__.get("_ready_at", 0.0)
        return "pending" if kept == "available" and clock.now() < ready_at else kept

    def set_state(gateway: NatGateway, value: str) -> None:
        if "_ready_at" not in gateway.__dict__:
            gateway.__dict__["_ready_at"] = clock.after(durations.NAT_GATEWAY)
        gateway.__dict__["_state"] = value
        if value == "deleted":
            release_address(gateway)

    NatGateway.state = property(state, set_state)


def release_address(gateway: Any) -> None:
    """A deleted gateway's address is free again and its network interface gone; moto keeps both."""
    backend = gateway.ec2_backend
    for address in backend.addresses:
        if address.eni is gateway._eni:
            address.eni = address.association_id = None
    backend.enis.pop(gateway._eni.id, None)
