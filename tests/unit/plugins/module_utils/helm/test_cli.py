# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Helm's environment and arguments, and when a release is free."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from ansible_collections.kumo.eks.plugins.module_utils.helm.chart import ECR
from ansible_collections.kumo.eks.plugins.module_utils.helm.cli import age_of, aws_environment
from ansible_collections.kumo.eks.plugins.module_utils.helm.release import (
    Release,
    find_rollback_target,
    keeping_args,
    recover_after,
    value_args,
)

VALUES = dict.fromkeys(("values", "values_files", "set_values", "set_strings")) | {"reuse_values": False}


def release(status: str, *earlier: str) -> Release:
    """A release in that status, after revisions in those."""
    rows = [{"revision": number, "status": each} for number, each in enumerate((*earlier, status), 1)]
    return Release("web", "default", len(rows), status, "", "", "", "", "", {}, {}, "", rows)


def test_nothing_of_another_cluster_reaches_helm():
    others = {"KUBECONFIG": "x", "HELM_KUBETOKEN": "x", "HELM_KUBECONTEXT": "x", "HELM_DRIVER": "sql", "PATH": "/bin"}
    assert aws_environment({}, others) == {"HELM_DRIVER": "sql", "PATH": "/bin"}


def test_credentials_that_are_given_take_the_place_of_those_of_the_environment():
    around = {"AWS_PROFILE": "a", "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "a", "AWS_SESSION_TOKEN": "a"}
    keys = {"access_key": "b", "secret_key": "c", "session_token": None}
    assert aws_environment(keys, around) == {"AWS_ACCESS_KEY_ID": "b", "AWS_SECRET_ACCESS_KEY": "c"}
    assert aws_environment({"profile": "b"}, around) == {"AWS_PROFILE": "b"}
    more = {"endpoint_url": "http://here", "aws_ca_bundle": "/ca.pem"}
    assert aws_environment(more, {}) == {"AWS_ENDPOINT_URL": "http://here", "AWS_CA_BUNDLE": "/ca.pem"}


@pytest.mark.parametrize(
    "stamp",
    [
        "1970-01-01T00:01:00Z",
        "1970-01-01T00:01:00.123456789Z",
        "1970-01-01T09:01:00.1+09:00",
        "1969-12-31T23:01:00-01:00",
    ],
)
def test_the_age_of_what_helm_stamped(stamp):
    assert round(age_of(stamp, now=100)) == 40


def test_values_lie_over_each_other_in_their_order(tmp_path):
    words = [r'a."b\.c/d"=1', 'list={x,"y"}', 'a."b"[0].c=2,"d"=3', 'text=say "x"']
    params = VALUES | {
        "values_files": ["/1.yaml", "/2.yaml"],
        "values": {"a": 1},
        "set_values": words,
        "set_strings": ["x=1"],
    }
    own = str(tmp_path / "values.yaml")
    assert value_args(params, str(tmp_path)) == [
        *("--values", "/1.yaml", "--values", "/2.yaml", "--values", own),
        *("--set", r"a.b\.c/d=1", "--set", 'list={x,"y"}', "--set", "a.b[0].c=2,d=3", "--set", 'text=say "x"'),
        *("--set-string", "x=1"),
    ]
    assert json.loads(Path(own).read_text()) == {"a": 1}
    assert stat.S_IMODE(Path(own).stat().st_mode) == 0o600


def test_values_are_kept_only_where_none_is_given():
    assert keeping_args(VALUES) == []
    assert keeping_args(VALUES | {"values": {}}) == ["--reset-values"]
    assert keeping_args(VALUES | {"values": {}, "reuse_values": True}) == ["--reset-then-reuse-values"]


@pytest.mark.parametrize(
    ("found", "revision"),
    [
        (release("pending-upgrade", "superseded", "failed", "deployed"), 3),
        (release("pending-rollback", "superseded", "failed"), 1),
        (release("pending-upgrade", "failed"), 1),
        (release("pending-install"), 1),
        (release("pending-install", "uninstalled"), 2),
        (release("uninstalling", "superseded"), None),
    ],
)
def test_the_way_back_of_a_pending_release(found, revision):
    assert find_rollback_target(found) == revision


def test_a_release_is_left_to_who_may_be_at_work_for_twice_as_long_as_a_wait():
    assert recover_after({"recover_after": None, "wait_timeout": 100}) == 600
    assert recover_after({"recover_after": None, "wait_timeout": 900}) == 1800
    assert recover_after({"recover_after": 0, "wait_timeout": 900}) == 0


@pytest.mark.parametrize(
    ("host", "found"),
    [
        ("123456789012.dkr.ecr.eu-west-1.amazonaws.com", ("123456789012", "eu-west-1")),
        ("123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com", ("123456789012", "us-gov-west-1")),
        ("123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn", ("123456789012", "cn-north-1")),
        ("123456789012.dkr-ecr.us-east-1.on.aws", ("123456789012", "us-east-1")),
        ("public.ecr.aws", None),
        ("123456789012.dkr.ecr.eu-west-1.amazonaws.com.example.com", None),
        ("example.com", None),
    ],
)
def test_a_registry_of_amazon_ecr_says_whose_it_is_and_where(host, found):
    match = ECR.match(host)
    assert (match and match.groups()) == found
