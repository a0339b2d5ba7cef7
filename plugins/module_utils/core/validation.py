# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Values that EKS, EC2, IAM and Kubernetes accept, so that others are refused before anything is sent. Pure.

A ``find_*`` function yields one sentence per problem, each beginning with the option's name. A ``check_*`` function raises them
as one ValidationError. Modules raise what concerns their own options; eks_preflight collects the problems of all roles.
"""

from __future__ import annotations

import difflib
import ipaddress
import re
from collections.abc import Iterable, Iterator
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.core.counts import format_count
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError

# CreateClusterRequest.name in the EKS API model (100);
# https://docs.aws.amazon.com/eks/latest/userguide/create-managed-node-group.html (63).
# The model gives the names of Fargate profiles and capabilities no maximum length; their characters are those of the others.
LONGEST = {"cluster": 100, "node group": 63, "Fargate profile": 100, "capability": 100}
NAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]*")

# https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set
PART = re.compile(r"[0-9A-Za-z]([0-9A-Za-z_.-]*[0-9A-Za-z])?")
PREFIX = re.compile(r"[0-9a-z]([0-9a-z.-]*[0-9a-z])?")
LONGEST_PART, LONGEST_PREFIX = 63, 253

# TagMap, TagKey and TagValue in the EKS API model.
MOST_TAGS, LONGEST_TAG_KEY, LONGEST_TAG_VALUE = 50, 128, 256
RESERVED_TAGS = "aws:"  # https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html

ROLE_ARN = re.compile(r"arn:aws[\w-]*:iam::\d{12}:role(/|/[\x21-\x7e]+/)[\w+=,.@-]+", re.ASCII)


def raise_problems(problems: Iterable[str]) -> None:
    """Raise all problems as one ValidationError; no problem, no error."""
    found = list(problems)
    if found:
        raise ValidationError(" ".join(found))


def check_results(option: str, rows: list[dict[str, Any]], needed: Iterable[str], source: str) -> None:
    """Refuse rows that are not results of a module or action, which have all these fields unless they have an error.

    Args:
        source: what the rows have to be, like "the result of eks_cost_info".
    """
    wanted = list(needed)
    raise_problems(
        f"{option}[{number}]: has no {name}. Use {source}."
        for number, row in enumerate(rows)
        for name in [next((name for name in wanted if name not in row), "")]
        if name and not row.get("error")
    )


def suggest_name(name: str, known: Iterable[str]) -> str:
    """ "Did you mean X?" where a known name is similar, else nothing; capital letters do not matter."""
    by_lower = {str(item).lower(): str(item) for item in known}
    similar = difflib.get_close_matches(name.lower(), list(by_lower), n=1)
    return f" Did you mean {by_lower[similar[0]]}?" if similar else ""


def find_name_problems(kind: str, name: str, option: str = "name") -> Iterator[str]:
    """A name that EKS does not accept for this kind of resource."""
    most = LONGEST[kind]
    if not NAME.fullmatch(name) or len(name) > most:
        yield (
            f"{option}: {name!r} is not a valid {kind} name. Use 1-{most} letters, digits, hyphens and underscores,"
            " starting with a letter or a digit."
        )


def check_name(kind: str, name: str, option: str = "name") -> None:
    """Refuse a name that EKS does not accept for this kind of resource."""
    raise_problems(find_name_problems(kind, name, option))


def find_duplicates(option: str, names: Iterable[str]) -> Iterator[str]:
    """Names that a list has more than once: two items of one name would undo each other."""
    given = list(names)
    twice = sorted({name for name in given if given.count(name) > 1})
    if twice:
        yield f"{option}: names must be unique. Listed more than once: {', '.join(twice)}."


def check_unique(option: str, names: Iterable[str]) -> None:
    """Refuse a list in which a name appears more than once."""
    raise_problems(find_duplicates(option, names))


def find_label_problems(where: str, key: str, value: str, may_be_empty: bool = False) -> Iterator[str]:
    """A label or taint whose key or value Kubernetes does not accept; ``where`` names it in the message."""
    prefix, slash, part = key.rpartition("/")
    good_prefix = not slash or (PREFIX.fullmatch(prefix) and len(prefix) <= LONGEST_PREFIX)
    if not good_prefix or not PART.fullmatch(part) or len(part) > LONGEST_PART:
        yield (
            f"{where}: {key!r} is not a valid Kubernetes key. Use up to {LONGEST_PART} letters, digits, '-', '_' and '.',"
            " starting and ending with a letter or a digit, optionally after a DNS domain and a slash."
        )
    elif not (not value and may_be_empty) and (not PART.fullmatch(value) or len(value) > LONGEST_PART):
        yield (
            f"{where}: the value {value!r} of {key} is not valid. Use 1-{LONGEST_PART} letters, digits, '-', '_' and '.',"
            " starting and ending with a letter or a digit."
        )


def find_empty_values(option: str, values: dict[str, Any] | None) -> Iterator[str]:
    """Keys of a map of tags, labels or annotations that have no value: YAML reads ``key:`` as null."""
    for key, value in (values or {}).items():
        if value is None:
            yield f'{option}: {key} has no value. Write {key}: "" for an empty value, or remove the key.'


def find_tag_problems(tags: dict[str, Any] | None, option: str = "tags") -> Iterator[str]:
    """Tags that EKS does not accept."""
    yield from find_empty_values(option, tags)
    own = {str(key): str(value) for key, value in (tags or {}).items()}
    reserved = sorted(key for key in own if key.lower().startswith(RESERVED_TAGS))
    if reserved:
        yield f"{option}: the prefix {RESERVED_TAGS} is reserved by AWS. Remove {', '.join(reserved)}."
    if len(own) > MOST_TAGS:
        yield f"{option}: {format_count(len(own), 'tag', 'is', 'are')} given. EKS accepts at most {MOST_TAGS} for a resource."
    for key, value in own.items():
        if not 1 <= len(key) <= LONGEST_TAG_KEY or len(value) > LONGEST_TAG_VALUE:
            yield (
                f"{option}: {key!r}: {value!r} is too long, or has no key. A key has 1-{LONGEST_TAG_KEY} characters, a"
                f" value at most {LONGEST_TAG_VALUE}."
            )


def find_range_problems(option: str, value: int | None, least: int, most: int | None = None) -> Iterator[str]:
    """A number outside of its range; None for ``most`` is no upper limit."""
    if value is not None and (value < least or (most is not None and value > most)):
        allowed = f"a number of at least {least}" if most is None else f"a number from {least} to {most}"
        yield f"{option}: {value} is out of range. Use {allowed}."


def find_role_arn_problems(option: str, arn: str | None) -> Iterator[str]:
    """Text that is not the ARN of an IAM role. An empty text is the caller's to judge."""
    if arn and not ROLE_ARN.fullmatch(arn):
        yield f"{option}: {arn!r} is not the ARN of an IAM role. Use one like arn:aws:iam::123456789012:role/my-role."


