# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""make aws-check, with a sandbox in the place of AWS that is made to differ from the other one."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support.process_tree import kill_tree

from kumo_sandbox.eks import service

pytestmark = pytest.mark.extended
TESTS = Path(__file__).parents[2]
PROGRAM = TESTS / "aws_check" / "aws_check.py"
ACCOUNT = "123456789012"


@pytest.fixture
def start(sandbox, tmp_path):
    """start(*words) -> the running check, with the sandbox as AWS."""

    def run(*words: str) -> subprocess.Popen[str]:
        command = [sys.executable, str(PROGRAM), "--speed", "instant", "--folder", str(tmp_path / "check"), *words]
        env = {**os.environ, "ANSIBLE_HOME": str(tmp_path / "home"), "PYTHONPATH": str(TESTS)}
        return subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    return run


def end(process: subprocess.Popen[str]) -> tuple[int, str]:
    output = process.communicate()[0]
    return process.returncode, output


def wait_for_cluster(sandbox) -> None:
    eks = sandbox.client("eks")
    end_at = time.monotonic() + 120
    while not eks.list_clusters()["clusters"]:
        assert time.monotonic() < end_at
        time.sleep(0.1)


@pytest.fixture
def differing(monkeypatch):
    """The sandbox in the place of AWS answers one member more and one less, another default, and another refusal."""
    original = service.handle

    def handle(context, operation, path, query, body):
        status, headers, text = original(context, operation, path, query, body)
        found = json.loads(text)
        if operation.name == "DescribeCluster" and status == 200:
            found["cluster"].pop("platformVersion", None)
            found["cluster"]["upgradePolicy"] = {"supportType": "STANDARD"}
        if operation.name == "DescribeNodegroup" and status == 200:
            found["nodegroup"]["capacityType"] = "RESERVED"
        if operation.name == "DescribeAddon" and status != 200:
            found["message"] = "AWS has other words"
        return status, headers, json.dumps(found).encode()

    monkeypatch.setattr(service, "handle", handle)


def test_nothing_is_created_without_the_account(sandbox, start, account):
    before = account()
    for words in ([], ["--account", "999999999999"]):
        code, output = end(start(*words))
        assert code == 2 and f"To create the cluster in this account: --account {ACCOUNT}" in output
        assert "by the hour, without traffic and taxes" in output
    assert account() == before


def test_differences_are_told_and_nothing_is_left(sandbox, start, account, differing, tmp_path):
    before = account()
    code, output = end(start("--account", ACCOUNT))
    assert code == 0, output
    for line in (
        "eks:DescribeCluster: the sandbox answers cluster.platformVersion (string), AWS leaves it out",
        "eks:DescribeCluster: cluster.upgradePolicy.supportType is STANDARD at AWS, EXTENDED in the sandbox",
        "eks:DescribeNodegroup: nodegroup.capacityType is RESERVED at AWS",
        "eks:DescribeAddon: ResourceNotFoundException says AWS has other words at AWS, No addon: ",
    ):
        assert line in output
    assert account() == before
    recording = tmp_path / "check" / "aws" / "calls.jsonl"
    assert recording.stat().st_mode & 0o777 == 0o600
    assert ACCOUNT not in recording.read_text() and "AWS4-HMAC" not in recording.read_text()


def test_an_interrupted_check_is_torn_down(sandbox, start, account):
    before = account()
    process = start("--account", ACCOUNT)
    wait_for_cluster(sandbox)
    process.send_signal(signal.SIGINT)
    code, output = end(process)
    assert "Interrupted: tearing down." in output
    assert code == 0 and account() == before, output


def test_what_a_killed_check_left_is_named_and_deleted(sandbox, start, account):
    before = account()
    process = start("--account", ACCOUNT)
    wait_for_cluster(sandbox)
    kill_tree(process.pid)
    process.communicate()
    code, output = end(start("--account", ACCOUNT))
    assert code == 2 and "An earlier check has left cluster kumo-aws-check" in output
    code, output = end(start("--account", ACCOUNT, "--teardown"))
    assert code == 0 and account() == before, output
