# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What makes the sandbox act as the AWS Load Balancer Controller, and an Ingress for it."""

from __future__ import annotations

from typing import Any

NAME = "aws-load-balancer-controller"
INGRESS_CLASS: dict[str, Any] = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "IngressClass",
    "metadata": {"name": "alb"},
    "spec": {"controller": "ingress.k8s.aws/alb"},
}


def build_controller() -> dict[str, Any]:
    """Its Deployment, with the label that its chart gives it."""
    labels = {"app.kubernetes.io/name": NAME}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "controller", "image": NAME}]}}
    return {
        "metadata": {"name": NAME, "labels": labels},
        "spec": {"selector": {"matchLabels": labels}, "template": template},
    }


def build_web_service() -> dict[str, Any]:
    """A Service whose nodes are the targets."""
    return {
        "metadata": {"name": "shop"},
        "spec": {"type": "NodePort", "ports": [{"port": 80}], "selector": {"app": "shop"}},
    }


def build_ingress() -> dict[str, Any]:
    """An Ingress of the class alb to that Service, which the internet does not reach."""
    backend = {"service": {"name": "shop", "port": {"number": 80}}}
    rules = [{"http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]}}]
    return {"metadata": {"name": "shop"}, "spec": {"ingressClassName": "alb", "rules": rules}}
