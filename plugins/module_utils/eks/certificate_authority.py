# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The certificate authorities (CAs) of a cluster, and where their rotation stands.

Sources: ListCertificateAuthorities, DescribeCertificateAuthority,
https://docs.aws.amazon.com/eks/latest/userguide/certificate-authority-rotation.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.describe import describe_all, describe_or_none, list_names

Row = dict[str, Any]
IN_USE, ACTIVATING = "IN_USE", "ACTIVATING"
COMPLETE, FAILED, DELETING = "COMPLETE", "FAILED", "DELETING"


@dataclass(frozen=True)
class Authorities:
    """The CAs of a cluster: at most the signer, its successor (created later) or its predecessor (created earlier)."""

    rows: list[Row]

    @property
    def signer(self) -> Row | None:
        """The CA that signs now."""
        return next((row for row in self.rows if row["signingStatus"] == IN_USE), None)

    @property
    def successor(self) -> Row | None:
        """The CA that is to sign next."""
        signer = self.signer
        return next((row for row in self.rows if signer and row["createdAt"] > signer["createdAt"]), None)

    @property
    def outgoing(self) -> Row | None:
        """The CA that has signed before, and is still trusted."""
        signer = self.signer
        return next((row for row in self.rows if signer and row["createdAt"] < signer["createdAt"]), None)

    def find(self, key: str) -> Row | None:
        return next((row for row in self.rows if row["id"] == key), None)

    def find_stage(self) -> str:
        """Where the rotation stands: a key of STEPS."""
        if not self.rows:
            return "none"
        other = self.successor or self.outgoing
        if other is None:
            return "idle"
        if other["distributionStatus"] == DELETING:
            return "deleting"
        if other is self.outgoing:
            return "activated"
        if other["signingStatus"] == ACTIVATING:
            return "activating"
        stages = {COMPLETE: "distributed", FAILED: "failed"}
        return stages.get(other["distributionStatus"], "distributing")

    def describe_next_step(self) -> str:
        """What is to be done next, in a sentence or two."""
        text = STEPS[self.find_stage()]
        signer, other = self.signer or {}, self.successor or self.outgoing or {}
        until = (signer.get("validity") or {}).get("notAfter")
        return text.format(
            signer=signer.get("id"), other=other.get("id"), until=until.date() if until else "an unknown day"
        )

    def build_result(self) -> Row:
        """What modules return of all CAs, in the shape of the API but for its two words."""
        return {"stage": self.find_stage(), "next_step": self.describe_next_step()}


STEPS = {
    "none": "The cluster has no certificate authority yet. EKS creates one with the cluster.",
    "idle": "Nothing is to be done until the certificate authority {signer} expires on {until}. EKS appends a successor two years before.",
    "distributing": "Wait until EKS has distributed the successor {other} to what AWS manages (wait=true).",
    "failed": "The successor {other} could not be distributed. Delete it with state=absent and its id, and append another one.",
    "distributed": (
        "Let all clients trust the successor {other}: write kubeconfigs again, and replace the nodes of node groups, self-managed nodes and"
        " hybrid nodes. Then activate it with state=active."
    ),
    "activating": "Wait until the successor {other} is activated (wait=true).",
    "activated": (
        "Check that nodes and clients work. While EKS allows it, state=active with the id {other} goes back. Then delete {other} with"
        " state=absent."
    ),
    "deleting": "Wait until {other} is deleted (wait=true).",
}


def describe_authorities(client: Any, cluster: str) -> Authorities:
    """All CAs of a cluster, oldest first; none where there is no such cluster."""
    rows = list_names(client, "list_certificate_authorities", "certificateAuthorities", cluster)
    found = describe_all([row["id"] for row in rows], lambda key: describe_authority(client, cluster, key))
    return Authorities(sorted(found, key=lambda row: row["createdAt"]))


def describe_authority(client: Any, cluster: str, key: str) -> Row | None:
    """One CA, None where there is none with this id."""
    words = {"clusterName": cluster, "certificateAuthorityId": key}
    return describe_or_none(client.describe_certificate_authority, "certificateAuthority", **words)
