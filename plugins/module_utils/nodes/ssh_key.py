# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The key pair of a group of nodes whose task has the public key, and not the name of a key pair of EC2."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.denials import look_if_allowed
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.core.iam_names import shorten
from ansible_collections.kumo.eks.plugins.module_utils.core.public_keys import build_digest
from ansible_collections.kumo.eks.plugins.module_utils.core.reconciler import Reconciler
from ansible_collections.kumo.eks.plugins.module_utils.core.resource import Outcome
from ansible_collections.kumo.eks.plugins.module_utils.ec2.key_pair import KeyPairResource, list_key_pairs

Item = dict[str, Any]
LONGEST_NAME = 255  # ImportKeyPair KeyName
OF_THE_KEY = ("public_key", "public_key_path")
BuildKeyPair = Callable[[str, str], KeyPairResource]  # name, public key


def read_key(item: Item) -> str | None:
    """The public key of a group; None where its task has none.

    Raises:
        ValidationError: it cannot be read, or is no public key.
    """
    template = item.get("template") or {}
    path = template.get("public_key_path")
    option, key = ("public_key_path", _read_file(path)) if path else ("public_key", template.get("public_key"))
    if not key:
        return None
    try:
        build_digest(key)
    except ValueError as error:
        where = f"{path}: " if path else ""
        raise ValidationError(f"template.{option}: {where}{error}.") from error
    return key.strip()


def _read_file(path: str) -> str:
    try:
        with open(os.path.expanduser(path), encoding="utf-8") as file:
            return file.read()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text"
        raise ValidationError(
            f"template.public_key_path: {path} cannot be read ({reason}). Name the file of a public key, or use template.key_name for a key"
            " pair of EC2."
        ) from error


def ensure_key_pair(item: Item, prefix: str, build: BuildKeyPair, plan: bool) -> Outcome | None:
    """The key pair, None where the task has no public key.

    Args:
        prefix: of its name, which ends with the digest of the key.
        plan: change nothing.
    """
    key = read_key(item)
    if key is None:
        return None
    name = f"{prefix}.{build_digest(key)}"
    pair = build(shorten(name, name, LONGEST_NAME), key)
    return Reconciler(pair, plan).ensure_present({"name": pair.name})


def add_key_pair(item: Item, key: Outcome | None) -> Item:
    """The group with the name of the key pair in place of the key."""
    if key is None:
        return item
    template = {name: value for name, value in item["template"].items() if name not in OF_THE_KEY}
    return {**item, "template": {**template, "key_name": key.raw["name"]}}


def delete_key_pairs(
    ec2: Any, owner: str, tag: str, name: str, build: BuildKeyPair, check_mode: bool = False
) -> list[str]:
    """Delete the key pairs that were imported for a group, those of earlier keys, too. Returns their names."""
    lost = f"key pairs that were imported for the nodes of {name} were not looked for and stay"
    found = look_if_allowed(lambda: list_key_pairs(ec2, owner, tag, name), [], "ec2:DescribeKeyPairs", lost)
    for one in found:
        Reconciler(build(one, ""), check_mode).ensure_absent()
    return found
