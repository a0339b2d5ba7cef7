# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Karpenter in a sandbox: the definitions of its chart, as far as tests need them, and somebody who ends nodes as it does.

https://github.com/aws/karpenter-provider-aws/tree/v1.14.1/charts/karpenter-crd/templates
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.karpenter.charts import KARPENTER, KARPENTER_CRD
from ansible_collections.kumo.eks.plugins.module_utils.karpenter.objects import NODE_CLAIM, NODE_CLASS, NODE_POOL
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.api import KubernetesApi, KubernetesError

FINALIZERS = {NODE_CLAIM: "karpenter.sh/termination", NODE_CLASS: "karpenter.k8s.aws/termination"}
ANY = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
TERMS = {"type": "array", "minItems": 1, "items": ANY}
ONE_IDENTITY = {
    "rule": "has(self.role) != has(self.instanceProfile)",
    "message": "must specify exactly one of ['role', 'instanceProfile']",
}
SPECS: dict[Any, dict[str, Any]] = {
    NODE_CLASS: {
        **ANY,
        "required": ["amiSelectorTerms", "securityGroupSelectorTerms", "subnetSelectorTerms"],
        "properties": {
            **{name: TERMS for name in ("amiSelectorTerms", "securityGroupSelectorTerms", "subnetSelectorTerms")},
            "role": {"type": "string"},
            "instanceProfile": {"type": "string"},
        },
        "x-kubernetes-validations": [ONE_IDENTITY],
    },
    NODE_POOL: {
        **ANY,
        "required": ["template"],
        "properties": {
            "template": {
                **ANY,
                "required": ["spec"],
                "properties": {"spec": {**ANY, "required": ["nodeClassRef", "requirements"]}},
            },
            "replicas": {"type": "integer"},
            "weight": {"type": "integer", "default": 0},  # one that the API server fills in
        },
    },
    NODE_CLAIM: ANY,
}


def build_definition(kind: Any, spec: dict[str, Any]) -> dict[str, Any]:
    group, version = kind.api_version.split("/")
    schema = {"type": "object", "required": ["spec"], "properties": {"spec": spec, "status": ANY}}
    names = {"kind": kind.kind, "plural": kind.plural, "singular": kind.kind.lower(), "listKind": f"{kind.kind}List"}
    row = {"name": version, "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{kind.plural}.{group}"},
        "spec": {
            "group": group,
            "names": names,
            "scope": "Cluster",
            "versions": [{**row, "subresources": {"status": {}}}],
        },
    }


DEFINITIONS = "\n---\n".join(json.dumps(build_definition(kind, spec)) for kind, spec in SPECS.items())
CHARTS = {chart.name: chart.choose_version(None) for chart in (KARPENTER, KARPENTER_CRD)}
TEMPLATES = {KARPENTER_CRD.name: DEFINITIONS}


def start_node(api: KubernetesApi, name: str, pool: str = "default") -> None:
    """A NodeClaim as Karpenter makes it for a pool."""
    about = {"name": name, "labels": {"karpenter.sh/nodepool": pool}, "finalizers": [FINALIZERS[NODE_CLAIM]]}
    spec = {"requirements": [], "nodeClassRef": {"name": "default"}}
    api.create(
        NODE_CLAIM, {"apiVersion": NODE_CLAIM.api_version, "kind": NODE_CLAIM.kind, "metadata": about, "spec": spec}
    )


@contextmanager
def ending_nodes(api: KubernetesApi) -> Iterator[list[str]]:
    """Somebody who ends what is being deleted, as Karpenter does; the names in their order."""
    done, ended = threading.Event(), []

    def work() -> None:
        while not done.wait(0.2):
            for kind in FINALIZERS:
                try:
                    rows = list(api.list(kind))
                except KubernetesError:  # gone, or not there yet
                    continue
                for row in rows:
                    if "deletionTimestamp" in row["metadata"] and row["metadata"].get("finalizers"):
                        ended.append(f"{kind.kind} {row['metadata']['name']}")
                        api.patch(kind, row["metadata"]["name"], {"metadata": {"finalizers": None}})

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        yield ended
    finally:
        done.set()
        thread.join()