Network = Any  # an IPv4Network or an IPv6Network: Python 3.9 cannot build a union of classes


def parse_network(value: Any) -> Network | None:
    """A CIDR block, None where the text is not one."""
    try:
        return ipaddress.ip_network(str(value)) if "/" in str(value) else None
    except ValueError:
        return None


def find_cidr_problems(option: str, value: Any, version: int | None = None) -> Iterator[str]:
    """Text that is not a CIDR block, or one of the other IP version (4 or 6; None accepts both).

    Bits behind the prefix are refused as EC2 and EKS refuse them: "10.0.0.5/16" is an address in 10.0.0.0/16, not a block.
    """
    network = parse_network(value)
    if network is None:
        yield f"{option}: {str(value)!r} is not a CIDR block.{_suggest_network(str(value))}"
    elif version is not None and network.version != version:
        yield f"{option}: {value} is an IPv{network.version} block. Use an IPv{version} block."


# https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html
LARGEST_VPC, SMALLEST_VPC = 16, 28


def find_vpc_block_problems(option: str, value: Any) -> Iterator[str]:
    """An IPv4 block that EC2 does not accept for a VPC."""
    yield from find_cidr_problems(option, value, 4)
    block = parse_network(value)
    if block is not None and block.version == 4 and not LARGEST_VPC <= block.prefixlen <= SMALLEST_VPC:
        yield f"{option}: {value} has a /{block.prefixlen}. EC2 allows a /{LARGEST_VPC} to a /{SMALLEST_VPC} for a VPC."


def _suggest_network(value: str) -> str:
    """The block that was probably meant."""
    try:
        meant = ipaddress.ip_network(value, strict=False)
    except ValueError:
        return " Use an address and a prefix length, like 10.0.0.0/16."
    return f" Did you mean {meant}?"


def is_within(network: Network, blocks: Iterable[str]) -> bool:
    """Whether a block is part of one of the others."""
    candidates = [ipaddress.ip_network(block) for block in blocks]
    return any(network.version == other.version and network.subnet_of(other) for other in candidates)


def find_missing(options: dict[str, Any], needed: Iterable[str], what: str) -> Iterator[str]:
    """Options that a creation needs and that are not given."""
    missing = [option for option in needed if not options.get(option)]
    if missing:
        yield f"{what} does not exist, and these options are required to create it: {', '.join(missing)}."
