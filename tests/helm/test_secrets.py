# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No token and no secret key in what a Helm module prints or leaves, also where keys are given as options."""

from __future__ import annotations

import contextlib
import threading
from pathlib import Path

import pytest
from charts import SECRET, SETTINGS, WORKLOAD, write_chart
from conftest import CLUSTER

TOKEN = "k8s-aws-v1."
# Texts in values: under a key that says so, under any key of secret_values, and in a list's item. The chart writes all values
# into a ConfigMap, so the diff would show them.
GIVEN = ("under-a-key", "under-any-key", "in-a\\list", "of-a-repository")
WITH_SECRETS = {
    "values": {"controller": {"replicas": 2}, "settings": {"apiToken": GIVEN[0], "plain": "to-be-shown"}},
    "secret_values": {"settings": {"anything": GIVEN[1]}},
}
MORE_SECRETS = {
    "values": {"settings": {"apiToken": GIVEN[2], "plain": "also-shown"}},
    "secret_values": {"settings": {"anything": "another"}},
}
CREDENTIALS = {"username": "me", "password": GIVEN[3]}


@pytest.fixture
def keys(kubernetes_sandbox):
    """The administrator's keys as options of a task, and an environment that has none."""
    env = kubernetes_sandbox.env
    options = {"access_key": env["AWS_ACCESS_KEY_ID"], "secret_key": env["AWS_SECRET_ACCESS_KEY"]}
    return options, {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}


def tasks(chart: str, repository: str):
    release = {"name": "quiet", "namespace": "quiet"}
    at = {"cluster_name": CLUSTER, **release}
    yield "eks_helm", {**at, "chart": chart, "create_namespace": True, "wait": True}
    yield "eks_helm_info", {"cluster_name": CLUSTER, "details": ["user_values", "history", "manifest", "notes"]}
    yield "eks_helm", {**at, "chart": chart, **WITH_SECRETS}
    yield "eks_helm", {"cluster_name": CLUSTER, "releases": [{**release, "chart": chart, **MORE_SECRETS}]}
    yield "eks_helm_rollback", {**at, "revision": 1}
    yield "eks_helm_repository", {"name": "here", "url": repository, "update": True}
    yield "eks_helm_repository", {"repositories": [{"name": "more", "url": repository, **CREDENTIALS}]}
    yield "eks_helm_search", {"keyword": "nginx"}
    yield "eks_helm", {**at, "state": "absent"}


@pytest.fixture
def arguments_seen(programs):
    """The arguments of every Helm that runs during the test, as ps would show them."""
    seen, stop = set(), threading.Event()

    def look() -> None:
        while not stop.wait(0.02):
            for path in Path("/proc").glob("[0-9]*/cmdline"):
                with contextlib.suppress(OSError):
                    text = path.read_bytes()
                    if text.startswith(str(programs["helm"]).encode() + b"\0"):
                        seen.add(text)

    watcher = threading.Thread(target=look)
    watcher.start()
    yield seen
    stop.set()
    watcher.join()


@pytest.mark.extended
def test_no_secret_is_printed_or_left(ansible, keys, programs, chart, repository, arguments_seen, tmp_path):
    options, environment = keys
    write_chart(Path(chart), templates={**WORKLOAD, "settings": SETTINGS})
    seen = ""
    for module, args in tasks(chart, repository):
        wanted = {**args, **options, "binary_path": str(programs["helm"])}
        flags = {"ANSIBLE_INJECT_INVOCATION": "1", "ANSIBLE_LOG_PATH": str(tmp_path / "ansible.log"), **environment}
        result, output = ansible(module, wanted, "-vvvv", "--diff", **flags)
        assert "invocation" in result
        assert TOKEN not in output
        assert SECRET not in output
        assert not [text for text in GIVEN if text in output or text.replace("\\", "\\\\") in output]
        seen += output
        assert options["secret_key"] not in output
    assert "to-be-shown" in seen and "also-shown" in seen and "replicas: 2" in seen
    left = [path for path in tmp_path.rglob("*") if path.is_file() and path.name != "repositories.yaml"]
    assert any(path.name == "ansible.log" for path in left)
    for path in left:
        text = path.read_bytes()
        assert TOKEN.encode() not in text and options["secret_key"].encode() not in text, path
        assert not [each for each in GIVEN if each.encode() in text], path
    assert [path for path in left if "eks-helm-" in str(path) or path.name == "kubeconfig"] == []
    assert any(b"upgrade" in text for text in arguments_seen)
    assert not [text for text in arguments_seen if TOKEN.encode() in text or options["secret_key"].encode() in text]
