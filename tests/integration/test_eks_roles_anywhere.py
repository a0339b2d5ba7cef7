# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""eks_roles_anywhere against the sandbox, and the role between its two halves."""

from __future__ import annotations

import pytest
from support.certificates import CA_BUNDLE, OTHER_BUNDLE
from support.page_rights import become, list_called, read_section

CLUSTER, REGION = "my-cluster", "ap-northeast-1"
NAME, MARK = f"{CLUSTER}-hybrid-nodes", f"kumo.eks/{REGION}/{CLUSTER}"


@pytest.fixture
def anywhere(sandbox, run_module):
    def run(check=False, fails=False, **options):
        words = {"cluster_name": CLUSTER, **({} if "state" in options else {"ca_bundle": CA_BUNDLE}), **options}
        result = run_module("eks_roles_anywhere", words, check=check)
        assert result["failed"] == fails, result
        return result

    return run


@pytest.fixture
def client(sandbox):
    return sandbox.client("rolesanywhere")


def test_the_rights_of_the_page_are_those_that_are_called(sandbox, anywhere, client, monkeypatch):
    roles = [f"arn:aws:iam::123456789012:role/{name}" for name in ("first", "second")]
    with become(sandbox, monkeypatch, read_section("IAM Roles Anywhere")):
        anywhere(check=True)
        anywhere(tags={"Team": "a"})
        anywhere(role_arn=roles[0], tags={"Team": "a"})
        for kind in ("trust_anchor", "profile"):  # which the user may not do, and somebody else did
            (row,) = getattr(client, f"list_{kind}s")()[{"trust_anchor": "trustAnchors", "profile": "profiles"}[kind]]
            key = {"trust_anchor": "trustAnchorId", "profile": "profileId"}[kind]
            getattr(client, f"disable_{kind}")(**{key: row[key]})
        anywhere(role_arn=roles[1], ca_bundle=OTHER_BUNDLE, tags={"Part": "b"})
        anywhere(state="absent")
        called = list_called(sandbox)
    others = {"rolesanywhere:DisableTrustAnchor", "rolesanywhere:DisableProfile"}
    assert called - others == set(read_section("IAM Roles Anywhere")) - {"iam:PassRole"}


def sent(sandbox):
    return [name for call in sandbox.calls() if not (name := call["operation"]).startswith(("Get", "List"))]


def list_all(client):
    return client.list_trust_anchors()["trustAnchors"], client.list_profiles()["profiles"]


