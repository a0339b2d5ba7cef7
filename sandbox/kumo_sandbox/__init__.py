"""A whole Amazon EKS on one machine."""

from __future__ import annotations

from typing import Any


def __getattr__(name: str) -> Any:
    if name == "Sandbox":  # moto takes a second to import; the command line does without it
        from kumo_sandbox.sandbox import Sandbox

        return Sandbox
    raise AttributeError(name)
