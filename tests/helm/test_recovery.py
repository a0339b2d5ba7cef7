# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Helm that is killed leaves its release pending; such a one is freed only when asked for."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path

import pytest
from conftest import CLUSTER, HELM_4, write_chart

NEVER_READY = {"controller": {"podAnnotations": {"sandbox.kumo.eks/never-ready": "true"}}}


def kill_helm(program: Path, release: str) -> None:
    """Kill the one Helm that upgrades this release, once it waits."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                words = path.read_bytes().decode().split("\0")
            except (FileNotFoundError, ProcessLookupError):
                continue
            if words[0] == str(program) and release in words and "--wait" in words:
                time.sleep(4)  # the release is written, and its pods are waited for
                os.kill(int(path.parent.name), signal.SIGKILL)
                return
        time.sleep(0.1)
    raise AssertionError(f"no Helm upgrades {release}")


@pytest.fixture
def keep(ansible, helm_program, tmp_path, request):
    """eks_helm on a release of the test's own: keep(values=...) -> its result."""
    chart = write_chart(tmp_path / "ingress-nginx", "4.0.0")
    name = f"{request.node.originalname.split('_')[3]}-{helm_program.name}"
    own = {"cluster_name": CLUSTER, "name": name, "namespace": name, "create_namespace": True, "chart": str(chart)}

    def run(*flags: str, fails: bool = False, **options):
        args = {**own, "binary_path": str(helm_program), **options}
        return ansible("eks_helm", args, *flags, fails=fails)[0]

    run.name = name
    return run


def break_off(keep, program: Path) -> dict:
    """Run an upgrade that waits, and kill its Helm; the task's result."""
    results = []
    task = threading.Thread(target=lambda: results.append(keep(values=NEVER_READY, wait=True, fails=True)))
    task.start()
    kill_helm(program, keep.name)
    task.join()
    return results[0]


def test_a_pending_upgrade_goes_back_to_what_worked(keep, helm_program):
    keep(wait=True)
    broken = break_off(keep, helm_program)
    assert broken["status"] == "pending-upgrade"

    refused = keep(values={}, fails=True)
    assert "is pending-upgrade at revision 2" in refused["msg"] and "Set recover to true" in refused["msg"]
    early = keep(values={}, recover=True, fails=True)
    assert "somebody may be at work" in early["msg"]
    planned = keep("--check", values={}, recover=True, recover_after=0)
    assert planned["changed"] is True and "rolled back to revision 1" in planned["recovered"]
    assert planned["action"] == "none"
    other = keep("--check", values={"controller": {"replicas": 2}}, recover=True, recover_after=0)
    assert (other["action"], other["reasons"]) == ("upgrade", ["manifests"])
    freed = keep(values={}, recover=True, recover_after=0)
    assert "rolled back to revision 1 from revision 2" in freed["recovered"]
    assert (freed["action"], freed["status"], freed["revision"]) == ("none", "deployed", 3)
    assert keep(values={})["changed"] is False


@HELM_4
def test_a_pending_installation_is_done_anew(keep, helm_program):
    broken = break_off(keep, helm_program)
    assert broken["status"] == "pending-install"
    planned = keep("--check", values={}, recover=True, recover_after=0)
    assert planned["action"] == "install" and "uninstalled revision 1" in planned["recovered"]
    freed = keep(values={}, recover=True, recover_after=0)
    assert "uninstalled revision 1" in freed["recovered"]
    assert (freed["action"], freed["status"], freed["revision"]) == ("install", "deployed", 1)
    assert keep(state="absent")["action"] == "uninstall"
