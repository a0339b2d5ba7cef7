# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an input asks for that its region does not have: ARNs of another partition, and Fargate in AWS GovCloud (US)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.partition import get_partition
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.placement import find_arn_problems, find_foreign_arn
from ansible_collections.kumo.eks.plugins.module_utils.lifecycle.preflight import LISTS, MAPPINGS

# https://docs.aws.amazon.com/govcloud-us/latest/UserGuide/govcloud-eks.html
PARTITIONS_WITHOUT_FARGATE = ("aws-us-gov",)
# Options that AWS does not read as ARNs: a value there may name anything.
FREE = ("tags", "labels", "service_account_annotations", "service_account_labels")
KINDS = (*MAPPINGS, "iam_roles", "nodegroups", "fargate_profiles", "addons", "identities", "pod_identity_associations")


def find_place_problems(region: str, read: dict[str, Any]) -> Iterator[str]:
    """Everything in an input (``Report.read``) that cannot be had in a region."""
    partition = get_partition(region)
    foreign = [text for path, arn in _list_arns(read) for text in find_foreign_arn(path, arn, partition, region)]
    # both find ARNs of another partition: the one in policies, too, the other with the keys of another region
    yield from dict.fromkeys([*foreign, *_find_option_problems(region, partition, read)])
    if partition in PARTITIONS_WITHOUT_FARGATE and read.get("fargate_profiles"):
        yield f"eks_fargate_profiles: Amazon EKS on Fargate is not available in {region}. Use node groups, and remove the list."


def _list_arns(read: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Each ARN of the input with the option that names it."""
    for kind in KINDS:
        if kind in MAPPINGS:
            for key, value in (read.get(kind) or {}).items():
                yield from _walk(key, f"{MAPPINGS[kind].variable}{key}", value)
            continue
        for number, row in (read.get(kind) or {}).items():
            yield from _walk("", f"{LISTS[kind].variable}[{number}]", row)


def _walk(key: str, path: str, value: Any) -> Iterator[tuple[str, str]]:
    if key in FREE:
        return
    if isinstance(value, dict):
        for name, one in value.items():
            yield from _walk(str(name), f"{path}.{name}", one)
    elif isinstance(value, list):
        for number, one in enumerate(value):
            yield from _walk("", f"{path}[{number}]", one)
    elif isinstance(value, str) and value.startswith("arn:") and value.count(":") >= 5:
        yield path, value


def _find_option_problems(region: str, partition: str, read: dict[str, Any]) -> Iterator[str]:
    """Options with ARNs of another partition, or with KMS keys of another region."""
    for kind, row in MAPPINGS.items():
        yield from find_arn_problems(read.get(kind) or {}, partition, region, row.variable)
    for kind, rows in LISTS.items():
        for number, item in (read.get(kind) or {}).items():
            yield from find_arn_problems(item, partition, region, f"{rows.variable}[{number}].")
