# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""eks_identity_provider: one for a cluster, immutable but for its tags, and followed by its update."""

from __future__ import annotations

import pytest

CLUSTER = "my-cluster"
OPTIONS = {
    "cluster_name": CLUSTER,
    "name": "company",
    "issuer_url": "https://id.example.com",
    "client_id": "kubernetes",
    "groups_claim": "groups",
    "required_claims": {"department": "engineering", "aB_c": "1"},
}


@pytest.fixture
def standing(run_module, ground):
    words = {"name": CLUSTER, "version": "1.33", "role_arn": ground["role"], "subnets": ground["subnets"], "wait": True}
    assert not run_module("eks_cluster", words)["failed"]


@pytest.fixture
def provider(standing, run_module):
    def run(check: bool = False, **options):
        return run_module("eks_identity_provider", {**OPTIONS, "wait": True, **options}, check)

    return run


def test_it_is_associated_with_all_options(provider, run_module):
    made = provider(username_claim="email", username_prefix="-", groups_prefix="oidc:", tags={"aB": "c"})
    assert not made["failed"], made
    shown = made["identity_provider"]
    assert (shown["status"], shown["identity_provider_config_name"], shown["client_id"]) == (
        "ACTIVE",
        "company",
        "kubernetes",
    )
    assert shown["required_claims"] == {"department": "engineering", "aB_c": "1"} and shown["tags"] == {"aB": "c"}
    assert (shown["username_prefix"], shown["groups_prefix"]) == ("-", "oidc:")
    assert [row["type"] for row in made["updates"]] == ["AssociateIdentityProviderConfig"]
    for words in ({}, {"name": "company"}):
        found = run_module("eks_identity_provider_info", {"cluster_name": CLUSTER, **words})["identity_providers"]
        assert [row["identity_provider_config_arn"] for row in found] == [shown["identity_provider_config_arn"]]
    for words in ({"cluster_name": CLUSTER, "name": "other"}, {"cluster_name": "nowhere"}):
        assert run_module("eks_identity_provider_info", words)["identity_providers"] == []


def test_what_differs_only_in_its_spelling_is_no_change(provider):
    provider(required_claims={"level": 3})
    same = provider(issuer_url="https://id.example.com/", required_claims={"level": "3"}, username_claim="")
    assert not same["changed"] and not same["failed"], same


def test_a_change_requires_a_replacement_which_keeps_the_rest(provider):
    provider(tags={"Team": "a"})
    refused = provider(client_id="other")
    assert refused["failed"] and "client_id is 'kubernetes', not 'other'" in refused["msg"]
    assert "Set replace=true" in refused["msg"]
    made = provider(client_id="other", issuer_url=None, required_claims=None, groups_claim=None, replace=True)
    assert made["changed"] and not made["failed"], made
    shown = made["identity_provider"]
    assert (shown["client_id"], shown["groups_claim"], shown["tags"]) == ("other", "groups", {"Team": "a"})
    assert shown["required_claims"] == OPTIONS["required_claims"]
    cleared = provider(client_id="other", required_claims={}, groups_claim="", replace=True)
    assert cleared["changed"] and not {"required_claims", "groups_claim"} & set(cleared["identity_provider"])


def test_a_second_one_is_refused_with_the_name_of_the_first(sandbox, provider):
    provider()
    sandbox.recorder.clear()
    for check in (True, False):
        result = provider(check, name="second")
        assert result["failed"] and "has the OIDC identity provider 'company'" in result["msg"]
    assert "AssociateIdentityProviderConfig" not in {call["operation"] for call in sandbox.calls()}


def test_an_association_that_fails_says_why(sandbox, provider):
    sandbox.faults.add(kind="fail_update", code="Unknown", message="The issuer cannot be reached")
    result = provider()
    assert result["failed"] and "ended Failed: Unknown: The issuer cannot be reached" in result["msg"]
    assert result["changed"] and result["updates"][0]["id"]
    assert provider()["changed"]


def test_a_disassociation_that_fails_says_why(sandbox, provider):
    provider()
    sandbox.faults.add(kind="fail_update", message="The cluster is busy")
    result = provider(state="absent")
    assert result["failed"] and "ended Failed: Unknown: The cluster is busy" in result["msg"]
    assert provider(state="absent")["changed"] and not provider(state="absent")["changed"]


def test_another_update_of_the_cluster_is_waited_for(sandbox, provider):
    logging = {"clusterLogging": [{"types": ["api"], "enabled": True}]}
    sandbox.clock.set_speed(600)
    sandbox.client("eks").update_cluster_config(name=CLUSTER, logging=logging)
    made = provider()
    assert made["changed"] and made["identity_provider"]["status"] == "ACTIVE", made
