# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tags of EKS resources: a map, whose keys are the user's and are never rewritten."""

from __future__ import annotations

from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.core.fields import Field, normalize_map

MOST, LONGEST_KEY, LONGEST_VALUE = 50, 128, 256
RESERVED = "aws:"  # AWS' own tags: shown by the API, not to be set or removed by anybody else


def drop_reserved_tags(tags: dict[str, str] | None) -> dict[str, str]:
    """The tags that are the user's to change, their values as text."""
    return {key: value for key, value in normalize_map(tags, "tags").items() if not key.startswith(RESERVED)}


TAGS = Field("tags", "tags", "tags", drop_reserved_tags, to_api=drop_reserved_tags)


def check_tags(tags: dict[str, Any] | None) -> None:
    """Refuse tags that EKS does not take. Source: TagMap, TagKey and TagValue in EKS' model."""
    own = drop_reserved_tags(tags)
    if len(own) > MOST:
        raise ValidationError(f"tags: {len(own)} are given, and EKS takes at most {MOST} for a resource.")
    for key, value in own.items():
        if not 1 <= len(key) <= LONGEST_KEY or len(value) > LONGEST_VALUE:
            raise ValidationError(
                f"tags: {key!r}: {value!r} is too long or without a key; a key has 1 to {LONGEST_KEY} characters and a"
                f" value at most {LONGEST_VALUE}."
            )


def keep_current_tags(desired: dict[str, Any], raw: dict[str, Any]) -> dict[str, Any]:
    """The desired state with the current tags kept beside the wanted ones, where purge_tags is false."""
    if desired.get("tags") is None or desired.get("purge_tags", True):
        return desired
    return {**desired, "tags": {**drop_reserved_tags(raw.get("tags")), **desired["tags"]}}


def apply_tags(client: Any, arn: str, current: dict[str, str] | None, wanted: dict[str, str]) -> None:
    """Make the tags of a resource the wanted ones (TagResource, UntagResource); they are in force at once."""
    now = drop_reserved_tags(current)
    gone = sorted(set(now) - set(wanted))
    new = {key: value for key, value in wanted.items() if now.get(key) != value}
    if gone:
        client.untag_resource(resourceArn=arn, tagKeys=gone)
    if new:
        client.tag_resource(resourceArn=arn, tags=new)
