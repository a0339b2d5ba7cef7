"""Which route table a subnet has."""

from __future__ import annotations

from kumo_sandbox.eks.store import Raw


def find_table(tables: list[Raw], subnet: str) -> Raw:
    """The subnet's route table: its own one, else the VPC's main one.

    https://docs.aws.amazon.com/vpc/latest/userguide/subnet-route-tables.html
    """
    own = [table for table in tables if any(row.get("SubnetId") == subnet for row in table["Associations"])]
    main = [table for table in tables if any(row.get("Main") for row in table["Associations"])]
    return [*own, *main, {"Routes": []}][0]
