# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps of a rotation of a cluster's certificate authority (CA), each only where it is safe.

Sources: CreateCertificateAuthority, ActivateCertificateAuthority, DeleteCertificateAuthority,
https://docs.aws.amazon.com/eks/latest/userguide/certificate-authority-rotation.html
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import has_code
from ansible_collections.kumo.eks.plugins.module_utils.aws.denials import look_if_allowed
from ansible_collections.kumo.eks.plugins.module_utils.aws.describe import describe_or_none, list_names
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import (
    ValidationError,
    WaitFailed,
    add_facts,
    format_issues,
)
from ansible_collections.kumo.eks.plugins.module_utils.core.waiting import Deadline, poll
from ansible_collections.kumo.eks.plugins.module_utils.eks.certificate_authority import (
    ACTIVATING,
    COMPLETE,
    DELETING,
    FAILED,
    IN_USE,
    Authorities,
    describe_authorities,
)
from ansible_collections.kumo.eks.plugins.module_utils.eks.placement import refuse_missing_cluster
from ansible_collections.kumo.eks.plugins.module_utils.eks.updates import describe_update, list_updates

Row = dict[str, Any]
NEW = "(successor)"  # in a diff, the CA whose id EKS has not chosen yet
PREDICTED = {"signingStatus": "NOT_USED", "distributionStatus": "IN_PROGRESS", "createdBy": "CUSTOMER"}


@dataclass
class Done:
    """The end of a step."""

    changed: bool
    authorities: Authorities
    before: dict[str, str]
    after: dict[str, str]
    updates: list[Row] = field(default_factory=list)


