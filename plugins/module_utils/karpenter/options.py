# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of Karpenter and of its nodes, and what is allowed in them. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.core.specs.common import build_state_spec
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.helm import NAMESPACE, find_release_problems
from ansible_collections.kumo.eks.plugins.module_utils.core.validation import find_duplicates, find_tag_problems
from ansible_collections.kumo.eks.plugins.module_utils.karpenter.objects import DEFAULT
from ansible_collections.kumo.eks.plugins.module_utils.platform.options import (
    build_settings_spec,
    find_platform_problems,
)

Spec = dict[str, Any]
Options = dict[str, Any]

SERVICE_ACCOUNT = "karpenter"
# RFC 1123 subdomain: https://kubernetes.io/docs/concepts/overview/working-with-objects/names/
PART = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
OBJECT_NAME = re.compile(rf"(?=.{{1,253}}$){PART}(\.{PART})*")
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html
QUEUE_NAME = re.compile(r"[A-Za-z0-9_-]{1,80}")
IDS = {"subnets": re.compile(r"subnet-[0-9a-f]{8,17}"), "security_groups": re.compile(r"sg-[0-9a-f]{8,17}")}
EXAMPLES = {"subnets": "subnet-0a1b2c3d4e5f60718", "security_groups": "sg-0a1b2c3d4e5f60718"}


def _build_objects_spec() -> Spec:
    about = dict(
        name=dict(type="str", required=True),
        labels=dict(type="dict"),
        annotations=dict(type="dict"),
        spec=dict(type="dict"),
    )
    pool = {**about, "node_class": dict(type="str", default=DEFAULT)}
    return dict(
        instance_profile=dict(type="str"),
        node_classes=dict(type="list", elements="dict", options=about),
        node_pools=dict(type="list", elements="dict", options=pool),
        purge=dict(type="bool", default=False),
    )


def build_nodes_spec() -> Spec:
    """The options of eks_karpenter_nodes."""
    return dict(
        cluster_name=dict(type="str", required=True),
        node_role=dict(type="str"),
        tags=dict(type="dict", aliases=["resource_tags"]),
        wait_timeout=dict(type="int", default=1200),
        **_build_objects_spec(),
        **build_state_spec(),
    )


def build_karpenter_settings_spec() -> Spec:
    """The options of eks_karpenter beside its cluster and state."""
    return dict(
        version=dict(type="str"),
        namespace=dict(type="str", default="kube-system"),
        service_account=dict(type="str", default=SERVICE_ACCOUNT),
        create_service_account=dict(type="bool", default=True),
        crds=dict(type="bool", default=True),
        values=dict(type="dict", no_log=True),
        secret_values=dict(type="dict", no_log=True),
        node_role_name=dict(type="str"),
        permissions_boundary=dict(type="str"),
        interruption_queue=dict(type="bool", default=True),
        queue_name=dict(type="str"),
        adopt=dict(type="bool", default=False),
        discovery=dict(type="bool", default=True),
        subnets=dict(type="list", elements="str"),
        security_groups=dict(type="list", elements="str"),
        **_build_objects_spec(),
        **build_settings_spec(),
    )


def build_karpenter_spec() -> Spec:
    """The options of eks_karpenter."""
    return dict(cluster_name=dict(type="str", required=True), **build_karpenter_settings_spec(), **build_state_spec())


def list_classes(options: Options) -> list[Options]:
    """The node classes of a task: one, where it says nothing of them."""
    return [{"name": DEFAULT}] if options.get("node_classes") is None else options["node_classes"]


def list_pools(options: Options) -> list[Options]:
    """The pools of a task: one, where it says nothing of them."""
    return [{"name": DEFAULT}] if options.get("node_pools") is None else options["node_pools"]


def find_nodes_problems(options: Options) -> Iterator[str]:
    """What is wrong with node classes and pools."""
    for option in ("node_classes", "node_pools"):
        rows = options.get(option) or []
        for number, row in enumerate(rows):
            if not OBJECT_NAME.fullmatch(row["name"]):
                yield (
                    f"{option}[{number}].name: {row['name']!r} is not a valid name of an object. Use lowercase letters, digits, hyphens"
                    " and dots."
                )
        yield from find_duplicates(option, [row["name"] for row in rows])
    for number, row in enumerate(options.get("node_classes") or []):
        spec = row.get("spec") or {}
        if spec.get("role") and spec.get("instanceProfile"):
            yield f"node_classes[{number}].spec: has both role and instanceProfile. Karpenter accepts one of them."
    for number, row in enumerate(options.get("node_pools") or []):
        if (
            "nodeClassRef" in (((row.get("spec") or {}).get("template") or {}).get("spec") or {})
            and row.get("node_class", DEFAULT) != DEFAULT
        ):
            yield f"node_pools[{number}].node_class: spec.template.spec.nodeClassRef is set, too. Remove one of them."
    timeout = options.get("wait_timeout")
    if timeout is not None and timeout <= 0:
        yield f"wait_timeout: {timeout} is not a valid time. Use 1 second or more."
    yield from find_tag_problems(options.get("tags"))


def find_karpenter_problems(options: Options) -> Iterator[str]:
    """What is wrong with the options of Karpenter, in the order of the documentation."""
    namespace = options.get("namespace") or ""
    if namespace and not NAMESPACE.fullmatch(namespace):
        yield f"namespace: {namespace!r} is not a valid namespace name."
    account = options.get("service_account") or ""
    if account and not OBJECT_NAME.fullmatch(account):
        yield f"service_account: {account!r} is not a valid name of a service account."
    release = {name: options[name] for name in ("version", "values", "secret_values") if options.get(name)}
    yield from find_release_problems({**release, "name": "karpenter", "chart": "chart", "repository": None})
    queue = options.get("queue_name")
    if queue and not QUEUE_NAME.fullmatch(queue):
        yield f"queue_name: {queue!r} is not a valid name of a queue. Use 1-80 letters, digits, hyphens and underscores."
    if queue and options.get("interruption_queue") is False:
        yield "queue_name: interruption_queue is false, so there is no queue. Remove one of the options."
    for option, form in IDS.items():
        for value in options.get(option) or []:
            if not form.fullmatch(value):
                yield f"{option}: {value!r} is not a valid ID. Use IDs like {EXAMPLES[option]}."
        if options.get(option) and options.get("discovery") is False:
            yield f"{option}: discovery is false, so nothing is tagged. Remove one of the options."
    yield from find_nodes_problems(
        {name: value for name, value in options.items() if name not in ("tags", "wait_timeout")}
    )
    names = set(build_settings_spec())
    yield from find_platform_problems({name: value for name, value in options.items() if name in names})
