"""What IAM takes as names, paths and tags.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html (names and character limits)
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html#id_tags_rules
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any, NoReturn

from moto.iam.exceptions import IAMException

NAME = r"[\w+=,.@-]+"
PATH = re.compile(r"^(\u002F)|(\u002F[\u0021-\u007E]+\u002F)$")
TAG = r"[\p{L}\p{Z}\p{N}_.:/=+\-@]*"
TAG_SIGNS = frozenset("_.:/=+-@")
MOST_TAGS = 50


def refuse(member: str, constraint: str) -> NoReturn:
    """A ValidationError in the service's words."""
    message = f"1 validation error detected: Value at '{member}' failed to satisfy constraint: {constraint}"
    raise IAMException("ValidationError", message)


def check_name(member: str, name: str, most: int) -> None:
    if len(name) > most:
        refuse(member, f"Member must have length less than or equal to {most}")
    if not re.fullmatch(NAME, name, re.ASCII):
        refuse(member, f"Member must satisfy regular expression pattern: {NAME}")


def check_path(path: str | None) -> None:
    if path is None:
        return
    if len(path) > 512:
        refuse("path", "Member must have length less than or equal to 512")
    if not PATH.match(path) or not path.endswith("/"):
        refuse("path", f"Member must satisfy regular expression pattern: {PATH.pattern}")


def check_tags(tags: list[dict[str, str]] | None) -> None:
    """At most 50; keys and values of letters, white space, digits and ``_ . : / = + - @``: no commas or brackets."""
    if len(tags or []) > MOST_TAGS:
        refuse("tags", f"Member must have length less than or equal to {MOST_TAGS}")
    for number, tag in enumerate(tags or [], 1):
        for part, most in (("key", 128), ("value", 256)):
            text = str(tag.get(part.title()) or "")
            if len(text) > most:
                refuse(f"tags.{number}.member.{part}", f"Member must have length less than or equal to {most}")
            if not all(_is_tag_character(character) for character in text):
                refuse(f"tags.{number}.member.{part}", f"Member must satisfy regular expression pattern: {TAG}")
        if str(tag.get("Key") or "").lower().startswith("aws:"):
            raise IAMException("InvalidInput", "System tags cannot be added/updated by requester")


def _is_tag_character(character: str) -> bool:
    return character in TAG_SIGNS or unicodedata.category(character)[0] in "LZN"


def check_tag_count(tags: Any) -> None:
    if len(tags) > MOST_TAGS:
        raise IAMException("LimitExceeded", f"Cannot exceed quota for TagsPerRole: {MOST_TAGS}")
