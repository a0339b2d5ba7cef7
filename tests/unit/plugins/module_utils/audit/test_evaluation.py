# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Verdicts, what is kept of Secrets, and what policies allow."""

from __future__ import annotations

import threading

import pytest
from case import allow, build_cluster, build_role

from ansible_collections.kumo.eks.plugins.module_utils.audit.evaluation import evaluate, evaluate_all
from ansible_collections.kumo.eks.plugins.module_utils.audit.policies import (
    find_grants,
    find_wildcards,
    is_administrator,
)
from ansible_collections.kumo.eks.plugins.module_utils.audit.rule import LOW, NotApplicable, Rule, Undecided
from ansible_collections.kumo.eks.plugins.module_utils.audit.snapshot import Snapshot, Source
from ansible_collections.kumo.eks.plugins.module_utils.audit.sources.kubernetes import keep_config_map, keep_secret
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import EksError
from ansible_collections.kumo.eks.plugins.module_utils.core.reading import Read

HIT = ("Node a", "bad")


def build_rule(check, *reads):
    return Rule("A99", "one", LOW, "title", reads or ("cluster",), check, "why.", "remedy.")


def raising(error, *hits):
    def check(_value):
        yield from hits
        raise error

    return check


@pytest.mark.parametrize(
    ("check", "verdict", "hits", "reason"),
    [
        (lambda value: iter(()), "passed", [], ""),
        (lambda value: iter([HIT]), "failed", [HIT], ""),
        (raising(NotApplicable("no nodes")), "not_applicable", [], "no nodes"),
        (raising(Undecided("not told")), "unknown", [], "not told"),
        (raising(Undecided("not told"), HIT), "failed", [HIT], "not told"),
        (raising(KeyError("spec")), "unknown", [], "what was read is not as expected (KeyError: 'spec')"),
    ],
)
def test_verdicts(check, verdict, hits, reason):
    found = evaluate(build_rule(check), {"cluster": Read({}, "")})
    assert (found.verdict, found.hits, found.reason) == (verdict, hits, reason)


def test_a_check_that_cannot_read_is_unknown_and_not_run():
    reads = {"a": Read(None, "denied"), "b": Read([], ""), "c": Read(None, "denied")}
    found = evaluate(build_rule(raising(AssertionError()), "a", "b", "c"), reads)
    assert (found.verdict, found.reason) == ("unknown", "denied")


def build_snapshot(**reads):
    sources = {name: Source(name, read, "about") for name, read in reads.items()}
    return Snapshot(sources, dict.get, build_cluster(), None, 0)


def test_a_source_is_read_once_and_one_that_needs_a_lost_one_is_lost():
    calls, lock = [], threading.Lock()

    def read_base(_snapshot):
        with lock:
            calls.append("base")
        return [1]

    def fail(_snapshot):
        raise EksError("denied")

    snapshot = build_snapshot(
        base=read_base, a=lambda s: s.get("base"), b=lambda s: s.get("base"), lost=fail, c=lambda s: s.get("lost")
    )
    rules = [build_rule(lambda value: iter(()), name) for name in ("a", "b", "c", "base")]
    assert [one.verdict for one in evaluate_all(rules, snapshot)] == ["passed", "passed", "unknown", "passed"]
    assert calls == ["base"]


def test_values_of_secrets_are_not_kept():
    notes = {
        "kubectl.kubernetes.io/last-applied-configuration": "s3cret",
        "kubernetes.io/service-account.name": "reader",
    }
    row = {
        "metadata": {"name": "db", "namespace": "shop", "annotations": notes},
        "type": "Opaque",
        "data": {"password": "s3cret"},
    }
    kept = keep_secret(row)
    assert "s3cret" not in str(kept) and kept["keys"] == ["password"]
    assert kept["metadata"]["annotations"] == {"kubernetes.io/service-account.name": "reader"}
    config = {"metadata": {"name": "c", "managedFields": [{}], "annotations": dict(notes)}, "data": {"url": "s3cret"}}
    assert "s3cret" not in str(keep_config_map(config)) and keep_config_map(config)["keys"] == ["url"]


DENY = {"name": "guard", "arn": "", "document": {"Statement": {"Effect": "Deny", "Action": "iam:*", "Resource": "*"}}}
ONLY_S3 = {"Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}


@pytest.mark.parametrize(
    ("role", "action", "allowed"),
    [
        (build_role("r", policies=[allow("IAM:Pass*")]), "iam:PassRole", True),
        (build_role("r", policies=[allow("iam:*"), DENY]), "iam:PassRole", False),
        (build_role("r", policies=[allow("*")], boundary=ONLY_S3), "iam:PassRole", False),
        (build_role("r", policies=[allow("*")], boundary=ONLY_S3), "s3:GetObject", True),
        (build_role("r", policies=[allow("s3:Get*", "arn:aws:s3:::one/*")]), "s3:GetObject", False),
        (build_role("r", policies=[allow("s3:Get*", ["arn:aws:s3:::*"])]), "s3:GetObject", True),
        (
            build_role(
                "r",
                policies=[
                    {
                        "name": "n",
                        "document": {"Statement": [{"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"}]},
                    }
                ],
            ),
            "iam:PassRole",
            True,
        ),
    ],
)
def test_what_policies_allow(role, action, allowed):
    assert bool(list(find_grants(role, action))) is allowed


def test_wildcards():
    assert is_administrator(build_role("r", policies=[allow("*")]))
    assert not is_administrator(build_role("r", policies=[allow("*")], boundary=ONLY_S3))
    assert list(find_wildcards(build_role("r", policies=[allow(["ec2:Describe*", "sqs:*"], name="n")]))) == [
        ("n", "sqs:*")
    ]
