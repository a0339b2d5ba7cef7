# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Walks a sequence on a sandbox, and checks after each step what holds for every task.

- The check run before it changes nothing, and predicts ``changed`` and the diff.
- The same task again changes nothing.
- The info modules show what was declared.
- A task that was disturbed ends, at the latest at its second run, where it ends undisturbed.
- At the end the account is as it was at the beginning.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from unittest import mock

from soak.agreement import find_declared, find_difference
from soak.sequences import Step
from soak.tables import BUCKET, CLUSTER, KEY, KEY_PAIR, REGION, ZONE_GROUP
from support.account.comparison import compare, normalize
from support.account.listing import list_account
from support.account.pages import Listing
from support.in_process import Result, run_module
from support.killing import READS, Killed, kill_at
from support.moving_pods import NODES, MovingPods

from ansible_collections.kumo.eks.plugins.module_utils.kubernetes import opening
from kumo_sandbox import Sandbox

REPLACES = "kumo.eks/replaces"
LEFT = "the account is not as it was at the beginning"
SUBNETS = re.compile(r"\{\{ network\.network\.(\w+_subnet_ids)(?:\[:(\d)\])? \}\}")


class Finding(Exception):
    """A property that does not hold, with the number of the step."""

    def __init__(self, number: int, what: str, *details: Any) -> None:
        super().__init__(f"step {number}: {what}" + "".join(f"\n  {detail}" for detail in details))
        self.number, self.what = number, what


