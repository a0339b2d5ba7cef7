# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The roles of a cluster as a task describes them: read, named and checked before anything is sent. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.iam_tags import check_iam_tags
from ansible_collections.kumo.eks.plugins.module_utils.aws.policy_documents import parse_document
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.core.iam_names import build_cluster_role_name
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.nodegroup import ROLE_OPTIONS
from ansible_collections.kumo.eks.plugins.module_utils.core.validation import check_name, check_unique
from ansible_collections.kumo.eks.plugins.module_utils.iam.purposes import (
    OF_NODES,
    PURPOSES,
    build_inline_policies,
    build_trust,
    list_policy_arns,
)
from ansible_collections.kumo.eks.plugins.module_utils.iam.role_options import (
    NOT_NAME,
    PROFILE_NAME,
    check_forms,
    check_role_options,
    check_trust_size,
    parse_role_documents,
)
from ansible_collections.kumo.eks.plugins.module_utils.iam.role_request import RoleRequest

# Options that only roles of these purposes have.
ONLY_OF = {
    "nodegroup": ("node", "self_managed_node"),
    "addon": ("addon",),
    "capability": ("capability",),
    "cni_policy": OF_NODES,
    "container_registry": OF_NODES,
    "ip_family": OF_NODES,
    "ssm": (*OF_NODES, "auto_mode_node"),
    "instance_profile": (*OF_NODES, "auto_mode_node", "custom"),
    "trust_anchor_arn": ("hybrid_node",),
}
# A purpose: its role has an instance profile of the same name, unless another one is named
SELF_MANAGED = "self_managed_node"
# A purpose: Karpenter makes instance profiles for its role
KARPENTER = "karpenter_node"
# Options of a node group that are options of its role
NAMED = {"node_role_name": "name", "permissions_boundary": "permissions_boundary"}
TRUST_ANCHOR = re.compile(r"arn:[\w-]+:rolesanywhere:[\w-]+:\d{12}:trust-anchor/[\w-]+")
NOT_ANCHOR = "not the ARN of a trust anchor. Use one that eks_roles_anywhere returns."
OF_THE_REQUEST = ("name", "purpose", "path", "adopt", "trust_policy", "instance_profile", *ONLY_OF)


@dataclass(frozen=True)
class ClusterRole:
    """One role of a cluster.

    Args:
        purpose: key of PURPOSES.
        nodegroup: the node group whose nodes alone have the role; empty for a role that node groups share.
        request: what RoleManager needs to know.
    """

    purpose: str
    nodegroup: str
    request: RoleRequest

    @property
    def name(self) -> str:
        """The role's name."""
        return self.request.name


def read_roles(rows: list[dict[str, Any]], cluster: str, region: str, partition: str, option: str) -> list[ClusterRole]:
    """The roles of a list, each with its own name.

    Args:
        option: the list's name, for messages.
    """
    roles = []
    for number, row in enumerate(rows):
        try:
            roles.append(read_role(row, cluster, region, partition))
        except ValidationError as error:
            raise ValidationError(f"{option}[{number}].{error.message}") from error
    check_unique(option, (role.name.lower() for role in roles))  # IAM compares names without their case
    return roles


def add_defaults(row: dict[str, Any], defaults: dict[str, Any]) -> dict[str, Any]:
    """The options of an item of a list over those beside the list, as far as these apply to its purpose."""
    purpose = row.get("purpose", defaults.get("purpose", "custom"))
    return {name: value for name, value in defaults.items() if purpose in ONLY_OF.get(name, (purpose,))} | row


def read_role(options: dict[str, Any], cluster: str, region: str, partition: str) -> ClusterRole:
    """The role that the options describe.

    Raises:
        ValidationError: naming the option, its value, and what is allowed.
    """
    purpose = options.get("purpose", "custom")
    _check_purpose(purpose, options)
    named = {"role_name": options["name"]} if "name" in options else {}
    check_role_options({**options, **named})
    check_forms(
        [("instance_profile", options.get("instance_profile") or None, PROFILE_NAME, NOT_NAME.format("profile", 128))]
    )
    check_forms([("trust_anchor_arn", options.get("trust_anchor_arn"), TRUST_ANCHOR, NOT_ANCHOR)])
    name = options.get("name") or _build_name(purpose, options, cluster, region)
    request = RoleRequest(
        name=name,
        path=options.get("path", "/"),
        options=_build_options(purpose, partition, parse_role_documents(options)),
        trust=_build_trust(purpose, partition, options),
        named="name" in options,
        adopt=options.get("adopt", False),
        extends_trust=False,
        profile=options.get("instance_profile") or (name if purpose == SELF_MANAGED else ""),
        of_karpenter=purpose == KARPENTER,
    )
    return ClusterRole(purpose, options.get("nodegroup", ""), request)


