# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tags of any resource of EKS, by its ARN. Sources: ListTagsForResource, TagResource, UntagResource."""

from __future__ import annotations

import re
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import has_code
from ansible_collections.kumo.eks.plugins.module_utils.aws.tags import apply_tags, check_tags, drop_reserved_tags
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.core.fields import normalize_map

Tags = dict[str, str]
ARN = re.compile(r"arn:aws[\w-]*:eks:(?P<region>[\w-]+):\d{12}:\S+")


def list_tags(client: Any, arn: str) -> Tags:
    """The tags of a resource, which must exist in the region of the client."""
    found = ARN.fullmatch(arn)
    if not found:
        raise ValidationError(
            f"resource: {arn!r} is not the ARN of a resource of EKS. Use one like"
            " arn:aws:eks:ap-northeast-1:123456789012:cluster/my-cluster."
        )
    region = client.meta.region_name
    if found["region"] != region:
        raise ValidationError(
            f"resource: {arn} is in {found['region']}, and the task in {region}. Set region={found['region']}."
        )
    try:
        return client.list_tags_for_resource(resourceArn=arn).get("tags") or {}
    except Exception as error:
        if has_code(error, "NotFoundException", "ResourceNotFoundException"):
            raise ValidationError(f"resource: {arn} does not exist. Check the ARN.") from error
        raise


def plan_tags(now: Tags, tags: dict[str, Any], state: str, purge: bool) -> Tags:
    """The tags that the resource is to have. Those of AWS stay."""
    kept = drop_reserved_tags(now)
    if state == "absent":
        return {key: value for key, value in kept.items() if key not in tags}
    check_tags(tags)
    wanted = normalize_map(tags, "tags")
    return wanted if purge else {**kept, **wanted}


def ensure_tags(
    client: Any, arn: str, tags: dict[str, Any], state: str, purge: bool, check_mode: bool
) -> tuple[Tags, Tags]:
    """Set or remove tags. Returns those before and after."""
    now = list_tags(client, arn)
    wanted = plan_tags(now, tags, state, purge)
    if not check_mode:
        apply_tags(client, arn, now, wanted)
    return now, {**{key: value for key, value in now.items() if key not in drop_reserved_tags(now)}, **wanted}
