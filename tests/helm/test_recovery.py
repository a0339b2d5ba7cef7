# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Helm that is killed leaves its release pending, and such a one is freed only when asked for; a task that is killed."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from pathlib import Path

import pytest
from charts import NEVER_READY, config_map, write_chart
from conftest import CLUSTER, HELM_4, until

from ansible_collections.kumo.eks.plugins.module_utils.helm.operations import ReleaseOperations

pytestmark = pytest.mark.extended

NOW = {"recover": True, "recover_after": 0}


def helm_at(verb: str, namespace: str) -> int | None:
    """The process of a Helm that does this in the namespace, and waits there."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().decode().split("\0")
        except (FileNotFoundError, ProcessLookupError):
            continue
        if Path(words[0]).name in ("helm", "helm3") and words[1:2] == [verb] and {namespace, "--wait"} <= set(words):
            return int(path.parent.name)
    return None


@pytest.fixture
def waiting(namespace, kubectl):
    """Wait until Helm waits: waiting("upgrade", "pending-install") -> its process."""

    def look(verb: str, status: str) -> int:
        at = ["--namespace", namespace, "--output", "name"]
        until(lambda: kubectl("get", "secrets", "--selector", f"owner=helm,status={status}", *at), f"wait for {status}")
        pid = until(lambda: helm_at(verb, namespace), f"wait for helm {verb}")
        if status != "uninstalling":
            until(
                lambda: "False" in kubectl("get", "pods", *at[:2], "--output", CONDITIONS),
                "wait for a pod that is not ready",
            )
        return int(str(pid))

    return look


CONDITIONS = "jsonpath={.items[*].status.conditions[*].status}"  # one without a node has no other than PodScheduled


@pytest.fixture
def broken_off(keep, waiting):
    """Run a task, and kill its Helm when it waits: broken_off("upgrade", "pending-install", values=...) -> its result."""

    def run(verb: str, status: str, **options):
        killer = threading.Thread(target=lambda: os.kill(waiting(verb, status), signal.SIGKILL))
        killer.start()
        result = keep("web", fails=True, wait=True, **options)
        killer.join()
        return result

    return run


def test_a_pending_upgrade_goes_back_to_what_worked(keep, broken_off, chart):
    keep("web", chart=chart, wait=True)
    broken = broken_off("upgrade", "pending-upgrade", chart=chart, values=NEVER_READY)
    assert (broken["status"], broken["revision"]) == ("pending-upgrade", 2)

    refused = keep("web", chart=chart, values={}, fails=True)
    assert "is pending-upgrade at revision 2" in refused["msg"] and "Set recover=true" in refused["msg"]
    early = keep("web", chart=chart, values={}, recover=True, wait_timeout=900, fails=True)
    assert "a run may still be in progress. It is recovered after recover_after (1800 s)" in early["msg"]
    planned = keep("web", chart=chart, values={}, **NOW, check=True)
    assert planned["changed"] is True and "rolled back to revision 1" in planned["recovered"]
    assert planned["action"] == "none"
    other = keep("web", chart=chart, values={"controller": {"replicas": 2}}, **NOW, check=True)
    assert (other["action"], other["reasons"]) == ("upgrade", ["manifests"])
    freed = keep("web", chart=chart, values={}, **NOW)
    assert freed["recovered"].startswith("rolled back to revision 1, which was pending-upgrade since ")
    assert (freed["action"], freed["status"], freed["revision"]) == ("none", "deployed", 3)
    assert keep("web", chart=chart, values={})["changed"] is False


def test_a_pending_installation_keeps_what_it_created(keep, broken_off, chart, kubectl, namespace):
    broken = broken_off("upgrade", "pending-install", chart=chart, values=NEVER_READY)
    assert broken["status"] == "pending-install"

    def uid() -> str:
        return kubectl("get", "deployments", "--namespace", namespace, "--output", "jsonpath={.items[*].metadata.uid}")

    made = uid()
    planned = keep("web", chart=chart, values={}, **NOW, check=True)
    assert (planned["action"], planned["reasons"]) == ("upgrade", ["manifests"])
    freed = keep("web", chart=chart, values={}, **NOW, wait=True)
    for result in (planned, freed):
        assert result["recovered"].startswith("kept as revision 1, without its hooks, which was pending-install since ")
    assert (freed["action"], freed["status"], freed["revision"]) == ("upgrade", "deployed", 3)
    assert made and uid() == made
    assert keep("web", chart=chart, values={})["changed"] is False


@HELM_4
def test_a_pending_installation_is_removed(keep, broken_off, chart, kubectl, namespace):
    broken_off("upgrade", "pending-install", chart=chart, values=NEVER_READY)
    assert "Set recover=true" in keep("web", state="absent", fails=True)["msg"]
    assert keep("web", state="absent", **NOW, check=True)["action"] == "uninstall"
    assert keep("web", state="absent", **NOW, wait=True)["action"] == "uninstall"
    assert kubectl("get", "deployments,secrets", "--namespace", namespace, "--output", "name") == ""


@HELM_4
def test_a_pending_rollback_goes_back_to_what_worked(keep, broken_off, chart):
    keep("web", chart=chart, values=NEVER_READY)
    keep("web", chart=chart, values={}, wait=True)
    broken = broken_off("rollback", "pending-rollback", module="eks_helm_rollback", revision=1)
    assert (broken["status"], broken["revision"]) == ("pending-rollback", 3)
    refused = keep("web", module="eks_helm_rollback", revision=2, fails=True)
    assert "is pending-rollback" in refused["msg"]
    freed = keep("web", module="eks_helm_rollback", revision=2, **NOW, wait=True)
    assert (freed["rolled_back_to"], freed["status"]) == (2, "deployed")


@HELM_4
def test_a_broken_uninstallation_is_finished(keep, broken_off, tmp_path, kubectl, namespace):
    held = config_map("held", 'finalizers: ["example.com/held"]')
    chart = str(write_chart(tmp_path / "chart", templates={"held": held}))
    keep("web", chart=chart)
    broken_off("uninstall", "uninstalling", state="absent")
    assert "is uninstalling" in keep("web", chart=chart, fails=True)["msg"]
    free = json.dumps({"metadata": {"finalizers": None}})
    kubectl("patch", "configmap", "held", "--namespace", namespace, "--type", "merge", "--patch", free)
    freed = keep("web", chart=chart, **NOW)
    assert freed["recovered"].startswith("finished the uninstallation, which was uninstalling since ")
    assert (freed["action"], freed["status"], freed["revision"]) == ("install", "deployed", 1)


@HELM_4
def test_a_broken_uninstallation_goes_on_where_the_release_is_to_go(keep, broken_off, tmp_path, kubectl, namespace):
    """A teardown that was killed is run again, and needs no option for it."""
    held = config_map("held", 'finalizers: ["example.com/held"]')
    chart = str(write_chart(tmp_path / "chart", templates={"held": held}))
    keep("web", chart=chart)
    broken_off("uninstall", "uninstalling", state="absent")
    planned, done = keep("web", state="absent", check=True), keep("web", state="absent")
    for result in (planned, done):
        assert (result["action"], result["changed"]) == ("uninstall", True)
        assert result["recovered"].startswith("finished the uninstallation, which was uninstalling since ")
    assert keep("web", state="absent")["changed"] is False
    free = json.dumps({"metadata": {"finalizers": None}})
    kubectl("patch", "configmap", "held", "--namespace", namespace, "--type", "merge", "--patch", free)


@HELM_4
def test_a_release_that_another_run_removes_meanwhile_is_gone(keep, chart, monkeypatch):
    keep("web", chart=chart, values={})
    uninstall = ReleaseOperations.uninstall

    def uninstall_twice(operations):
        uninstall(operations)
        uninstall(operations)

    monkeypatch.setattr(ReleaseOperations, "uninstall", uninstall_twice)
    assert keep("web", state="absent")["action"] == "uninstall"
    assert keep("web", state="absent")["changed"] is False


@pytest.mark.parametrize("before", [None, {}], ids=["first", "later"])
@HELM_4
def test_a_helm_that_crashed_is_run_again(keep, waiting, chart, kubectl, before):
    """SIGQUIT makes Go's runtime end a program as a panic does; the pods find their node only after that."""
    if before is not None:
        keep("web", chart=chart, values=before, wait=True)
    node = kubectl("get", "nodes", "--output", "jsonpath={.items[0].metadata.name}")

    def crash() -> None:
        os.kill(waiting("upgrade", "pending-install" if before is None else "pending-upgrade"), signal.SIGQUIT)
        kubectl("label", "node", node, "crash=true")

    crasher = threading.Thread(target=crash)
    crasher.start()
    values = {"controller": {"nodeSelector": {"crash": "true"}}}
    made = keep("web", chart=chart, values=values, wait=True)
    crasher.join()
    kubectl("label", "node", node, "crash-")
    assert (made["changed"], made["action"], made["status"]) == (
        True,
        "install" if before is None else "upgrade",
        "deployed",
    )
    assert "Helm crashed (SIGQUIT: quit) and was run again" in made["warnings"][0]
    assert keep("web", chart=chart, values=values)["changed"] is False


