# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tags that all resources of a cluster have, and those that one has beside them. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.ownership import PREFIX
from ansible_collections.kumo.eks.plugins.module_utils.aws.tags import drop_reserved_tags

Tags = dict[str, str]
# By these a tool or Kubernetes knows what is its own. What is created later is not, so they are tags of single resources.
MARKS = ("alpha.eksctl.io/", "eksctl.io/", "eksctl.cluster.k8s.io/", "kubernetes.io/", "k8s.io/", "karpenter.sh/")


def read_tags(tags: dict[str, Any] | None) -> Tags:
    """The tags that are the user's, by key: without those of AWS and the marks of kumo.eks, which only a creation sets."""
    found = {key: value for key, value in drop_reserved_tags(tags).items() if not key.startswith(PREFIX)}
    return dict(sorted(found.items()))


def find_common_tags(rows: Iterable[dict[str, Any] | None]) -> Tags:
    """The tags that all of the resources have, without the marks of tools."""
    found = [read_tags(row) for row in rows]
    first = found[0] if found else {}
    return {
        key: value
        for key, value in first.items()
        if not key.startswith(MARKS) and all(tags.get(key) == value for tags in found)
    }


def find_own_tags(tags: dict[str, Any] | None, common: Tags) -> Tags:
    """The tags of a resource beside the common ones."""
    return {key: value for key, value in read_tags(tags).items() if common.get(key) != value}
