# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The steps of a teardown that no role of the collection does: they are about what controllers made, and about proof."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.aws.client import has_code
from ansible_collections.kumo.eks.plugins.module_utils.aws.describe import describe_or_none
from ansible_collections.kumo.eks.plugins.module_utils.aws.iam_tags import build_tag_list
from ansible_collections.kumo.eks.plugins.module_utils.aws.ownership import build_owner_key
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import EksError, WaitTimedOut
from ansible_collections.kumo.eks.plugins.module_utils.core.waiting import Deadline, poll
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.api import KubernetesApi
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.opening import open_described_api
from ansible_collections.kumo.eks.plugins.module_utils.leaks.claims import CONTROLLER, EKS
from ansible_collections.kumo.eks.plugins.module_utils.leaks.controllers import ControllerRemoval, is_no_answer
from ansible_collections.kumo.eks.plugins.module_utils.leaks.fates import Policy, build_row
from ansible_collections.kumo.eks.plugins.module_utils.leaks.obstacles import find_obstacles
from ansible_collections.kumo.eks.plugins.module_utils.leaks.picture import Picture, take_picture
from ansible_collections.kumo.eks.plugins.module_utils.leaks.reading import KINDS
from ansible_collections.kumo.eks.plugins.module_utils.leaks.removal import LeftoverRemoval
from ansible_collections.kumo.eks.plugins.module_utils.leaks.report import format_plan, format_proof

Row = dict[str, Any]
CHECK, CONTROLLERS, LEFTOVERS, PROOF = "check", "controllers", "leftovers", "proof"
STEPS = (CHECK, CONTROLLERS, LEFTOVERS, PROOF)


@dataclass
class Teardown:
    """One step of the teardown of a cluster.

    Args:
        get_client: gives a boto3 client by the name of its service.
        warn: takes a sentence for the user.
    """

    get_client: Callable[[str], Any]
    region: str
    cluster: str
    volumes: str
    log_group: str
    warn: Callable[[str], None]
    check_mode: bool = False
    node_pools: bool = False
    wait_timeout: float = 300

    def run(self, step: str) -> Row:
        """The result of a step."""
        steps = {
            CHECK: self.check,
            CONTROLLERS: self.let_controllers_remove,
            LEFTOVERS: self.remove_leftovers,
            PROOF: self.prove,
        }
        return steps[step]()

    @property
    def _policy(self) -> Policy:
        return Policy(self.volumes, self.log_group, owner=build_owner_key(self.region, self.cluster))

    # pictures

    def check(self) -> Row:
        """What belongs to the cluster, what becomes of it, and what would stop the teardown halfway."""
        picture = self._take_picture()
        rows = self._build_rows(picture)
        obstacles = find_obstacles(self.get_client, self.region, self.cluster, picture.claims)
        lines = format_plan(self.cluster, rows, obstacles)
        return {"changed": False, "resources": rows, "obstacles": obstacles, "lines": lines}

    def prove(self) -> Row:
        """What is left, when what goes by itself is gone: EKS takes its interfaces and its group some minutes after the cluster."""
        state: list[Row] = []

        def observe() -> tuple[bool, None, str]:
            state[:] = self._build_rows(self._take_picture())
            going = [row for row in state if row["removed_by_teardown"] and row["owner"] in (EKS, CONTROLLER)]
            return not going, None, ", ".join(row["id"] for row in going)

        try:
            poll(observe, "The end of what EKS and controllers take away", Deadline(self.wait_timeout))
        except WaitTimedOut:
            pass  # it is named
        kept = [row for row in state if not row["removed_by_teardown"]]
        left = [row for row in state if row["removed_by_teardown"]]
        if left:
            names = ", ".join(f"{row['kind']} {row['id']}" for row in left)
            self.warn(
                f"Of cluster {self.cluster} is left what a teardown removes: {names}. Run it again, or see remedy."
            )
        return {"changed": False, "kept": kept, "left": left, "lines": format_proof(self.cluster, kept, left)}

    def _take_picture(self) -> Picture:
        return take_picture(self.get_client, self.region, self.cluster, KINDS)

    def _build_rows(self, picture: Picture) -> list[Row]:
        vpc = ((picture.raw or {}).get("resourcesVpcConfig") or {}).get("vpcId")
        policy = Policy(self.volumes, self.log_group, vpc, build_owner_key(self.region, self.cluster))
        return [build_row(thing, claim, policy, self.region) for thing, claim in picture.claims]

    # removal

    def let_controllers_remove(self) -> Row:
        """Through the Kubernetes API, while controllers live. Where it does not answer, the next step does it through AWS."""
        result: Row = {"changed": False, "reachable": False, "left": [], "diff": {"before": {}, "after": {}}}
        raw = describe_or_none(self.get_client("eks").describe_cluster, "cluster", name=self.cluster)
        if raw is None:
            return result
        try:
            with open_described_api(raw, self.get_client("sts"), self.cluster, self.region) as api:
                removal = self._build_removal(api, raw)
                removal.probe()
                removal.run()
        except EksError as error:
            if not is_no_answer(error):
                raise
            self.warn(
                f"Cluster {self.cluster} cannot be asked, so load balancers and volumes are found by their tags, and removed through"
                f" AWS when its nodes are gone. {error.message}"
            )
            return result
        for line in removal.left:
            self.warn(f"{line}. It is removed through AWS when the nodes are gone.")
        diff = {"before": removal.before, "after": removal.after}
        return {"changed": removal.changed, "reachable": True, "left": removal.left, "diff": diff}

    def _build_removal(self, api: KubernetesApi, raw: Row) -> ControllerRemoval:
        """EKS Auto Mode manages its NodePools, and ends their nodes with the cluster."""
        auto_mode = bool((raw.get("computeConfig") or {}).get("enabled"))
        return ControllerRemoval(
            api,
            self.cluster,
            self._tag_volume,
            self.volumes,
            self.node_pools and not auto_mode,
            self.check_mode,
            self.wait_timeout,
        )

    def _tag_volume(self, volume: str, tags: dict[str, str]) -> None:
        """A PersistentVolume may name a volume that is gone."""
        try:
            self.get_client("ec2").create_tags(Resources=[volume], Tags=build_tag_list(tags))
        except Exception as error:
            if not has_code(error, "InvalidVolume.NotFound", "InvalidID"):
                raise

    def remove_leftovers(self) -> Row:
        """Through AWS, when no controller lives any more."""
        removal = LeftoverRemoval(
            self.get_client, self.region, self.cluster, self._policy, self.check_mode, self.wait_timeout
        )
        removal.ensure_absent()
        before = {
            f"{row['kind']} {row['id']}": {"name": row["name"], "reason": row["reason"]} for row in removal.removed
        }
        diff = {"before": before, "after": {}}
        return {"changed": bool(removal.removed), "removed": removal.removed, "diff": diff}
