# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of the identities of pods: an IAM role by IRSA, or by EKS Pod Identity. Pure."""

from __future__ import annotations

from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.core.specs.iam_role import (
    CONTROLLER_POLICIES,
    build_permissions_spec,
)

Spec = dict[str, Any]
NAMESPACE = "default"  # as for kubectl, where none is given


def build_role_spec() -> Spec:
    """The options of the IAM role of an identity, with its policies and tags."""
    names = dict(role_name=dict(type="str"), role_arn=dict(type="str"))
    return {**names, **build_permissions_spec(CONTROLLER_POLICIES), "purge_tags": dict(type="bool", default=True)}


def build_identity_spec() -> Spec:
    """The options of an identity of IRSA, alone or in a list; ``name`` is what Kubernetes calls a service account's name."""
    account = dict(name=dict(type="str", required=True), namespace=dict(type="str"))
    return dict(
        namespace=dict(type="str", default=NAMESPACE),
        service_account=dict(type="str", aliases=["name"]),
        service_accounts=dict(type="list", elements="dict", options=account),
        allow_patterns=dict(type="bool", default=False),
        role_only=dict(type="bool", default=False),
        token_expiration=dict(type="int", no_log=False),
        sts_regional_endpoints=dict(type="bool"),
        service_account_annotations=dict(type="dict"),
        service_account_labels=dict(type="dict"),
        create_namespace=dict(type="bool", default=False),
        **build_role_spec(),
    )


def build_association_spec() -> Spec:
    """The options of a pod identity association without its service account, alone or in a list."""
    return dict(
        target_role_arn=dict(type="str"),
        disable_session_tags=dict(type="bool"),
        session_policy=dict(type="raw"),
        create_service_account=dict(type="bool", default=False),
        replace=dict(type="bool", default=False),
        **build_role_spec(),
    )


def build_association_item_spec() -> Spec:
    """The options of an item in a list of associations."""
    return dict(
        namespace=dict(type="str", default=NAMESPACE),
        service_account=dict(type="str", required=True, aliases=["name"]),
        **build_association_spec(),
    )
