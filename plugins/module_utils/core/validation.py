# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names that EKS and Kubernetes take, so that a bad one is refused before anything is sent. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError

# CreateClusterRequest.name in EKS' model
# https://docs.aws.amazon.com/eks/latest/userguide/create-managed-node-group.html
# EKS' model limits a Fargate profile's name to no length; its characters are those of the others.
LONGEST = {"cluster": 100, "node group": 63, "Fargate profile": 100}
NAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]*")

# https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set
PART = re.compile(r"[0-9A-Za-z]([0-9A-Za-z_.-]*[0-9A-Za-z])?")
PREFIX = re.compile(r"[0-9a-z]([0-9a-z.-]*[0-9a-z])?")
LONGEST_PART, LONGEST_PREFIX = 63, 253


def check_name(kind: str, name: str, option: str = "name") -> None:
    """Refuse a name that EKS does not take for this kind of resource."""
    most = LONGEST[kind]
    if not NAME.fullmatch(name) or len(name) > most:
        raise ValidationError(
            f"{option}: {name!r} is no name for a {kind}: wanted are 1 to {most} letters, digits, hyphens and"
            " underscores, the first a letter or a digit."
        )


def check_unique(option: str, names: Iterable[str]) -> None:
    """Two items of one name in a list would undo each other."""
    given = list(names)
    twins = sorted({name for name in given if given.count(name) > 1})
    if twins:
        raise ValidationError(
            f"{option}: each name may stand there once, and these stand there more often: {', '.join(twins)}"
        )


def check_label(where: str, key: str, value: str, may_be_empty: bool = False) -> None:
    """Refuse a label or a taint whose key or value Kubernetes does not take; ``where`` names it in the message."""
    prefix, slash, part = key.rpartition("/")
    good_prefix = not slash or (PREFIX.fullmatch(prefix) and len(prefix) <= LONGEST_PREFIX)
    if not good_prefix or not PART.fullmatch(part) or len(part) > LONGEST_PART:
        raise ValidationError(
            f"{where}: the key {key!r} is none for Kubernetes: wanted are up to {LONGEST_PART} letters, digits, '-', '_'"
            " and '.', with a letter or a digit at both ends, after an optional domain and a slash."
        )
    if not value and may_be_empty:
        return
    if not PART.fullmatch(value) or len(value) > LONGEST_PART:
        raise ValidationError(
            f"{where}: the value {value!r} of {key} is none for EKS: wanted are 1 to {LONGEST_PART} letters, digits, '-',"
            " '_' and '.', with a letter or a digit at both ends."
        )
