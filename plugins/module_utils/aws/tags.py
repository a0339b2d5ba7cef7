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
    """Refuse tags that AWS does not take. Source: TagMap, TagKey and TagValue in EKS' model; IAM and EC2 have the same limits."""
    reserved = sorted(key for key in tags or {} if key.lower().startswith(RESERVED))
    if reserved:
        raise ValidationError(
            f"tags: {', '.join(reserved)}: keys that begin with {RESERVED} are reserved for AWS. Remove them, or give other keys."
        )
    own = drop_reserved_tags(tags)
    if len(own) > MOST:
        raise ValidationError(f"tags: {len(own)} tags are given, and AWS takes at most {MOST} for a resource.")
    for key, value in own.items():
        if not 1 <= len(key) <= LONGEST_KEY or len(value) > LONGEST_VALUE:
            raise ValidationError(
                f"tags: {key!r}: {value!r} is too long or has no key. A key has 1 to {LONGEST_KEY} characters, a value at most"
                f" {LONGEST_VALUE}."
            )


def keep_current_tags(desired: dict[str, Any], raw: dict[str, Any]) -> dict[str, Any]:
    """The desired state with the current tags beside the wanted ones, where purge_tags is false."""
    if desired.get("tags") is None or desired.get("purge_tags", True):
        return desired
    return {**desired, "tags": {**drop_reserved_tags(raw.get("tags")), **desired["tags"]}}


def apply_tags(client: Any, arn: str, current: dict[str, str] | None, wanted: dict[str, str]) -> None:
    """Set the tags of a resource (TagResource, UntagResource). They take effect at once."""
    now = drop_reserved_tags(current)
    gone = sorted(set(now) - set(wanted))
    new = {key: value for key, value in wanted.items() if now.get(key) != value}
    if gone:
        client.untag_resource(resourceArn=arn, tagKeys=gone)
    if new:
        client.tag_resource(resourceArn=arn, tags=new)
