# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What was created for a cluster and what the list of a task does not name any more: named, or with ``purge`` deleted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from ansible_collections.kumo.eks.plugins.module_utils.aws.denials import look_if_allowed
from ansible_collections.kumo.eks.plugins.module_utils.aws.describe import describe_all, list_names
from ansible_collections.kumo.eks.plugins.module_utils.aws.ownership import PLATFORM_TAG, build_owner_key

Row = dict[str, Any]
T = TypeVar("T")


def find_unlisted(
    module: Any, what: str, look: Callable[[], list[T]], actions: str, get_name: Callable[[T], str] = str
) -> list[T]:
    """What the list does not name; nothing, without a look, where the task leaves ``purge`` out.

    To delete it the caller must be allowed to look. To name it only, a look that is denied is a warning.

    Args:
        what: what is looked for, like "node groups".
        actions: the IAM actions of the look, for the warning.
    """
    purge = module.params["purge"]
    if purge is None:
        return []
    if purge:
        return look()
    lost = f"{what} that were created for the cluster and that the list does not name were not looked for"
    found = look_if_allowed(look, [], actions, lost)
    if found:
        names = ", ".join(get_name(one) for one in found)
        module.warn(
            f"{what[0].upper()}{what[1:]} that were created for cluster {module.params['cluster_name']} and are not in the list:"
            f" {names}. Set purge=true to delete them."
        )
    return found


def is_unlisted(tags: dict[str, str] | None, owner: str) -> bool:
    """Whether tags mark something that was created for the cluster. Parts of a platform have their own list, and do not count."""
    return owner in (tags or {}) and PLATFORM_TAG not in (tags or {})


def list_unlisted(
    client: Any,
    cluster: str,
    operation: str,
    key: str,
    listed: set[str],
    describe: Callable[[str], Row | None],
) -> list[str]:
    """The names that a List operation of EKS answers, that the list does not have, and whose resources were created for the cluster.

    Args:
        operation: of boto3's client, and key, of the names in its answer.
        describe: one resource by its name.
    """
    owner = build_owner_key(client.meta.region_name, cluster)
    names = [name for name in list_names(client, operation, key, cluster) if name not in listed]

    def look(name: str) -> Row | None:
        row = describe(name)
        return {"name": name} if row and is_unlisted(row.get("tags"), owner) else None

    return sorted(row["name"] for row in describe_all(names, look))
