# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""eks_cluster_registration: clusters outside of EKS, and a code that only a file of its owner has."""

from __future__ import annotations

import json
import stat

import pytest

NAME = "edge"


@pytest.fixture
def role(run_module, sandbox):
    made = run_module("eks_iam_role", {"cluster_name": NAME, "region": "ap-northeast-1", "purpose": "connector"})
    assert not made["failed"], made
    return made["arn"]


@pytest.fixture
def register(run_module, role, tmp_path):
    def run(check: bool = False, **options):
        words = {"name": NAME, "connector_provider": "GKE", "role_arn": role, **options}
        return run_module(
            "eks_cluster_registration", {"activation_file": str(tmp_path / "activation.json"), **words}, check
        )

    return run


def read_code(sandbox, tmp_path):
    return json.loads((tmp_path / "activation.json").read_text())["activation_code"]


def connect(sandbox):
    """What the agent does."""
    for raw in sandbox.store.registrations.values():
        raw["status"] = "ACTIVE"


def test_the_code_is_in_the_file_alone(sandbox, register, run_module, tmp_path):
    made = register(tags={"aB": "c"})
    assert not made["failed"] and made["cluster"]["status"] in ("CREATING", "PENDING"), made
    file = tmp_path / "activation.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600 and [path.name for path in tmp_path.iterdir()] == [
        "activation.json"
    ]
    activation = json.loads(file.read_text())
    assert activation["region"] == "ap-northeast-1"
    assert activation["activation_id"] == made["cluster"]["connector_config"]["activation_id"]
    again, found = register(), run_module("eks_cluster_info", {"registered": True})
    assert [row["name"] for row in found["clusters"]] == [NAME] and not again["changed"]
    assert run_module("eks_cluster_info", {})["clusters"] == []
    for result in (made, again, found):
        assert activation["activation_code"] not in json.dumps(result) and "activation_code" not in json.dumps(result)


def test_the_code_of_a_description_is_dropped(sandbox, register, run_module):
    register()
    (raw,) = sandbox.store.registrations.values()
    raw["connectorConfig"]["activationCode"] = "geheim"  # for the case that AWS answers it
    results = [register(), register(tags={"A": "1"}), run_module("eks_cluster_info", {"name": NAME})]
    assert results[2]["clusters"][0]["connector_config"]["provider"] == "GKE"
    assert all("geheim" not in json.dumps(result) for result in results)


def test_it_waits_for_the_agent(sandbox, register):
    register()
    waited = register(wait=True, wait_timeout=1)
    assert waited["failed"] and "PENDING" in waited["msg"]
    connect(sandbox)
    done = register(wait=True)
    assert not done["changed"] and done["cluster"]["status"] == "ACTIVE"


def test_a_change_is_a_new_registration_with_a_new_code(sandbox, register, tmp_path):
    register(tags={"Team": "a"})
    code = read_code(sandbox, tmp_path)
    refused = register(connector_provider="AKS")
    assert refused["failed"] and "connector_provider is 'GKE', not 'AKS'" in refused["msg"]
    made = register(connector_provider="AKS", role_arn=None, replace=True)
    assert made["changed"] and made["cluster"]["tags"] == {"Team": "a"}, made
    assert read_code(sandbox, tmp_path) not in ("", code)


def test_a_file_that_cannot_be_written_is_refused_before_a_call(sandbox, register, tmp_path):
    for path in (tmp_path / "none" / "file", tmp_path):
        result = register(activation_file=str(path))
        assert result["failed"] and "activation_file" in result["msg"]
    assert sandbox.client("eks").list_clusters(include=["all"])["clusters"] == []


def test_a_cluster_of_eks_is_not_touched(run_module, ground, register):
    words = {"name": NAME, "version": "1.33", "role_arn": ground["role"], "subnets": ground["subnets"], "wait": True}
    assert not run_module("eks_cluster", words)["failed"]
    for state in ("present", "absent"):
        result = register(state=state)
        assert result["failed"] and "is a cluster of EKS" in result["msg"]


def test_a_new_role_is_waited_for(sandbox, run_module, tmp_path):
    """The real thing: role and registration one after the other, while EKS does not see the role yet."""
    sandbox.clock.set_speed(60)
    role = run_module("eks_iam_role", {"cluster_name": NAME, "region": "ap-northeast-1", "purpose": "connector"})
    words = {"name": NAME, "connector_provider": "OTHER", "role_arn": role["arn"]}
    made = run_module("eks_cluster_registration", {**words, "activation_file": str(tmp_path / "a.json")})
    assert made["changed"] and not made["failed"], made
