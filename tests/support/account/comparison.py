# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What differs between two listings: of one account, or of two accounts that were made alike, whose ids differ."""

from __future__ import annotations

import base64
import json
import re
from typing import Any

from support.account.ec2 import KINDS
from support.account.listing import tidy
from support.account.pages import Listing

# What AWS chooses. Ids are not here: they become names.
CHOSEN = frozenset(
    "AvailableIpAddressCount CanonicalHostedZoneName CarrierIp ClientToken DNSName DestinationIpv6CidrBlock DnsEntries"
    " Ipv6CidrBlock MacAddress PrivateDnsName PrivateIp PrivateIpAddress PublicDnsName PublicIp RoleLastUsed"
    " VersionId certificateAuthority creationTime endpoint externalId platformVersion".split()
)
IDS = re.compile(
    r"\beks-cluster-sg-[\w-]+-\d+\b"  # https://docs.aws.amazon.com/eks/latest/userguide/sec-group-reqs.html
    r"|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    r"|\b[a-z]+(?:-[a-z]+)*-[0-9a-f]{8,17}\b(?!-)"
    r"|\b[0-9a-f]{32}\b"  # the name of a Service's load balancer
    r"|\b[0-9A-F]{32}\b"
    r"|\bA(?:ROA|NPA|IPA|SCA)[A-Z0-9]{17}\b"
)


# What the user data of self-managed nodes says of their cluster
OF_CLUSTERS = re.compile(r"https://[0-9A-F]{32}\.[\w.-]+|(?<=[\"' ])LS0tLS1CRUdJTi[\w+/=]+")


def normalize(listing: Listing) -> Listing:
    """The listing without moments and addresses, and with names in the place of ids.

    An id becomes the Name tag of what it stands for, so that a route through the gateway of another zone differs.
    """
    names = _name_ids(listing)
    return {kind: tidy([_replace_ids(_drop(row), names) for row in rows]) for kind, rows in listing.items()}


def compare(one: Listing, other: Listing) -> list[str]:
    """What is in one of them only, a line each."""
    lines = []
    for kind in {**one, **other}:
        listings = (one.get(kind, []), other.get(kind, []))
        left, right = ([json.dumps(row, sort_keys=True, default=str) for row in rows] for rows in listings)
        for row in list(left):
            if row in right:
                left.remove(row)
                right.remove(row)
        lines += [f"{kind}: only in the first: {row}" for row in left]
        lines += [f"{kind}: only in the second: {row}" for row in right]
    return lines


def _name_ids(listing: Listing) -> dict[str, str]:
    """What EC2's ids stand for, where a Name tag says it."""
    names = {}
    for kind, (_member, key) in KINDS.items():
        for row in listing.get(kind, []):
            tags = {tag["Key"]: tag["Value"] for tag in row.get("Tags", [])}
            if "Name" in tags:
                names[row[key]] = f"<{kind} {tags['Name']}>"
    return names


def _replace_ids(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {_replace_ids(key, names): _replace_ids(word, names) for key, word in value.items()}
    if isinstance(value, list):
        return [_replace_ids(word, names) for word in value]
    if isinstance(value, str):
        return IDS.sub(lambda found: names.get(found[0], "<id>"), value)
    return value


def _drop(value: Any) -> Any:
    if isinstance(value, dict):
        kept = {key: word for key, word in value.items() if key not in CHOSEN}
        return {key: _read_user_data(word) if key == "UserData" else _drop(word) for key, word in kept.items()}
    if isinstance(value, list):
        return [_drop(word) for word in value]
    return value


def _read_user_data(text: Any) -> Any:
    """User data as text, without the endpoint and the certificate of a cluster."""
    try:
        return OF_CLUSTERS.sub("<cluster>", base64.b64decode(text).decode())
    except ValueError:
        return text