def test_anchor_role_and_profile_come_are_kept_and_go(sandbox, run_module, anywhere, client):
    sandbox.recorder.clear()
    plan = anywhere(check=True, tags={"Team": "a"})
    assert plan["changed"] and sent(sandbox) == [] and plan["trust_anchor_arn"].endswith(":trust-anchor/to-be-created")
    made = anywhere(tags={"Team": "a"})
    assert made["diff"] == plan["diff"] and "profile_arn" not in made
    role_words = {"cluster_name": CLUSTER, "purpose": "hybrid_node"}
    role = run_module("eks_iam_role", {**role_words, "trust_anchor_arn": made["trust_anchor_arn"]})
    statements = role["role"]["trust_policy"]["Statement"]
    assuming, tagging = sorted(statements, key=lambda row: "StringEquals" not in row["Condition"])
    assert assuming["Action"] in ("sts:AssumeRole", ["sts:AssumeRole"]) and len(statements) == 2
    source = {"aws:SourceArn": made["trust_anchor_arn"]}
    assert tagging["Principal"] == {"Service": "rolesanywhere.amazonaws.com"}
    assert (tagging["Condition"]["ArnEquals"], assuming["Condition"]["ArnEquals"]) == (source, source)
    assert "x509Subject/CN" in assuming["Condition"]["StringEquals"]["sts:RoleSessionName"]
    assert [arn.rpartition("/")[2] for arn in role["role"]["policy_arns"]] == ["AmazonEC2ContainerRegistryPullOnly"]
    whole = {"tags": {"Team": "a"}, "role_arn": role["arn"]}
    plan = anywhere(check=True, **whole)
    both = anywhere(**whole)
    assert both["diff"] == plan["diff"] and both["trust_anchor_arn"] == made["trust_anchor_arn"]
    (anchor,), (profile,) = list_all(client)
    assert (anchor["enabled"], profile["enabled"], profile["acceptRoleSessionName"]) == (True, True, True)
    assert (profile["roleArns"], profile["durationSeconds"], profile["name"]) == ([role["arn"]], 3600, NAME)
    tags = client.list_tags_for_resource(resourceArn=both["profile_arn"])["tags"]
    assert {row["key"]: row["value"] for row in tags} == {"Team": "a", MARK: "owned"}
    sandbox.recorder.clear()
    assert not anywhere(**whole)["changed"] and not anywhere()["changed"] and sent(sandbox) == []

    client.disable_trust_anchor(trustAnchorId=anchor["trustAnchorId"])
    client.disable_profile(profileId=profile["profileId"])
    client.update_profile(profileId=profile["profileId"], acceptRoleSessionName=False)
    other = {**whole, "ca_bundle": OTHER_BUNDLE, "duration_seconds": 900, "tags": {"Team": "b"}}
    plan = anywhere(check=True, **other)
    mended = anywhere(**other)
    assert mended["diff"] == plan["diff"] and not anywhere(**other)["changed"]
    assert mended["diff"]["before"]["trust_anchor"]["enabled"] is False
    assert mended["trust_anchor_arn"] == made["trust_anchor_arn"]
    (anchor,), (profile,) = list_all(client)
    assert (anchor["enabled"], profile["enabled"], profile["durationSeconds"]) == (True, True, 900)
    assert anchor["source"]["sourceData"]["x509CertificateData"] == OTHER_BUNDLE

    assert anywhere(state="absent", check=True)["changed"] and len(list_all(client)[0]) == 1
    sandbox.recorder.clear()
    assert anywhere(state="absent")["changed"] and list_all(client) == ([], [])
    assert sent(sandbox) == ["DeleteProfile", "DeleteTrustAnchor"]
    assert not anywhere(state="absent")["changed"]
    assert run_module("eks_iam_role", {**role_words, "state": "absent"})["changed"]


def test_a_role_of_hybrid_nodes_changes_from_one_way_to_the_other(run_module, anywhere):
    words = {"cluster_name": CLUSTER, "purpose": "hybrid_node"}
    assert len(run_module("eks_iam_role", words)["role"]["policy_arns"]) == 2
    arn = {"trust_anchor_arn": anywhere()["trust_anchor_arn"]}
    changed = run_module("eks_iam_role", {**words, **arn})
    assert changed["changed"] and set(changed["role"]["inline_policies"]) == {"EKSDescribeCluster"}
    assert not run_module("eks_iam_role", {**words, **arn})["changed"]
    both = run_module("eks_iam_role", {**words, **arn, "trust_policy": changed["role"]["trust_policy"]})
    assert both["failed"] and both["msg"].endswith("Remove one of them.")


def test_those_of_others_stay_whatever_their_name(client, anywhere):
    source = {"sourceType": "CERTIFICATE_BUNDLE", "sourceData": {"x509CertificateData": CA_BUNDLE}}
    theirs = client.create_trust_anchor(name=NAME, source=source)["trustAnchor"]
    mine = anywhere()["trust_anchor_arn"]
    assert mine != theirs["trustAnchorArn"] and len(list_all(client)[0]) == 2
    # two runs at once: the older one is used, and a removal finds both
    client.create_trust_anchor(name=NAME, source=source, tags=[{"key": MARK, "value": "owned"}])
    assert anywhere()["trust_anchor_arn"] == mine
    anywhere(state="absent")
    assert [row["trustAnchorArn"] for row in list_all(client)[0]] == [theirs["trustAnchorArn"]]
