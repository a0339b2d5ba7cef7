# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tags of IAM: a list of Key and Value, to and from a map. Pure."""

from __future__ import annotations

import unicodedata
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.ownership import OWNED, PREFIX, list_owners
from ansible_collections.kumo.eks.plugins.module_utils.aws.tags import check_tags, drop_reserved_tags
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError

SIGNS = "_.:/=+-@"


def check_iam_tags(tags: dict[str, Any] | None) -> None:
    """Refuse tags that IAM does not take: EKS takes more signs, such as parentheses, commas and "&".

    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html#id_tags_rules_creating
    """
    check_tags(tags)
    for key, value in drop_reserved_tags(tags).items():
        signs = sorted({sign for sign in key + value if not _is_allowed(sign)})
        if signs:
            raise ValidationError(
                f"tags: {key!r}: {value!r} has {' '.join(signs)}, which IAM does not accept in tags. Use letters, digits, spaces and"
                f" {' '.join(SIGNS)}."
            )


def _is_allowed(sign: str) -> bool:
    """IAM's pattern of a tag is [\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]."""
    return sign in SIGNS or unicodedata.category(sign)[0] in "LZN"


def read_tag_list(tags: list[dict[str, str]] | None) -> dict[str, str]:
    """A list of Key and Value as a map."""
    return {tag["Key"]: tag["Value"] for tag in tags or []}


def build_tag_list(tags: dict[str, Any]) -> list[dict[str, str]]:
    """A map as a list of Key and Value."""
    return [{"Key": key, "Value": str(value)} for key, value in tags.items()]


def compare_tags(current: dict[str, str] | None, wanted: dict[str, str]) -> tuple[list[str], list[dict[str, str]]]:
    """(keys to remove, tags to set) that turn the current tags into the wanted ones; AWS' own stay."""
    now = drop_reserved_tags(current)
    gone = sorted(set(now) - set(wanted))
    return gone, build_tag_list({key: value for key, value in wanted.items() if now.get(key) != value})


def plan_tags(desired: dict[str, Any], raw: dict[str, Any], owner: str, adopt: bool = False) -> dict[str, Any]:
    """The desired state with the tags that a role or a policy is to have, beside the marks of its owners.

    What others made gets tags but loses none, and is not marked unless it is adopted. What was made for another cluster is this
    one's, too, from now on; tags that clusters share are not taken away either.

    Args:
        owner: key of the tag that marks this cluster's.
    """
    now, marks = drop_reserved_tags(raw["tags"]), list_owners(raw["tags"])
    new_mark = {owner: OWNED} if (marks or adopt) and owner not in now else {}
    if desired.get("tags") is None:
        return {**desired, "tags": {**now, **new_mark}} if new_mark else desired
    purge = desired.get("purge_tags", True) and len(marks) == 1 and not new_mark
    kept = {key: value for key, value in now.items() if not purge or key.startswith(PREFIX)}
    return {**desired, "tags": {**kept, **drop_reserved_tags(desired["tags"]), **new_mark}}
