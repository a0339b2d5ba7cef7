"""Filters: by tag, for answers that moto does not filter by them; and several values of one, of which any may match.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Filtering.html ("joined with an OR", and wildcards)
"""

from __future__ import annotations

import functools
from fnmatch import fnmatchcase
from typing import Any

from moto.ec2 import utils

ONE_VALUE = (bool, int, str)  # moto compares these as EC2 does


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


def match_any(original: Any, resource: Any, name: str, patterns: Any) -> bool:
    """Of a filter on several values of a resource, like its tags' keys: moto wants all of them to match."""
    found = resource.get_filter_value(name)
    if not isinstance(patterns, list) or isinstance(found, ONE_VALUE) or not hasattr(found, "__iter__"):
        return bool(original(resource, name, patterns))
    return any(fnmatchcase(str(value), pattern) for value in found for pattern in patterns)


utils.is_filter_matching = functools.partial(match_any, utils.is_filter_matching)