@dataclass
class Rotation:
    """Makes one step of the rotation of a cluster's CA, or finds that it is made.

    Args:
        check_mode: predict only.
        wait: return when EKS has made the step, and distributed a new CA.
        wait_timeout: limit in seconds for all waits together.
    """

    client: Any
    cluster: str
    check_mode: bool = False
    wait: bool = False
    wait_timeout: float = 3600

    def __post_init__(self) -> None:
        self._deadline = Deadline(self.wait_timeout)
        self._title = f"certificate authority of cluster {self.cluster}"
        self._asked_again = False

    # the steps

    def ensure_successor(self, replaces: str | None, expires_within_days: int) -> Done:
        """There is a successor, if the signer is ``replaces``, or without that, if it expires in so many days."""

        def plan(now: Authorities) -> Callable[[], Row] | None:
            signer = self._get_signer(now)
            if now.successor is not None or not _is_due(signer, replaces, expires_within_days):
                return None
            if now.outgoing is not None:
                raise ValidationError(
                    f"state: cluster {self.cluster} has the outgoing certificate authority {now.outgoing['id']}, and EKS allows two."
                    f" {now.describe_next_step()}"
                )
            return lambda: self.client.create_certificate_authority(clusterName=self.cluster)

        done = self._run(plan, lambda rows: {**rows, NEW: PREDICTED["signingStatus"]})
        return self._finish(done, self._look_for_distribution)

    def ensure_active(self, key: str | None, force: bool) -> Done:
        """The CA with this id signs; without an id the successor, if there is one."""
        chosen: list[Row] = []

        def plan(now: Authorities) -> Callable[[], Row] | None:
            signer = self._get_signer(now)
            target = self._find(now, key) if key else now.successor
            chosen[:] = [target] if target else []
            if target is None or target is signer or target["signingStatus"] == ACTIVATING:
                return None
            self._check_activation(signer, target, force)
            words = {"clusterName": self.cluster, "certificateAuthorityId": target["id"]}
            return lambda: self.client.activate_certificate_authority(**words)

        done = self._run(
            plan,
            lambda rows: {row: IN_USE if row == chosen[0]["id"] else "NOT_USED" for row in rows} if chosen else rows,
        )
        return self._finish(done, partial(self._look_for_activation, chosen))

    def ensure_absent(self, key: str | None, force: bool) -> Done:
        """The CA with this id is gone; without an id the outgoing one, if there is one."""
        chosen: list[str] = []

        def plan(now: Authorities) -> Callable[[], Row] | None:
            target = now.find(key) if key else now.outgoing
            chosen[:] = [target["id"]] if target else []
            if target is None or target["distributionStatus"] == DELETING:
                return None
            self._check_deletion(now, target, force)
            words = {"clusterName": self.cluster, "certificateAuthorityId": target["id"]}
            return lambda: self.client.delete_certificate_authority(**words)

        done = self._run(plan, lambda rows: {row: status for row, status in rows.items() if row not in chosen})
        return self._finish(done, lambda now: (not _has(now, "distributionStatus", DELETING), DELETING))

    # what is safe

    def _get_signer(self, now: Authorities) -> Row:
        if now.signer is None:
            cluster = describe_or_none(self.client.describe_cluster, "cluster", name=self.cluster)
            refuse_missing_cluster(cluster, self.cluster, self.client.meta.region_name)
            raise ValidationError(
                f"cluster_name: cluster {self.cluster} has no certificate authority that signs. Try again later."
            )
        return now.signer

    def _find(self, now: Authorities, key: str) -> Row:
        found = now.find(key)
        if found is None:
            known = ", ".join(row["id"] for row in now.rows)
            raise ValidationError(f"id: cluster {self.cluster} has no certificate authority {key!r}. It has: {known}.")
        return found

    def _check_activation(self, signer: Row, target: Row, force: bool) -> None:
        if target["distributionStatus"] != COMPLETE:
            raise ValidationError(
                f"state: the certificate authority {target['id']} cannot be activated, because its distribution is"
                f" {target['distributionStatus']}. Wait until it is COMPLETE, with state=present and wait=true."
            )
        if target["createdAt"] < signer["createdAt"]:
            if not signer.get("rollbackAvailable"):
                raise ValidationError(
                    f"id: EKS no longer goes back from {signer['id']} to {target['id']} (rollback_available is false)."
                )
            return
        groups = [] if force else self._list_old_nodes(target["createdAt"])
        if groups:
            raise ValidationError(
                f"state: nodes of the node groups {', '.join(groups)} were started before the successor {target['id']} was appended, and"
                " would lose the API server. Update the version or the release of these node groups first, which replaces their nodes, or set"
                " force=true."
            )

    def _list_old_nodes(self, since: datetime) -> list[str]:
        """Managed node groups whose nodes were not replaced since then. A VersionUpdate replaces all nodes."""

        def look() -> list[str]:
            names = list_names(self.client, "list_nodegroups", "nodegroups", self.cluster)
            return [name for name in names if not self._was_replaced(name, since)]

        lost = "it was not checked whether the nodes of managed node groups trust the successor"
        return look_if_allowed(
            look, [], "eks:ListNodegroups, eks:DescribeNodegroup, eks:ListUpdates or eks:DescribeUpdate", lost
        )

    def _was_replaced(self, name: str, since: datetime) -> bool:
        words = {"clusterName": self.cluster, "nodegroupName": name}
        group = describe_or_none(self.client.describe_nodegroup, "nodegroup", **words)
        if group is None or group["createdAt"] > since:
            return True
        updates = list_updates(self.client, self.cluster, {"nodegroup": name})
        return any(
            row["type"] == "VersionUpdate" and row["status"] == "Successful" and row["createdAt"] > since
            for row in updates
        )

    def _check_deletion(self, now: Authorities, target: Row, force: bool) -> None:
        signer = self._get_signer(now)
        if target is signer or target["signingStatus"] == ACTIVATING:
            raise ValidationError(
                f"id: the certificate authority {target['id']} signs the certificates of cluster {self.cluster} and is never deleted."
                f" {now.describe_next_step()}"
            )
        if target is now.successor and target["createdBy"] == "EKS" and target["distributionStatus"] != FAILED:
            raise ValidationError(
                f"id: EKS has appended the successor {target['id']} and protects it, so that the cluster has one when {signer['id']} expires."
                f" {now.describe_next_step()}"
            )
        if target is now.outgoing and signer.get("rollbackAvailable") and not force:
            raise ValidationError(
                f"state: EKS can still go back to the certificate authority {target['id']}, which its deletion makes impossible. Check that"
                " all nodes and clients work, and wait until rollback_available of the active one is false, or set force=true."
            )

    # sending and waiting

    def _run(
        self,
        plan: Callable[[Authorities], Callable[[], Row] | None],
        predict: Callable[[dict[str, str]], dict[str, str]],
    ) -> Done:
        """Make the step that the plan finds. The plan is made again while EKS is busy with another update of the cluster."""
        found: list[Authorities] = []

        def look() -> tuple[bool, Row | None, str]:
            found[:] = [describe_authorities(self.client, self.cluster)]
            send = plan(found[0])
            if send is None or self.check_mode:
                return True, None if send is None else {}, ""
            try:
                return True, send()["update"], ""
            except Exception as error:
                if not self._is_busy(error):
                    raise
                return False, None, str(error)

        update = poll(look, f"Waiting until the {self._title} can be changed", self._deadline)
        before = {row["id"]: row["signingStatus"] for row in found[0].rows}
        after = before if update is None else predict(before)
        rows = [{"id": update["id"], "type": update["type"], "operation": update["type"]}] if update else []
        return Done(update is not None, found[0], before, after, rows)

    def _is_busy(self, error: Exception) -> bool:
        """EKS says so with ResourceInUseException, for which ActivateCertificateAuthority has no code in the model."""
        if has_code(error, "ResourceInUseException"):
            return True
        if not has_code(error, "InvalidParameterException", "InvalidRequestException"):
            return False
        cluster = describe_or_none(self.client.describe_cluster, "cluster", name=self.cluster)
        if cluster and cluster["status"] == "UPDATING":
            return True
        # The other update may have ended between the refusal and this look: a second refusal is none of it
        first, self._asked_again = not self._asked_again, True
        return first

    def _finish(self, done: Done, is_done: Callable[[Authorities], tuple[bool, str]]) -> Done:
        if self.check_mode:
            return done
        try:
            for update in done.updates if self.wait else []:
                self._wait_for_update(update["id"])
            done.authorities = self._wait_for(is_done) if self.wait else describe_authorities(self.client, self.cluster)
        except Exception as error:
            add_facts(error, {"changed": done.changed, "updates": done.updates})
            raise
        return done

    def _wait_for_update(self, key: str) -> None:
        def look() -> tuple[bool, None, str]:
            update = describe_update(self.client, self.cluster, {"id": key}) or {"status": "InProgress"}
            if update["status"] in ("Failed", "Cancelled"):
                reason = format_issues(update.get("errors") or [])
                now = describe_authorities(self.client, self.cluster)
                raise WaitFailed(
                    f"The change of the {self._title} ended {update['status']}: {reason}. {now.describe_next_step()}",
                    update.get("errors") or [],
                )
            return update["status"] == "Successful", None, update["status"]

        poll(look, f"Update {key} of the {self._title}", self._deadline)

    def _wait_for(self, is_done: Callable[[Authorities], tuple[bool, str]]) -> Authorities:
        def look() -> tuple[bool, Authorities, str]:
            now = describe_authorities(self.client, self.cluster)
            done, state = is_done(now)
            return done, now, state

        return poll(look, f"The change of the {self._title}", self._deadline)

    def _look_for_activation(self, chosen: list[Row], now: Authorities) -> tuple[bool, str]:
        """Whether the chosen CA signs. One that another run activates has no update here that would show its failure."""
        if _has(now, "signingStatus", ACTIVATING):
            return False, ACTIVATING
        if chosen and now.signer and now.signer["id"] != chosen[0]["id"]:
            raise WaitFailed(
                f"The certificate authority {chosen[0]['id']} was not activated. {now.describe_next_step()}"
            )
        return True, ""

    def _look_for_distribution(self, now: Authorities) -> tuple[bool, str]:
        status = (now.successor or {}).get("distributionStatus", COMPLETE)
        if status == FAILED:
            raise WaitFailed(f"The distribution of the successor failed. {now.describe_next_step()}")
        return status != "IN_PROGRESS", f"the distribution is {status}"


def _has(now: Authorities, key: str, status: str) -> bool:
    return any(row[key] == status for row in now.rows)


def _is_due(signer: Row, replaces: str | None, days: int) -> bool:
    """Whether the signer is to get a successor."""
    if replaces is not None:
        return signer["id"] == replaces
    return signer["validity"]["notAfter"] - datetime.now(UTC) <= timedelta(days=days)
