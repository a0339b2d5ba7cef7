"""NAT gateways take their time: moto's are available at once."""

from __future__ import annotations

from kumo_sandbox import durations
from kumo_sandbox.clock import Clock


def slow_down(clock: Clock) -> None:
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

    NatGateway.state = property(state, set_state)
