# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of a cluster that is registered with EKS Connector, and what EKS accepts in them. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.core.specs.common import build_tags_spec
from ansible_collections.kumo.eks.plugins.module_utils.core.validation import (
    find_name_problems,
    find_role_arn_problems,
    find_tag_problems,
)

Spec = dict[str, Any]
# ConnectorConfigProvider in the EKS API model
PROVIDERS = ("EKS_ANYWHERE", "ANTHOS", "GKE", "AKS", "OPENSHIFT", "TANZU", "RANCHER", "EC2", "OTHER")


def build_cluster_registration_spec() -> Spec:
    """The options that describe a registration, beside its name."""
    return dict(
        connector_provider=dict(type="str", choices=list(PROVIDERS)),
        role_arn=dict(type="str"),
        replace=dict(type="bool", default=False),
        **build_tags_spec(),
    )


def find_cluster_registration_problems(options: Spec) -> Iterator[str]:
    """What EKS refuses of these options."""
    yield from find_name_problems("cluster", options["name"])
    yield from find_role_arn_problems("role_arn", options.get("role_arn"))
    yield from find_tag_problems(options.get("tags"))
