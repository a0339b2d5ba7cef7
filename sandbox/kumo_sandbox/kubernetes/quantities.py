"""Quantities of Kubernetes, like 10Gi: https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/"""

from __future__ import annotations

import math
from decimal import Decimal

GIB = 1024**3
BINARY = {f"{prefix}i": 1024**power for power, prefix in enumerate("KMGTPE", 1)}
DECIMAL = {
    prefix: Decimal(1000) ** power for power, prefix in enumerate(("n", "u", "m", "", "k", "M", "G", "T", "P", "E"), -3)
}


def read_bytes(text: str) -> int:
    """A quantity as a number of bytes, rounded up. The API server has checked and shortened it."""
    for suffix, factor in BINARY.items():
        if text.endswith(suffix):
            return math.ceil(Decimal(text.removesuffix(suffix)) * factor)
    if text[-1:] in DECIMAL and text[-1:]:
        return math.ceil(Decimal(text[:-1]) * DECIMAL[text[-1]])
    return math.ceil(Decimal(text))  # also with an exponent


def round_up_gib(text: str) -> int:
    return -(-read_bytes(text) // GIB)
