# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What must hold for karpenter of a ClusterConfig: validateKarpenterConfig of eksctl, and what kumo.eks installs. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.cluster_config.reading import format_value
from ansible_collections.kumo.eks.plugins.module_utils.cluster_config.translation.karpenter import DISCOVERY, ROLE
from ansible_collections.kumo.eks.plugins.module_utils.core.iam_names import LONGEST_ROLE_NAME

VERSION = re.compile(r"v?(\d+)\.\d+\.\d+(-[0-9A-Za-z.-]+)?")


def find_karpenter_problems(config: dict[str, Any]) -> Iterator[str]:
    """The problems, each with its path."""
    given = config.get("karpenter")
    if given is None:
        return
    version = given.get("version")
    found = VERSION.fullmatch(version or "")
    if version is not None and not found:
        yield f"karpenter.version: {format_value(version)} is not a version. Use one like 1.14.1."
    elif found and int(found[1]) < 1:
        yield (
            f"karpenter.version: {version} has other settings, APIs and permissions than the versions that kumo.eks installs. Use 1.0.0 or"
            " later."
        )
    if not config.get("iam", {}).get("withOIDC"):
        yield "karpenter: needs the cluster's OIDC provider. Set iam.withOIDC to true."
    if config.get("outpost"):
        yield "karpenter: cannot be combined with outpost. eksctl does not support it on a local cluster."
    if config.get("accessConfig", {}).get("authenticationMode") == "CONFIG_MAP":
        yield (
            "accessConfig.authenticationMode: CONFIG_MAP has no access entries, by which the nodes of karpenter join. Use API_AND_CONFIG_MAP"
            " or API."
        )
    metadata = config.get("metadata", {})
    name, tag = metadata.get("name"), metadata.get("tags", {}).get(DISCOVERY)
    if tag is not None and name is not None and tag != name:
        yield f"metadata.tags: {DISCOVERY} is {format_value(tag)}, and kumo.eks tags with the cluster's name. Use {name}."
    if name is not None and len(ROLE.format(name)) > LONGEST_ROLE_NAME:
        yield (
            f"karpenter: the role {ROLE.format(name)} of eksctl has a longer name than IAM takes ({LONGEST_ROLE_NAME} characters). Use a"
            " shorter metadata.name, or role variables."
        )
