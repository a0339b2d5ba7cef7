# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kubernetes versions as EKS names them, and which version may follow which. Pure."""

from __future__ import annotations

import re

from ansible_collections.kumo.eks.plugins.module_utils.core.errors import UnsupportedVersion

MINOR = re.compile(r"1\.(\d{2,})")
SUPPORT_ENDS_SOON = 90  # days before its end that standard support is warned of: an upgrade needs time for tests


def parse_minor(version: str, option: str = "version") -> int:
    """The minor number of "1.29". Raises ValidationError for anything else, naming the option."""
    found = MINOR.fullmatch(str(version))
    if found:
        return int(found.group(1))
    # YAML reads an unquoted 1.30 as the number 1.3.
    hint = (
        ' YAML reads an unquoted 1.30 as 1.3: put the version in quotes, like "1.30".' if is_truncated(version) else ""
    )
    raise UnsupportedVersion(
        f'{option}: {version!r} is not a Kubernetes version of EKS. Use a major and a minor number, like "1.34".{hint}'
    )


def is_truncated(version: str) -> bool:
    """Whether a version may have lost a zero because it was not in quotes."""
    return re.fullmatch(r"1\.\d", str(version)) is not None


def check_step(current: str, wanted: str, what: str, rollback: bool = False) -> None:
    """Refuse a step back, and a step over more than one minor version, with the remedy.

    Args:
        what: the resource, for the message.
        rollback: whether a step back by one minor version was asked for.

    Sources: https://docs.aws.amazon.com/eks/latest/userguide/update-cluster.html, UpdateClusterVersion
    """
    now, then = parse_minor(current), parse_minor(wanted)
    if then < now and not (rollback and then == now - 1):
        raise UnsupportedVersion(
            f"version: {what} has version {current} and cannot be set to the older version {wanted}."
            f' Within seven days after an upgrade, EKS can roll back to "1.{now - 1}": set that version and rollback=true.'
        )
    if then > now + 1:
        raise UnsupportedVersion(
            f"version: {what} has version {current}, and EKS upgrades by one minor version at a time, not to {wanted} at once."
            f' Set version "1.{now + 1}" first.'
        )
