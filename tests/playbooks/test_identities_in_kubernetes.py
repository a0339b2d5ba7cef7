# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The example with identities, with a Kubernetes API behind its cluster."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.clock import SPEED

from kumo_sandbox import Sandbox
from kumo_sandbox.recorder import build_policy, build_policy_beside

DOCS = Path(__file__).parents[2] / "docs"
EXAMPLE = DOCS / "examples/identities.yaml"
NAME = "my-cluster"


@pytest.fixture(scope="module")
def standing():
    """A sandbox with Kubernetes."""
    with Sandbox(speed=SPEED, kubernetes=True) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(standing, monkeypatch):
    """Lead boto3, playbooks and modules there; the account has another cluster's OIDC provider."""
    for name, value in standing.env.items():
        monkeypatch.setenv(name, value)
    issuer = "https://oidc.eks.ap-northeast-1.amazonaws.com/id/NEIGHBOUR"
    standing.client("iam").create_open_id_connect_provider(Url=issuer, ClientIDList=["sts.amazonaws.com"])
    standing.recorder.clear()
    return standing


@pytest.mark.extended
def test_the_example_with_kubernetes(sandbox, play, run_module, ground):
    """What pods get is right in AWS and in Kubernetes, and docs/iam-policy-identities.json holds what was called for it."""
    iam = sandbox.client("iam")
    example = f"@{EXAMPLE}"
    subnets = {"eks_network_subnets": {"private": ground["subnets"]}}  # the network is no matter here
    sandbox.recorder.clear()
    play("kumo.eks.site", "-e", example, "--check", "--diff", **subnets).assert_ok()
    play("kumo.eks.site", "-e", example, **subnets).assert_ok()
    calls = sandbox.calls()
    found = run_module(
        "eks_irsa_info", {"cluster_name": NAME, "namespace": "production", "service_account": "my-app-sa"}
    )
    assert found["ok"] and found["broken"] is None, found["broken"]
    sandbox.recorder.clear()
    play("kumo.eks.site", "-e", example, **subnets).assert_unchanged()
    calls += sandbox.calls()

    sandbox.recorder.clear()
    play("kumo.eks.teardown", "-e", example, **subnets).assert_ok()
    calls += sandbox.calls()
    assert [row["RoleName"] for row in iam.list_roles()["Roles"] if NAME in row["RoleName"]] == []
    assert iam.list_policies(Scope="Local")["Policies"] == []
    assert len(iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]) == 1

    first, written = (
        json.loads((DOCS / name).read_text()) for name in ("iam-policy.json", "iam-policy-identities.json")
    )
    assert written == build_policy_beside(build_policy(calls), first), "make iam-policy writes it anew"
