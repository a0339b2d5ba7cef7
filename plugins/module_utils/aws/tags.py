# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tags of EKS resources: a map, whose keys are the user's and are never rewritten."""

from __future__ import annotations

from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.ownership import PREFIX
from ansible_collections.kumo.eks.plugins.module_utils.core.fields import Field, normalize_map
from ansible_collections.kumo.eks.plugins.module_utils.core.validation import find_tag_problems, raise_problems

RESERVED = "aws:"  # AWS' own tags: shown by the API, not to be set or removed by anybody else


def drop_reserved_tags(tags: dict[str, str] | None) -> dict[str, str]:
    """The tags that are the user's to change, their values as text."""
    return {key: value for key, value in normalize_map(tags, "tags").items() if not key.startswith(RESERVED)}


TAGS = Field("tags", "tags", "tags", drop_reserved_tags, to_api=drop_reserved_tags)


def check_tags(tags: dict[str, Any] | None) -> None:
    """Refuse tags that EKS does not accept."""
    raise_problems(find_tag_problems(tags))


def keep_current_tags(desired: dict[str, Any], raw: dict[str, Any]) -> dict[str, Any]:
    """The desired state with the current tags that stay: all where purge_tags is false, and always the marks of ownership."""
    if desired.get("tags") is None:
        return desired
    now, purge = drop_reserved_tags(raw.get("tags")), desired.get("purge_tags", True)
    kept = {key: value for key, value in now.items() if not purge or key.startswith(PREFIX)}
    return {**desired, "tags": {**kept, **desired["tags"]}}


def apply_tags(client: Any, arn: str, current: dict[str, str] | None, wanted: dict[str, str]) -> None:
    """Set the tags of a resource (TagResource, UntagResource). They take effect at once."""
    now = drop_reserved_tags(current)
    gone = sorted(set(now) - set(wanted))
    new = {key: value for key, value in wanted.items() if now.get(key) != value}
    if gone:
        client.untag_resource(resourceArn=arn, tagKeys=gone)
    if new:
        client.tag_resource(resourceArn=arn, tags=new)
