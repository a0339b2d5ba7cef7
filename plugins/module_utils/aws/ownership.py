# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The mark by which the collection recognizes what it created. What lacks it is used, but never deleted. Pure."""

from __future__ import annotations

PREFIX = "kumo.eks/"
OWNED = "owned"
NODES_TAG = f"{PREFIX}nodes"  # of an access entry: which nodes join by it
NODEGROUP_TAG = f"{PREFIX}nodegroup"  # the declared node group, of its launch template and of a group with another name
REPLACES_TAG = f"{PREFIX}replaces"  # of a node group: the one whose place it takes, as NAME/ID
PLATFORM_TAG = f"{PREFIX}platform"  # of a part of a platform: the name of its component


def build_owner_key(region: str, cluster: str) -> str:
    """The tag key that says: made for this cluster. IAM is global, so the region is part of it.

    At most 124 characters (a cluster's name has 100); AWS allows 128.
    """
    return f"{PREFIX}{region}/{cluster}"


def build_owner_tags(region: str, cluster: str) -> dict[str, str]:
    """The tag itself, to be set with the creation and never on what somebody else made."""
    return {build_owner_key(region, cluster): OWNED}


def list_owners(tags: dict[str, str]) -> list[tuple[str, str]]:
    """The (region, cluster) pairs that a resource was made for; several for an IAM role that clusters share."""
    pairs = [key[len(PREFIX) :].split("/", 1) for key in tags if key.startswith(PREFIX)]
    return sorted((pair[0], pair[1]) for pair in pairs if len(pair) == 2)


def is_owned(tags: dict[str, str], region: str, cluster: str) -> bool:
    """Whether it was made for this cluster."""
    return build_owner_key(region, cluster) in tags


def list_other_owners(tags: dict[str, str], owner: str) -> list[str]:
    """The clusters beside the one of this key that a resource was made for, in words: "my-cluster in eu-west-1"."""
    return [
        f"{cluster} in {region}" for region, cluster in list_owners(tags) if build_owner_key(region, cluster) != owner
    ]
