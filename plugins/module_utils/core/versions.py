# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kubernetes versions as EKS names them, and which may follow which. Pure."""

from __future__ import annotations

import re

from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError

MINOR = re.compile(r"1\.(\d{2,})")


def parse_minor(version: str, option: str = "version") -> int:
    """The minor number of "1.29"; raises ValidationError for anything else, naming the option.

    An unquoted 1.30 reaches a module as "1.3": YAML reads a number.
    """
    found = MINOR.fullmatch(str(version))
    if found:
        return int(found.group(1))
    hint = (
        ' YAML reads an unquoted 1.30 as the number 1.3: write "1.30", with quotes.'
        if re.fullmatch(r"1\.\d", str(version))
        else ""
    )
    raise ValidationError(
        f'{option}: {version!r} is not a Kubernetes version of EKS. Use two numbers, like "1.34".{hint}'
    )


def check_step(current: str, wanted: str, what: str, rollback: bool = False) -> None:
    """Refuse a step back and a step over more than one minor version, with the version to use instead.

    Args:
        rollback: whether one minor version back is allowed.

    Sources: https://docs.aws.amazon.com/eks/latest/userguide/update-cluster.html, UpdateClusterVersion
    """
    now, then = parse_minor(current), parse_minor(wanted)
    if then < now and not (rollback and then == now - 1):
        raise ValidationError(
            f"version: {what} is at {current} and cannot go back to {wanted}."
            f' Within seven days after an upgrade EKS can roll back to "1.{now - 1}": use that version with rollback=true.'
        )
    if then > now + 1:
        raise ValidationError(
            f"version: {what} is at {current}, and EKS upgrades one minor version at a time, so not to {wanted} at once."
            f' Upgrade to "1.{now + 1}" first.'
        )
