"""up and down: one server a folder whoever calls them when, and nothing left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import boto3
import pytest

from kumo_sandbox import cli, server_process
from kumo_sandbox.toolchain import charts

PATIENCE = 60.0  # seconds until a wait gives up; nothing takes that long
Run = Callable[..., "subprocess.CompletedProcess[str]"]


def command(state: Path, *words: str) -> list[str]:
    flags = ["--no-kubernetes", "--speed", "instant"] if words[0] == "up" else []
    return [sys.executable, "-m", "kumo_sandbox.cli", *words, "--state", str(state), *flags]


@pytest.fixture
def state(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "state"
    subprocess.run(command(tmp_path / "state", "down"), check=True, capture_output=True, timeout=PATIENCE)
    assert not (tmp_path / "state").exists() and servers(tmp_path / "state") == []


def run(state: Path, *words: str) -> str:
    done = subprocess.run(command(state, *words), capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def servers(state: Path) -> list[int]:
    """The processes that serve this folder."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0") if entry.name.isdigit() else []
        except OSError:
            continue
        if b"serve" in words and str(state).encode() in words:
            found.append(int(entry.name))
    return found


def eventually(look: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not look():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_up_status_env_and_down(state):
    assert "answers at http://127.0.0.1:" in run(state, "up")
    assert "IAM not enforced" in run(state, "status")
    assert "IAM is enforced" in run(state, "iam", "--enforce", "on")
    values = json.loads(run(state, "env", "--format", "json"))
    assert values["AWS_ENDPOINT_URL"] in run(state, "up")
    assert len(servers(state)) == 1
    assert (state / "server.json").stat().st_mode & 0o077 == 0
    assert run(state, "down") == "The sandbox is stopped.\n"
    assert "No sandbox ran" in run(state, "down")


def test_the_account_is_in_the_partition_of_the_region(state, monkeypatch):
    run(state, "up", "--region", "eusc-de-east-1")
    for name, value in json.loads(run(state, "env", "--format", "json")).items():
        monkeypatch.setenv(name, value)
    assert boto3.session.Session().region_name == "eusc-de-east-1"
    caller = boto3.session.Session().client("sts").get_caller_identity()
    assert caller["Arn"] == "arn:aws-eusc:iam::123456789012:user/sandbox-admin"
    run(state, "reset")
    assert boto3.session.Session().client("sts").get_caller_identity()["Arn"] == caller["Arn"]


def test_charts_prints_the_repositorys_url(state, tmp_path, monkeypatch):
    monkeypatch.setenv("KUMO_SANDBOX_CACHE", str(tmp_path))
    charts.get_repository().mkdir()
    run(state, "up")
    endpoint = json.loads(run(state, "env", "--format", "json"))["AWS_ENDPOINT_URL"]
    assert run(state, "charts") == f"{endpoint}/_sandbox/charts\n"


def test_two_ups_at_once_are_one_sandbox(state):
    both = [subprocess.Popen(command(state, "up"), stdout=subprocess.PIPE, text=True) for _each in range(2)]
    said = {each.communicate(timeout=PATIENCE)[0] for each in both}
    assert [each.returncode for each in both] == [0, 0]
    assert len(said) == 1 and len(servers(state)) == 1


def test_a_down_while_it_starts_leaves_nothing(state):
    starting = subprocess.Popen(command(state, "up"), stdout=subprocess.PIPE)
    eventually(lambda: servers(state) != [])
    run(state, "down")
    assert starting.wait(timeout=PATIENCE) == 0
    assert servers(state) == [] and not state.exists()


def test_an_interrupted_up_leaves_no_server(state):
    starting = subprocess.Popen(command(state, "up"), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    eventually(lambda: servers(state) != [])
    starting.send_signal(signal.SIGINT)
    starting.communicate(timeout=PATIENCE)
    eventually(lambda: servers(state) == [])


def test_an_up_that_is_interrupted_while_it_spawns_leaves_no_server(state, monkeypatch):
    spawn = subprocess.Popen

    def interrupted(*words, **options):
        server = spawn(*words, **options)
        signal.raise_signal(signal.SIGINT)
        return server

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(server_process.subprocess, "Popen", interrupted)
        cli.main(command(state, "up")[3:])
    eventually(lambda: servers(state) == [])


def test_after_a_killed_server_the_next_up_and_down_clear_up(state):
    run(state, "up")
    (server,) = servers(state)
    os.kill(server, signal.SIGKILL)
    eventually(lambda: servers(state) == [])
    # a control plane's program that outlived it, as it is recorded
    folder = state / "clusters" / "kubernetes" / "region-account-demo-x"
    folder.mkdir(parents=True)
    left = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)", str(folder)])
    (folder / "etcd.pid").write_text(str(left.pid))
    failed = subprocess.run(command(state, "status"), capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert failed.returncode == 1 and "no sandbox runs" in failed.stderr
    assert "No sandbox ran" in run(state, "down")
    assert left.wait(timeout=PATIENCE) == -signal.SIGKILL
    run(state, "up")
    assert len(servers(state)) == 1


def test_a_second_server_for_the_folder_is_refused(state):
    run(state, "up")
    serve = [word for word in command(state, "serve") if word != "up"]
    second = subprocess.run([*serve, "--no-kubernetes"], capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert second.returncode == 1 and "runs already with the state folder" in second.stderr


def test_quotas_are_raised_at_the_start_and_later(state):
    run(state, "up", "--quota", "vpcs=7")
    assert "vpcs  7" in run(state, "quotas") and "addresses  5" in run(state, "quotas")
    assert "addresses  9" in run(state, "quotas", "--set", "addresses=9")
    run(state, "reset")
    assert "vpcs  7" in run(state, "quotas") and "addresses  5" in run(state, "quotas")
    wrong = subprocess.run(command(state, "quotas", "--set", "vpcs=x"), capture_output=True, text=True, check=False)
    assert wrong.returncode == 1 and "Use vpcs=NUMBER" in wrong.stderr
