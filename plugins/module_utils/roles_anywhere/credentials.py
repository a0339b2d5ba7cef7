# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Trust anchor and profile of a cluster's hybrid nodes. Between the two comes the role: it names the anchor, and the profile names it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.tags import drop_reserved_tags
from ansible_collections.kumo.eks.plugins.module_utils.core.certificates import read_fingerprints
from ansible_collections.kumo.eks.plugins.module_utils.core.reconciler import Reconciler
from ansible_collections.kumo.eks.plugins.module_utils.core.resource import Outcome
from ansible_collections.kumo.eks.plugins.module_utils.core.validation import (
    find_range_problems,
    find_role_arn_problems,
    find_tag_problems,
)
from ansible_collections.kumo.eks.plugins.module_utils.roles_anywhere.profile import ProfileResource
from ansible_collections.kumo.eks.plugins.module_utils.roles_anywhere.trust_anchor import TrustAnchorResource

Row = dict[str, Any]

# ResourceName, and TagKey and TagValue, of the model
NAME, TAG = re.compile(r"[ a-zA-Z0-9_-]{1,255}"), re.compile(r"[ a-zA-Z0-9_.:/=+@-]*")
DURATIONS = (900, 43200)  # seconds: CreateProfile
TO_BE_CREATED = "to-be-created"  # in place of an ID, in check mode


def build_default_name(cluster: str) -> str:
    """Of both; it needs no region, because IAM Roles Anywhere has regions."""
    return f"{cluster}-hybrid-nodes"


def find_problems(params: Row) -> Iterator[str]:
    """What IAM Roles Anywhere would refuse of the options of the module."""
    if params.get("name") and not NAME.fullmatch(params["name"]):
        yield f"name: {params['name']!r} is not valid. Use 1-255 letters, digits, spaces, hyphens and underscores."
    yield from find_tag_problems(params.get("tags"))
    for key, value in drop_reserved_tags(params.get("tags")).items():
        if not TAG.fullmatch(f"{key}{value}"):
            yield (
                f"tags: {key!r}: {value!r} has characters that IAM Roles Anywhere does not accept. Use letters and digits of ASCII, spaces"
                " and _.:/=+@-."
            )
    if params["state"] == "absent":
        return
    yield from find_bundle_problems("ca_bundle", params.get("ca_bundle"))
    yield from find_role_arn_problems("role_arn", params.get("role_arn"))
    yield from find_range_problems("duration_seconds", params.get("duration_seconds"), *DURATIONS)
    if params.get("duration_seconds") is not None and not params.get("role_arn"):
        yield "duration_seconds: it is of the profile, which needs role_arn. Set role_arn, too, or remove it."


def find_bundle_problems(option: str, text: str | None) -> Iterator[str]:
    """A bundle that is missing or is none."""
    if not text:
        yield f"{option}: is required with state=present. Use the certificates of your CA in PEM."
        return
    try:
        read_fingerprints(text)
    except ValueError as problem:
        yield f"{option}: {problem}."


@dataclass
class HybridCredentials:
    """Makes and removes both.

    Args:
        client: boto3's client of IAM Roles Anywhere.
        owner: key of the tag that marks what was made for the cluster.
    """

    client: Any
    name: str
    owner: str
    check_mode: bool = False

    def _reconcile(self, resource: Any) -> Reconciler:
        return Reconciler(resource, check_mode=self.check_mode)

    def _build_anchor(self) -> TrustAnchorResource:
        return TrustAnchorResource(self.client, self.name, self.owner)

    def _build_profile(self) -> ProfileResource:
        return ProfileResource(self.client, self.name, self.owner)

    def ensure_present(self, params: Row) -> dict[str, Outcome]:
        """The trust anchor, and the profile where the task names its role."""
        about = {"tags": params["tags"], "purge_tags": params["purge_tags"], "enabled": True}
        anchor = self._reconcile(self._build_anchor())
        parts = {"trust_anchor": anchor.ensure_present({"ca_bundle": params["ca_bundle"], **about})}
        if params["role_arn"]:
            wanted = {
                "role_arns": [params["role_arn"]],
                "duration_seconds": params["duration_seconds"],
                # nodeadm names the session after the node: https://docs.aws.amazon.com/eks/latest/userguide/hybrid-nodes-creds.html
                "accept_role_session_name": True,
            }
            parts["profile"] = self._reconcile(self._build_profile()).ensure_present({**wanted, **about})
        return parts

    def ensure_absent(self) -> dict[str, Outcome]:
        """The profile first, so that no machine gets credentials of an anchor that is gone."""
        profile = self._reconcile(self._build_profile()).ensure_absent()
        return {"profile": profile, "trust_anchor": self._reconcile(self._build_anchor()).ensure_absent()}
