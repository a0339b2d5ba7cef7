# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waits: for pods, Jobs and hooks, in vain, and for longer than a token lives."""

from __future__ import annotations

import calendar
import threading
import time
from datetime import timedelta

import pytest
from charts import config_map, job, write_chart
from conftest import CLUSTER, HELM_4

from ansible_collections.kumo.eks.plugins.module_utils.helm import environment
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.connection import Connection
from kumo_sandbox.kubernetes import tokens
from kumo_sandbox.kubernetes.pki import Pki

pytestmark = pytest.mark.extended
BEHIND = timedelta(minutes=13, seconds=54)  # of the 14 minutes for which the exec credential calls its tokens good
LIFETIME = timedelta(minutes=14, seconds=6)  # so that a token lives for 12 seconds, and is used for 6
SLOW_CLOCK = f"""
import datetime, sys
if "ansible_collections.kumo.eks.plugins.module_utils.kubernetes.token" in " ".join(sys.orig_argv):
    class Slow(datetime.datetime):
        @classmethod
        def now(cls, tz=None):
            return super().now(tz) - datetime.timedelta(seconds={BEHIND.total_seconds()})
    datetime.datetime = Slow
"""


@HELM_4
def test_a_job_is_waited_for(keep, tmp_path, kubectl, namespace):
    chart = str(write_chart(tmp_path / "chart", templates={"job": job("load")}))
    assert keep("load", chart=chart, wait_for_jobs=True)["status"] == "deployed"
    done = kubectl("get", "job", "load", "--namespace", namespace, "--output", "jsonpath={.status.succeeded}")
    assert done == "1"
    assert keep("load", chart=chart, wait_for_jobs=True)["changed"] is False


def test_a_job_that_never_ends_is_named(keep, tmp_path):
    chart = str(write_chart(tmp_path / "chart", templates={"job": job("load", never_ready="true")}))
    began = time.monotonic()
    failed = keep("load", chart=chart, wait_for_jobs=True, wait_timeout=5, fails=True)
    assert time.monotonic() - began > 5
    assert "It is failed at revision 1. Not ready: pod load-" in failed["msg"]


@HELM_4
def test_a_hook_that_fails_is_named(keep, tmp_path):
    hook = job("prepare", "helm.sh/hook=pre-install,pre-upgrade", exit_code="3")
    chart = str(write_chart(tmp_path / "chart", templates={"hook": hook, "own": config_map("own")}))
    failed = keep("load", chart=chart, wait_timeout=30, fails=True)
    assert "prepare" in failed["msg"] and "It is failed at revision 1" in failed["msg"]
    assert "container work terminated Error with exit code 3" in failed["msg"]
    assert keep("load", chart=chart, disable_hook=True)["status"] == "deployed"


@pytest.fixture
def short_lives(monkeypatch, tmp_path):
    """The exec credential runs by a clock that is slow, and the API server takes tokens for a little longer than that.

    So its tokens are older than they look, to itself and to Helm as to the API server: they run out in seconds.
    """
    (tmp_path / "slow").mkdir()
    (tmp_path / "slow/sitecustomize.py").write_text(SLOW_CLOCK)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "slow"))
    monkeypatch.setattr(tokens, "LIFETIME", LIFETIME)


@pytest.fixture
def reviews(monkeypatch):
    """When each token that the API server asked about says it was signed, and whether it was still good."""
    seen = []
    own = tokens._check_time

    def check(query, now):
        try:
            own(query, now)
            seen.append((query["x-amz-date"], True))
        except tokens.TokenError:
            seen.append((query["x-amz-date"], False))
            raise

    monkeypatch.setattr(tokens, "_check_time", check)
    return seen


def test_a_wait_outlives_its_tokens(keep, chart, kubectl, short_lives, reviews):
    """The pod finds its node only when the first token has run out.

    Not 15 seconds after it found none: kstatus looks at it again then, and Helm 4 may crash where the wait ends meanwhile.
    """
    node = kubectl("get", "nodes", "--output", "jsonpath={.items[0].metadata.name}")
    late = threading.Timer(26, lambda: kubectl("label", "node", node, "late=true"))
    late.start()
    try:
        made = keep(
            "late", chart=chart, wait=True, wait_timeout=90, values={"controller": {"nodeSelector": {"late": "true"}}}
        )
    finally:
        late.join()
        kubectl("label", "node", node, "late-")
    assert made["status"] == "deployed"
    assert len({when for when, dummy in reviews if age(when) > 600}) >= 2, "Helm came with one token alone"
    assert [when for when, good in reviews if not good] == []


def age(when: str) -> float:
    return time.time() - calendar.timegm(time.strptime(when, "%Y%m%dT%H%M%SZ"))


@HELM_4
def test_a_server_of_another_ca_gets_no_token(keep, chart, monkeypatch, kubernetes_sandbox, reviews, tmp_path):
    endpoint = kubernetes_sandbox.client("eks").describe_cluster(name=CLUSTER)["cluster"]["endpoint"]
    other = Connection(endpoint, Pki(tmp_path / "other", "other").ca_data)
    monkeypatch.setattr(environment, "build_connection", lambda *args: other)
    assert "not issued by the cluster's certificate authority" in keep("web", chart=chart, fails=True)["msg"]
    assert reviews == []
