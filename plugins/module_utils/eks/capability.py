# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Capabilities: ACK, kro and Argo CD, which EKS runs outside of the cluster.

Sources: CreateCapability, DescribeCapability, ListCapabilities, UpdateCapability, DeleteCapability.
"""

from __future__ import annotations

from functools import cached_property, partial
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import has_code
from ansible_collections.kumo.eks.plugins.module_utils.aws.denials import look_if_allowed
from ansible_collections.kumo.eks.plugins.module_utils.aws.describe import describe_or_none, list_names
from ansible_collections.kumo.eks.plugins.module_utils.aws.tags import TAGS, apply_tags
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.core.fields import (
    Change,
    Field,
    build_request,
    drop_none,
    normalize_list,
)
from ansible_collections.kumo.eks.plugins.module_utils.core.resource import Request
from ansible_collections.kumo.eks.plugins.module_utils.core.specs.capability import ARGOCD, find_capability_problems
from ansible_collections.kumo.eks.plugins.module_utils.core.validation import find_missing, raise_problems
from ansible_collections.kumo.eks.plugins.module_utils.eks.authentication_mode import has_entries
from ansible_collections.kumo.eks.plugins.module_utils.eks.base import EksResource
from ansible_collections.kumo.eks.plugins.module_utils.eks.placement import refuse_missing_cluster

Row = dict[str, Any]
GROUP = "capability"
MAPPINGS, PURGE = "argo_cd.rbac_role_mappings", "argo_cd.purge_role_mappings"
IDC = "argo_cd.aws_idc.idc_instance_arn"


def normalize_mappings(value: Any) -> list[Row]:
    """Role mappings in one order; a role without identities has none."""
    found: dict[str, set[tuple[str, str]]] = {}
    for row in value or []:
        found.setdefault(row["role"], set()).update((each["type"], each["id"]) for each in row["identities"])
    return [_build_mapping(role, found[role]) for role in sorted(found) if found[role]]


def _build_mapping(role: str, identities: set[tuple[str, str]]) -> Row:
    return {"role": role, "identities": [{"id": key, "type": kind} for kind, key in sorted(identities)]}


def build_mapping_update(before: list[Row], after: list[Row]) -> Row:
    """The change of role mappings as UpdateCapability takes it: a mapping that is named replaces that of its role."""
    now, wanted = ({row["role"]: row for row in rows} for rows in (before, after))
    changed = [row for role, row in wanted.items() if now.get(role) != row]
    gone = [row for role, row in now.items() if role not in wanted]
    update = {"addOrUpdateRoleMappings": changed, "removeRoleMappings": gone}
    return {key: rows for key, rows in update.items() if rows}


FIELDS = (
    TAGS,
    Field("type", "type", None),
    Field("role_arn", "roleArn", GROUP),
    Field("argo_cd.namespace", "configuration.argoCd.namespace", None),
    Field(IDC, "configuration.argoCd.awsIdc.idcInstanceArn", None),
    Field("argo_cd.aws_idc.idc_region", "configuration.argoCd.awsIdc.idcRegion", None),
    Field("argo_cd.endpoint_prefix", "configuration.argoCd.endpointPrefix", None),
    Field(MAPPINGS, "configuration.argoCd.rbacRoleMappings", GROUP, normalize_mappings, to_api=normalize_mappings),
    Field("argo_cd.network_access.vpce_ids", "configuration.argoCd.networkAccess.vpceIds", GROUP, normalize_list),
    Field("ack.enable_cross_namespace", "configuration.ack.enableCrossNamespace", GROUP, bool),
    Field("ack.disabled_services", "configuration.ack.disabledServices", GROUP, normalize_list),
    Field("delete_propagation_policy", "deletePropagationPolicy", GROUP),
)


class CapabilityResource(EksResource):
    """A capability of a cluster. ``desired`` has the settings of its type flattened: "argo_cd.namespace"."""

    kind = "capability"
    fields = FIELDS
    replaceable = True
    transient_statuses = frozenset(
        {"CREATING", "UPDATING"}
    )  # DEGRADED comes with health issues that somebody must mend
    remedies = {
        "AccessDenied": (
            "Check that the trust policy of the IAM role allows capabilities.eks.amazonaws.com sts:AssumeRole and sts:TagSession, as"
            " kumo.eks.eks_iam_role with purpose=capability creates it."
        )
    }

    def __init__(self, client: Any, cluster: str, name: str) -> None:
        super().__init__(client, name)
        self._cluster = cluster
        self._names = {"clusterName": cluster, "capabilityName": name}

    def describe(self) -> Row | None:
        return describe_or_none(self.client.describe_capability, "capability", **self._names)

    def describe_update(self, update_id: str) -> Row:
        words = {"name": self._cluster, "capabilityName": self.name, "updateId": update_id}
        return self.client.describe_update(**words)["update"]

    def adjust(self, raw: Row, desired: Row) -> Row:
        """Mappings that are not purged stay: each role keeps its identities and gets those of the task."""
        desired = super().adjust(raw, desired)
        if desired.get(MAPPINGS) is None or desired.get(PURGE, True):
            return desired
        now = next(field for field in FIELDS if field.option == MAPPINGS).read(raw)
        return {**desired, MAPPINGS: normalize_mappings([*(now or []), *desired[MAPPINGS]])}

    def validate(self, raw: Row | None, desired: Row) -> None:
        kind = raw["type"] if raw else desired.get("type")
        raise_problems(find_capability_problems({**desired, "name": self.name}, kind))
        self.check_arns(desired)
        if raw is None:
            needed = ("type", "role_arn", *((IDC,) if kind == ARGOCD else ()))
            raise_problems(find_missing(desired, needed, f"capability {self.name}"))
            self._refuse_second(str(kind))
            self._check_cluster()

    def _refuse_second(self, kind: str) -> None:
        """ "You can only create one Capability of each type on a given Amazon EKS cluster": CreateCapability."""
        look = partial(list_capabilities, self.client, self._cluster)
        lost = f"it was not checked whether cluster {self._cluster} has another capability of the type {kind}"
        rows = look_if_allowed(look, [], "eks:ListCapabilities", lost)
        others = [row["capabilityName"] for row in rows if row["type"] == kind and row["capabilityName"] != self.name]
        if others:
            raise ValidationError(
                f"type: cluster {self._cluster} has the capability {others[0]!r} of the type {kind}, and EKS allows one of each type."
                f" Use its name, or delete it first with name={others[0]} and state=absent."
            )

    @cached_property
    def _cluster_row(self) -> Row | None:
        """The cluster, None where it does not exist; empty where the caller may not look."""
        lost = f"it was not checked whether cluster {self._cluster} exists and takes access entries"
        look = partial(describe_or_none, self.client.describe_cluster, "cluster", name=self._cluster)
        return look_if_allowed(look, {}, "eks:DescribeCluster", lost)

    def _check_cluster(self) -> None:
        """A capability acts on Kubernetes through an access entry that EKS creates for its role.

        https://docs.aws.amazon.com/eks/latest/userguide/capability-role.html
        """
        if self._cluster_row and not has_entries(self._cluster_row):
            raise ValidationError(
                f"cluster_name: cluster {self._cluster} has the authentication mode CONFIG_MAP, and a capability requires access entries."
                " Set access_config.authentication_mode=API_AND_CONFIG_MAP with kumo.eks.eks_cluster first."
            )

    def build_create_request(self, desired: Row) -> Row:
        wanted = {key: value for key, value in drop_none(desired).items() if value not in ("", [], {})}
        return {**self._names, **build_request(FIELDS, wanted)}

    def create(self, desired: Row) -> Row:
        refuse_missing_cluster(self._cluster_row, self._cluster, self.client.meta.region_name)
        return self.client.create_capability(**self.build_create_request(desired))["capability"]

    def predict(self, desired: Row) -> Row:
        return {**self.build_create_request(desired), "status": "CREATING"}

    def requests(self, raw: Row, changes: list[Change], desired: Row) -> list[Request]:
        found = []
        others = [change for change in changes if change.field is not TAGS]
        if others:
            wanted = {**self._names, **self._build_update(others, desired)}
            found.append(Request("UpdateCapability", lambda: self.client.update_capability(**wanted)["update"]))
        if len(others) < len(changes):
            arn, tags = raw["arn"], TAGS.normalize(desired["tags"])
            found.append(Request("TagResource", lambda: apply_tags(self.client, arn, raw.get("tags"), tags)))
        return found

    @staticmethod
    def _build_update(changes: list[Change], desired: Row) -> Row:
        """UpdateCapability takes role mappings as what is added and removed, and all else as it is to be."""
        request = build_request(tuple(change.field for change in changes), desired)
        for change in changes:
            if change.field.option == MAPPINGS:
                request["configuration"]["argoCd"]["rbacRoleMappings"] = build_mapping_update(
                    change.before, change.after
                )
        return request

    def delete(self) -> None:
        self.client.delete_capability(**self._names)


def list_capabilities(client: Any, cluster: str) -> list[Row]:
    """Summaries of the cluster's capabilities. The list is empty if the cluster does not exist.

    ListCapabilities has no ResourceNotFoundException in the API model: a cluster that does not exist is an invalid parameter.
    """
    try:
        return list_names(client, "list_capabilities", "capabilities", cluster)
    except Exception as error:
        if not has_code(error, "InvalidParameterException"):
            raise
        if describe_or_none(client.describe_cluster, "cluster", name=cluster) is None:
            return []
        raise