def left_over(tmp_path: Path) -> list[Path]:
    return [path for path in tmp_path.rglob("*") if path.name.startswith(("eks-helm-", "kumo-eks-", "kubeconfig"))]


@pytest.mark.parametrize(
    ("number", "pipelining"), [(signal.SIGTERM, "0"), (signal.SIGKILL, "0"), (signal.SIGKILL, "1")]
)
@HELM_4
def test_a_killed_task_leaves_nothing(
    ansible, keep, chart, waiting, namespace, helm_program, tmp_path, number, pipelining
):
    args = {"cluster_name": CLUSTER, "name": "web", "namespace": namespace, "binary_path": str(helm_program)}
    keep("web", chart=chart, wait=True)
    seen = {}

    def kill() -> None:
        seen["helm"] = waiting("upgrade", "pending-upgrade")
        seen["folders"] = left_over(tmp_path)
        status = Path(f"/proc/{seen['helm']}/status").read_text()
        os.kill(int(status.partition("PPid:")[2].split()[0]), number)

    killer = threading.Thread(target=kill)
    killer.start()
    wanted = {**args, "chart": chart, "values": NEVER_READY, "wait": True}
    result, output = ansible("eks_helm", wanted, fails=True, python=sys.executable, ANSIBLE_PIPELINING=pipelining)
    killer.join()
    assert seen["folders"]
    assert ("stopped by SIGTERM" in result["msg"]) == (number == signal.SIGTERM), output
    until(lambda: not Path(f"/proc/{seen['helm']}").exists(), "wait for Helm's end")
    until(lambda: not left_over(tmp_path), "wait for an empty folder")
    after = keep("web", module="eks_helm_info")["releases"][0]
    told = "failed" if number == signal.SIGTERM else "pending-upgrade"  # by Helm, which only then had a reader
    assert (after["status"], after["revision"]) == (told, 2)
    assert keep("web", chart=chart, values={}, **NOW, wait=True)["status"] == "deployed"
