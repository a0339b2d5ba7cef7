"""The Kubernetes backend of the sandbox: a real control plane behind each cluster."""

from __future__ import annotations

from kumo_sandbox.kubernetes.backend import KubernetesBackend, clear
from kumo_sandbox.kubernetes.tokens import review_token

__all__ = ["KubernetesBackend", "clear", "review_token"]