def find_iam_role_problems(options: dict[str, Any]) -> Iterator[str]:
    """What IAM, or the purpose, does not allow in the options of one role. Its cluster, region and partition do not matter here."""
    try:
        check_iam_tags(options.get("tags"))
        read_role({key: value for key, value in options.items() if key != "name" or value}, "x", "x", "aws")
    except ValidationError as error:
        yield error.message


def _check_purpose(purpose: str, options: dict[str, Any]) -> None:
    """Refuse options that say nothing of a role for this purpose."""
    for option, purposes in ONLY_OF.items():
        if option in options and purpose not in purposes:
            raise ValidationError(
                f"{option}: applies to purpose={' and purpose='.join(purposes)} only, and purpose is {purpose}. Remove the option."
            )
    if purpose == "custom" and "name" not in options:
        raise ValidationError("name: is required with purpose=custom.")
    if purpose == "addon" and not {"name", "addon"} & set(options):
        raise ValidationError("addon: is required with purpose=addon, unless name is given.")
    if "nodegroup" in options:
        check_name("node group", options["nodegroup"], "nodegroup")


def _build_name(purpose: str, options: dict[str, Any], cluster: str, region: str) -> str:
    """ "my-cluster.ap-northeast-1_node.general-purpose": a cluster's own role, so that no two clusters share one unasked."""
    of = options.get("nodegroup") or options.get("addon") or options.get("capability")
    label = PURPOSES[purpose].label
    return build_cluster_role_name(cluster, region, f"{label}.{of}" if of else label)


def _build_trust(purpose: str, partition: str, options: dict[str, Any]) -> dict[str, Any] | None:
    """The trust policy that is given, or that of the purpose."""
    if "trust_policy" in options and "trust_anchor_arn" in options:
        raise ValidationError(
            "trust_anchor_arn: it cannot be combined with trust_policy, which it would make. Remove one of them."
        )
    if "trust_policy" in options:
        document = parse_document(options["trust_policy"], "trust_policy")
        check_trust_size(document)
        return document
    return build_trust(purpose, partition, options.get("trust_anchor_arn"))


def _build_options(purpose: str, partition: str, options: dict[str, Any]) -> dict[str, Any]:
    """The options of the role itself. Its policies are always said, so that a role of the cluster's own has no others."""
    found = {name: value for name, value in options.items() if name not in OF_THE_REQUEST}
    arns, inline = [], {}
    if found.pop("default_policies", True):
        arns = list_policy_arns(purpose, partition, options)
        inline = build_inline_policies(purpose, partition, options)
    found["policy_arns"] = [*arns, *found.get("policy_arns", [])]
    found["inline_policies"] = {**inline, **found.get("inline_policies", {})}
    return found if "path" not in options else {**found, "path": options["path"]}


def build_nodegroup_rows(
    groups: list[dict[str, Any]], shared: str | None, purpose: str = "node"
) -> list[dict[str, Any]]:
    """The roles that node groups need: one that they share, and another for each group with rights that are its alone.

    Args:
        groups: as eks_nodegroup takes them; ``node_role`` and ROLE_OPTIONS matter here.
        shared: the name of the shared role, where it is not the generated one.
        purpose: "node", or "self_managed_node", with the groups of eks_self_managed_nodes.
    """
    check_unique("nodegroups", (str(group.get("name")) for group in groups))
    without = [group for group in groups if not group.get("node_role")]
    own = [group for group in without if has_own_role(group, purpose)]
    rows = [{"purpose": purpose, **({"name": shared} if shared else {})}] if len(own) < len(without) else []
    return rows + [_build_nodegroup_row(group, purpose) for group in own]


def has_own_role(group: dict[str, Any], purpose: str = "node") -> bool:
    """Whether a node group asks for rights that its nodes alone are to have, or for an access entry of another type."""
    is_other = purpose == SELF_MANAGED and str(group.get("ami_type") or "").startswith("WINDOWS")
    return is_other or any(group.get(name) for name in ROLE_OPTIONS)


def _build_nodegroup_row(group: dict[str, Any], purpose: str) -> dict[str, Any]:
    return {
        "purpose": purpose,
        "nodegroup": group["name"],
        "well_known_policies": group.get("addon_policies") or [],
        "policy_arns": group.get("attach_policy_arns") or [],
        "inline_policies": group.get("inline_policies") or {},
        **{option: group[name] for name, option in NAMED.items() if group.get(name)},
    }


def build_node_roles(groups: list[dict[str, Any]], rows: list[dict[str, Any]], purpose: str = "node") -> dict[str, str]:
    """The ARN of each node group's role, out of the results of ``build_nodegroup_rows``; none for a role that failed."""
    arns = {row.get("nodegroup"): row["arn"] for row in rows if row.get("arn")}
    found = {group["name"]: group.get("node_role") or arns.get(_get_row_key(group, purpose)) for group in groups}
    return {name: arn for name, arn in found.items() if arn}


def _get_row_key(group: dict[str, Any], purpose: str) -> str | None:
    return group["name"] if has_own_role(group, purpose) else None