class Walk:
    """One sequence on an empty account.

    Args:
        folder: for a kubeconfig.
    """

    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        self.sandbox, self.folder = sandbox, folder
        self.network: Result = {}
        self.key = ""
        self.kubernetes = MovingPods(sandbox.client("eks"), CLUSTER)

    # the two ways to walk

    def walk_undisturbed(self, steps: list[Step]) -> dict[int, Listing]:
        """Each task once. Returns the account after each that is to be disturbed."""
        self._begin()
        found = {}
        disturbed = [number for number, step in enumerate(steps) if step.disturbance]
        for number, step in enumerate(steps[: max(disturbed, default=-1) + 1]):
            self._check_success(number, self._run(step.module, step.options))
            if step.disturbance:
                found[number] = normalize(list_account(self.sandbox.client))
        return found

    def walk(self, steps: list[Step], undisturbed: dict[int, Listing]) -> None:
        """Each task with all checks; raises Finding."""
        self._begin()
        before = list_account(self.sandbox.client)
        for number, step in enumerate(steps):
            self._take(number, step)
            if number in undisturbed:
                differences = compare(normalize(list_account(self.sandbox.client)), undisturbed[number])
                if differences:
                    raise Finding(number, "the account is not as it is undisturbed", *differences)
        self._delete_log_group()
        left = compare(list_account(self.sandbox.client), before)
        if left:
            raise Finding(len(steps) - 1, LEFT, *left)

    def _begin(self) -> None:
        self.sandbox.reset()
        self.sandbox.client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        self.key = self.sandbox.client("kms").create_key()["KeyMetadata"]["Arn"]
        self.sandbox.client("ec2").create_key_pair(KeyName=KEY_PAIR)
        self.sandbox.client("ec2").modify_availability_zone_group(GroupName=ZONE_GROUP, OptInStatus="opted-in")
        self.network = {}
        self.kubernetes = MovingPods(self.sandbox.client("eks"), CLUSTER)
        (self.folder / "kubeconfig").unlink(missing_ok=True)

    def _delete_log_group(self) -> None:
        """EKS creates it for a cluster with logging, and leaves it when it deletes the cluster."""
        logs, name = self.sandbox.client("logs"), f"/aws/eks/{CLUSTER}/cluster"
        if logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]:
            logs.delete_log_group(logGroupName=name)

    # a step

    def _take(self, number: int, step: Step) -> None:
        if step.module == "eks_nodegroup_replacement":
            self._place_pods()
        planned = self._run(step.module, step.options, check=True)
        self._check_success(number, planned, "the check run failed")
        if sent := self._list_changes():
            raise Finding(number, "the check run made changing calls", sent)
        done = self._run_disturbed(step)
        if done is not None and not done["failed"]:
            self._compare_with_plan(number, planned, done)
        elif done is not None and not step.disturbance.get("fault", "").startswith("fail_"):
            raise Finding(number, f"the task failed: {done.get('msg')}", done)
        else:
            self._check_success(number, self._run(step.module, step.again or step.options), "the next run failed")
        self._check_again(number, step)
        self._check_nodes(number)
        self._check_info(number, step)

    def _place_pods(self) -> None:
        """A pod and one of a DaemonSet on each node."""
        names = [row["metadata"]["name"] for row in self.kubernetes.list(NODES)]
        self.kubernetes.place({f"{kind}-{name}": name for name in names for kind in ("web", "agent")})

    def _run_disturbed(self, step: Step) -> Result | None:
        """The result, None of a run that was killed."""
        how = step.disturbance
        if "kill" in how:
            try:
                with kill_at(how["call"], how["kill"]):
                    return self._run(step.module, step.options)
            except Killed:
                return None
        if "fault" in how:
            words = {key: value for key, value in how.items() if key != "fault"}
            self.sandbox.add_fault(kind=how["fault"], **words)
        result = self._run(step.module, step.options)
        self.sandbox.clear_faults()
        return result

    def _run(self, module: str, options: dict[str, Any], check: bool = False) -> Result:
        self.sandbox.recorder.clear()
        with mock.patch.object(opening, "connect_api", self.kubernetes.connect):
            result = run_module(module, self._resolve(options), check)
        if module == "eks_network" and not check and not result["failed"]:
            self.network = result["network"]
        return result

    def _resolve(self, value: Any) -> Any:
        """The options with what only the account knows."""
        if isinstance(value, dict):
            return {key: self._resolve(word) for key, word in value.items()}
        if isinstance(value, list):
            return [self._resolve(word) for word in value]
        if value == "{{ kubeconfig }}":
            return str(self.folder / "kubeconfig")
        if value == KEY:
            return self.key
        if isinstance(value, str) and (found := SUBNETS.fullmatch(value)):
            return self.network[found[1]][: int(found[2]) if found[2] else None]
        return value

    def _list_changes(self) -> list[str]:
        names = [f"{call['service']}:{call['operation']}" for call in self.sandbox.calls()]
        return [name for name in names if not name.split(":")[1].startswith(READS)]

    # the checks

    @staticmethod
    def _check_success(number: int, result: Result, what: str = "the task failed") -> None:
        if result["failed"]:
            raise Finding(number, f"{what}: {result.get('msg')}", result)

    @staticmethod
    def _compare_with_plan(number: int, planned: Result, done: Result) -> None:
        if planned["changed"] != done["changed"]:
            raise Finding(
                number, f"check mode says changed={planned['changed']}", planned.get("diff"), done.get("diff")
            )
        for side in ("before", "after"):
            one, other = (result.get("diff", {}).get(side) for result in (planned, done))
            if difference := find_difference(one, other):
                raise Finding(number, f"check mode shows another diff ({side}): {difference}", one, other)

    def _check_again(self, number: int, step: Step) -> None:
        again = self._run(step.module, step.options)
        self._check_success(number, again, "the same task again failed")
        sent = self._list_changes()
        if again["changed"] or sent:
            raise Finding(number, "the same task again changes something", sent, again.get("diff"))
        diff = again.get("diff") or {}
        if diff.get("before") != diff.get("after"):
            raise Finding(number, "the same task again shows a diff", diff)

    def _check_nodes(self, number: int) -> None:
        """No node is left cordoned, and no pod was lost, but of groups that are being replaced."""
        names = self.sandbox.client("eks").list_clusters()["clusters"]
        if CLUSTER not in names or self._is_replacing():
            return
        held = [row["metadata"]["name"] for row in self.kubernetes.list(NODES) if row["spec"].get("unschedulable")]
        if held:
            raise Finding(number, "nodes are left cordoned", held)

    def _is_replacing(self) -> bool:
        eks, words = self.sandbox.client("eks"), {"clusterName": CLUSTER}
        names = eks.list_nodegroups(**words)["nodegroups"]
        tags = [eks.describe_nodegroup(nodegroupName=name, **words)["nodegroup"]["tags"] for name in names]
        return any(row.get(REPLACES, "").partition("/")[0] in names for row in tags)

    def _check_info(self, number: int, step: Step) -> None:
        for module, options, declared, find in find_declared(step):
            found = run_module(module, self._resolve(options))
            self._check_success(number, found, f"{module} failed")
            shown = find(found)
            if difference := find_difference(self._resolve(declared), shown, subset=True):
                raise Finding(number, f"{module} shows something else: {difference}", declared, shown)


def walk_sequence(sandbox: Sandbox, folder: Path, steps: list[Step]) -> None:
    """Walk it undisturbed, as far as something is disturbed, and then with all checks. Raises Finding."""
    walk = Walk(sandbox, folder)
    walk.walk(steps, walk.walk_undisturbed(steps))
