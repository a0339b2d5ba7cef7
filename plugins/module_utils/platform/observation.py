# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What of the components a cluster has: add-ons and IAM roles by their tag, releases by their description."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.denials import look_if_allowed
from ansible_collections.kumo.eks.plugins.module_utils.aws.describe import describe_all, describe_or_none, list_names
from ansible_collections.kumo.eks.plugins.module_utils.aws.iam_tags import read_tag_list
from ansible_collections.kumo.eks.plugins.module_utils.aws.ownership import is_owned
from ansible_collections.kumo.eks.plugins.module_utils.aws.partition import get_partition
from ansible_collections.kumo.eks.plugins.module_utils.core.iam_names import build_pod_role_name
from ansible_collections.kumo.eks.plugins.module_utils.core.service_accounts import Account
from ansible_collections.kumo.eks.plugins.module_utils.helm.release import build_release, decode_release, is_gone
from ansible_collections.kumo.eks.plugins.module_utils.iam.base import get_or_none
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.api import KubernetesApi
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.kinds import SECRET
from ansible_collections.kumo.eks.plugins.module_utils.platform.catalog import AGENT, BY_ADDON, BY_RELEASE, COMPONENTS
from ansible_collections.kumo.eks.plugins.module_utils.platform.place import Place
from ansible_collections.kumo.eks.plugins.module_utils.platform.plan import IRSA, MARK, POD_IDENTITY, TAG

Row = dict[str, Any]
ENDS = {IRSA: "", POD_IDENTITY: "_pod"}  # of the default names of roles


def build_place(raw: Row | None, name: str, region: str, get_caller_arn: Callable[[], str]) -> Place:
    """The cluster of a look, which need not exist.

    Args:
        raw: the answer of DescribeCluster, None if the cluster does not exist.
        get_caller_arn: who asks, for the account of a cluster that does not exist yet.
    """
    partition = get_partition(region)
    if raw is None:
        return Place(name, region, partition, get_caller_arn().split(":")[4])
    vpc_id = (raw.get("resourcesVpcConfig") or {}).get("vpcId") or ""
    auto_mode = bool((raw.get("computeConfig") or {}).get("enabled"))
    return Place(name, region, partition, raw["arn"].split(":")[4], raw["version"], vpc_id, auto_mode, exists=True)


def find_addons(eks: Any, cluster: str) -> list[Row]:
    """The add-ons of the catalog and the agent: name, component as its tag says, namespace."""
    names = [name for name in list_names(eks, "list_addons", "addons", cluster) if name in {AGENT, *BY_ADDON}]
    found = describe_all(
        names, lambda name: describe_or_none(eks.describe_addon, "addon", clusterName=cluster, addonName=name)
    )
    return [
        {
            "name": raw["addonName"],
            "component": (raw.get("tags") or {}).get(TAG, ""),
            "namespace": (raw.get("namespaceConfig") or {}).get("namespace") or "",
        }
        for raw in found
    ]


def find_releases(api: KubernetesApi) -> list[Row]:
    """The releases whose description says that they belong to a component, in any namespace."""
    selector = f"owner=helm,name in ({','.join(sorted(BY_RELEASE))}),status!=superseded"
    last: dict[tuple[str, str], Any] = {}
    for secret in api.list(SECRET, label_selector=selector):
        release = build_release(decode_release(secret))
        key = release.namespace, release.name
        if key not in last or last[key].revision < release.revision:
            last[key] = release
    return [
        {"name": name, "namespace": namespace, "component": release.description.removeprefix(MARK)}
        for (namespace, name), release in sorted(last.items())
        if release.description.startswith(MARK) and not is_gone(release)
    ]


def find_roles(iam: Any, place: Place, namespaces: dict[str, str]) -> list[Row]:
    """The IAM roles that were created for components: component, namespace, service account, and how pods get it.

    Args:
        namespaces: of components that are not in their own one.
    """
    wanted = [
        (word, namespaces.get(word) or component.namespace, component.rights.service_account, kind)
        for word, component in COMPONENTS.items()
        if component.rights
        for kind in ENDS
    ]
    numbers = [str(number) for number in range(len(wanted))]
    return describe_all(numbers, lambda number: find_role(iam, place, *wanted[int(number)]))


def find_role(iam: Any, place: Place, word: str, namespace: str, account: str, kind: str) -> Row | None:
    """The role that was created for a component; None where there is none, or somebody else's."""
    name = build_pod_role_name(place.cluster, Account(namespace, account), ENDS[kind])
    found: Any = look_if_allowed(
        partial(get_or_none, partial(iam.get_role, RoleName=name)),
        None,
        "iam:GetRole",
        f"it was not checked which IAM roles components of cluster {place.cluster} have left",
    )
    tags = read_tag_list(found["Role"].get("Tags")) if found else {}
    if tags.get(TAG) != word or not is_owned(tags, place.region, place.cluster):
        return None
    return {"component": word, "namespace": namespace, "service_account": account, "identity": kind}


def find_accounts(eks: Any, cluster: str) -> list[Row]:
    """The service accounts of all pod identity associations: others than those of components need the agent, too."""
    rows = list_names(eks, "list_pod_identity_associations", "associations", cluster)
    return [{"namespace": row["namespace"], "service_account": row["serviceAccount"]} for row in rows]


def build_observation(eks: Any, iam: Any, place: Place, releases: list[Row], namespaces: dict[str, str]) -> Row:
    """The result of a look.

    Args:
        releases: as ``find_releases`` returns them; none where the Kubernetes API was not asked.
        namespaces: of the components of the task.
    """
    addons = find_addons(eks, place.cluster) if place.exists else []
    found = {row["component"]: row["namespace"] for row in [*addons, *releases] if row["component"]}
    return {
        "place": asdict(place),
        "addons": addons,
        "releases": releases,
        "roles": find_roles(iam, place, {**found, **namespaces}),
        "accounts": find_accounts(eks, place.cluster) if place.exists else [],
    }
