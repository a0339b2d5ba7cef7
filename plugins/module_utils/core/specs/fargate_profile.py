# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of a Fargate profile, and what EKS accepts in them. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.core.counts import format_count
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.common import build_tags_spec
from ansible_collections.kumo.eks.plugins.module_utils.core.validation import (
    find_duplicates,
    find_empty_values,
    find_label_problems,
    find_name_problems,
    find_role_arn_problems,
    find_tag_problems,
)

# RFC 1123 label, and https://docs.aws.amazon.com/eks/latest/userguide/fargate-profile.html#fargate-profile-wildcards
NAMESPACE = re.compile(r"[-a-z0-9*?]{1,63}")
Spec = dict[str, Any]
Options = dict[str, Any]

# https://docs.aws.amazon.com/eks/latest/userguide/fargate-profile.html
# https://docs.aws.amazon.com/eks/latest/userguide/service-quotas.html
MOST_PROFILES, MOST_SELECTORS, MOST_LABELS = 10, 5, 5


def build_fargate_profile_spec() -> Spec:
    """The options that describe a Fargate profile, beside its name."""
    selector = dict(namespace=dict(type="str", required=True), labels=dict(type="dict"))
    return dict(
        role_arn=dict(type="str"),
        subnets=dict(type="list", elements="str"),
        selectors=dict(type="list", elements="dict", options=selector),
        replace=dict(type="bool", default=False),
        **build_tags_spec(),
    )


def find_fargate_profile_problems(options: Options) -> Iterator[str]:
    """What EKS refuses of these options."""
    if options.get("name") is not None:
        yield from find_name_problems("Fargate profile", options["name"])
    yield from find_role_arn_problems("role_arn", options.get("role_arn"))
    yield from find_duplicates("subnets", options.get("subnets") or [])
    yield from _find_selector_problems(options.get("selectors"))
    yield from find_tag_problems(options.get("tags"))


def _find_selector_problems(rows: list[Options] | None) -> Iterator[str]:
    if rows is not None and not 1 <= len(rows) <= MOST_SELECTORS:
        yield (
            f"selectors: {len(rows)} are given. EKS accepts 1-{MOST_SELECTORS}. Put the others into another Fargate profile."
        )
    for number, row in enumerate(rows or []):
        where = f"selectors[{number}]"
        if not row["namespace"].strip():
            yield f"{where}.namespace: is empty. Use the name of a Kubernetes namespace."
        elif not NAMESPACE.fullmatch(row["namespace"]):
            yield (
                f"{where}.namespace: {row['namespace']!r} matches no Kubernetes namespace. Use 1-63 of a-z, 0-9 and -, and"
                " the wildcards * and ?."
            )
        labels = row.get("labels") or {}
        yield from find_empty_values(f"{where}.labels", labels)
        if len(labels) > MOST_LABELS:
            yield f"{where}.labels: {len(labels)} are given. EKS accepts at most {MOST_LABELS}."
        for key, value in labels.items():
            # A Fargate selector matches label values by the wildcards * and ?
            if value is not None and "*" not in str(value) and "?" not in str(value):
                yield from find_label_problems(f"{where}.labels", str(key), str(value))


def find_fargate_list_warnings(rows: list[Options]) -> Iterator[str]:
    """The quota of a cluster that these profiles exceed, unless it was raised."""
    if len(rows) > MOST_PROFILES:
        yield f"{format_count(len(rows), 'Fargate profile', 'is', 'are')} given. The default quota of a cluster is {MOST_PROFILES}."
