"""Filters by tag, for answers that moto does not filter by them."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any


def match_tags(resource: Any, filters: dict[str, list[str]] | None) -> bool:
    """Whether a resource has the tags that filters name: tag:KEY and tag-key."""
    tags = {tag["key"]: tag["value"] for tag in resource.get_tags()}
    for name, patterns in (filters or {}).items():
        if name == "tag-key":
            values = list(tags)
        elif name.startswith("tag:"):
            values = [tags[name[4:]]] if name[4:] in tags else []
        else:
            continue
        if not any(fnmatchcase(value, pattern) for value in values for pattern in patterns):
            return False
    return True
