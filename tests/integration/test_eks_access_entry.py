# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""eks_access_entry against the sandbox: a cycle, the order of changes, lists, exactness, and what is refused."""

from __future__ import annotations

import re

import pytest
import yaml

from ansible_collections.kumo.eks.plugins.modules import eks_access_entry, eks_access_entry_info
from kumo_sandbox import ground as account

CLUSTER = "my-cluster"
ACCOUNT = "arn:aws:iam::123456789012"
ADMIN = f"{ACCOUNT}:user/sandbox-admin"
OWN = f"{ACCOUNT}:role/aws-service-role/eks.amazonaws.com/AWSServiceRoleForAmazonEKS"
POLICY = "arn:aws:eks::aws:cluster-access-policy/{}"
EVERYWHERE = {"type": "cluster"}


def grant(name, *namespaces):
    scope = {"type": "namespace", "namespaces": list(namespaces)} if namespaces else EVERYWHERE
    return {"policy_arn": name, "access_scope": scope}


@pytest.fixture
def cluster(sandbox, run_module, ground):
    """Create a cluster in a mode, ACTIVE."""

    def create(mode="API", **options):
        base = {"name": CLUSTER, "version": "1.33", "role_arn": ground["role"], "subnets": ground["subnets"]}
        made = run_module(
            "eks_cluster", {**base, "access_config": {"authentication_mode": mode}, "wait": True, **options}
        )
        assert not made["failed"], made
        sandbox.recorder.clear()
        return ground

    return create


@pytest.fixture
def role(sandbox):
    return account.create_role(sandbox.client("iam"), "person", "ec2.amazonaws.com")


@pytest.fixture
def entry(run_module, role):
    """eks_access_entry for the role, or for a list."""

    def run(check=False, **options):
        one = {} if "access_entries" in options else {"principal_arn": role}
        return run_module("eks_access_entry", {"cluster_name": CLUSTER, **one, **options}, check=check)

    return run


def sent(sandbox):
    names = [call["operation"] for call in sandbox.calls()]
    return [name for name in names if not name.startswith(("Describe", "List", "Get"))]


def test_a_cycle(sandbox, cluster, entry, role, run_module):
    cluster()
    made = {
        "kubernetes_groups": ["viewers"],
        "access_policies": [grant("AmazonEKSViewPolicy", "shop", "dev-*")],
        "tags": {"Team": "a"},
    }
    planned = entry(check=True, **made)
    assert planned["changed"] and sent(sandbox) == []
    created = entry(**made)
    assert created["changed"] and planned["diff"] == created["diff"], created
    found = created["access_entry"]
    assert found["username"] == "arn:aws:sts::123456789012:assumed-role/person/{{SessionName}}"
    assert found["kubernetes_groups"] == ["viewers"] and found["tags"] == {"Team": "a"}
    assert found["access_policies"][0]["policy_arn"] == POLICY.format("AmazonEKSViewPolicy")
    assert created["principal_arn"] == role and "status" not in created
    assert not entry(check=True, **made)["changed"]
    sandbox.recorder.clear()
    assert not entry(**made)["changed"]
    looks = ["DescribeCluster", "DescribeAccessEntry", "ListAssociatedAccessPolicies"]
    assert [call["operation"] for call in sandbox.calls()] == looks

    modified = {
        "username": "team:{{SessionName}}",
        "kubernetes_groups": ["editors"],
        "access_policies": [grant("AmazonEKSEditPolicy")],
        "tags": {"Team": "b"},
    }
    planned = entry(check=True, **modified)
    changed = entry(**modified)
    assert changed["changed"] and planned["diff"] == changed["diff"]
    # what gives comes before what takes
    assert sent(sandbox) == ["AssociateAccessPolicy", "UpdateAccessEntry", "DisassociateAccessPolicy", "TagResource"]
    assert not entry(**modified)["changed"] and not entry()["changed"]
    assert entry(username="", kubernetes_groups=[], access_policies=[])["changed"]
    (bare,) = run_module("eks_access_entry_info", {"cluster_name": CLUSTER, "principal_arn": role})["access_entries"]
    assert bare["username"] == found["username"]
    assert bare["kubernetes_groups"] == bare["access_policies"] == []
    assert not entry(username="", kubernetes_groups=[], access_policies=[])["changed"]

    assert entry(check=True, state="absent")["changed"]
    removed = entry(state="absent")
    assert removed["changed"] and removed["kept"] == []
    assert not entry(check=True, state="absent")["changed"] and not entry(state="absent")["changed"]


@pytest.mark.extended
@pytest.mark.parametrize(
    ("before", "after", "calls"),
    [
        (["a"], ["a", "b"], ["AssociateAccessPolicy", "UpdateAccessEntry"]),
        (["a", "b"], ["a"], ["UpdateAccessEntry", "AssociateAccessPolicy"]),
        (["a"], [], ["AssociateAccessPolicy", "UpdateAccessEntry"]),
        ([], ["a"], ["UpdateAccessEntry", "AssociateAccessPolicy"]),
    ],
)
def test_a_scope_is_widened_first_and_narrowed_last(sandbox, cluster, entry, before, after, calls):
    cluster()
    entry(access_policies=[grant("AmazonEKSViewPolicy", *before)])
    sandbox.recorder.clear()
    changed = entry(access_policies=[grant("AmazonEKSViewPolicy", *after)], kubernetes_groups=["g"])
    assert changed["changed"] and sent(sandbox) == calls
    assert len(changed["access_policies"]) == 1


@pytest.mark.extended
def test_policies_of_others_stay_where_nothing_is_purged(cluster, entry):
    cluster()
    entry(access_policies=[grant("AmazonEKSViewPolicy")])
    added = {"access_policies": [grant("AmazonEKSEditPolicy", "a")], "purge_access_policies": False}
    assert len(entry(**added)["access_policies"]) == 2
    assert not entry(**added)["changed"]


@pytest.mark.extended
def test_another_type_needs_a_replacement(sandbox, cluster, entry):
    cluster()
    entry(kubernetes_groups=["g"], access_policies=[grant("AmazonEKSViewPolicy")], tags={"A": "b"})
    refused = entry(type="EC2_LINUX")
    assert refused["failed"] and "type is 'STANDARD', not 'EC2_LINUX'" in refused["msg"]
    assert "Set replace=true" in refused["msg"]
    planned = entry(check=True, type="EC2_LINUX", replace=True)
    replaced = entry(type="EC2_LINUX", replace=True)
    assert replaced["changed"] and planned["changed"], replaced
    assert replaced["access_entry"]["kubernetes_groups"] == ["system:nodes"]
    assert replaced["access_entry"]["access_policies"] == [] and replaced["tags"] == {"A": "b"}
    assert not entry(type="EC2_LINUX", replace=True)["changed"]
    assert "EKS sets it for type EC2_LINUX" in entry(kubernetes_groups=["g"])["msg"]
    back = entry(type="STANDARD", kubernetes_groups=["h"], replace=True)
    assert back["changed"] and back["username"].endswith("assumed-role/person/{{SessionName}}")


def test_exact_keeps_the_callers_way_in_and_what_eks_made(sandbox, cluster, entry, role, ground):
    compute = {"enabled": True, "node_pools": ["system"], "node_role_arn": ground["node_role"]}
    auto = {
        "compute_config": compute,
        "storage_config": {"block_storage": {"enabled": True}},
        "kubernetes_network_config": {"elastic_load_balancing": {"enabled": True}},
        "bootstrap_self_managed_addons": False,
    }
    cluster(**auto)
    eks, iam = sandbox.client("eks"), sandbox.client("iam")
    nodes, others, pods = (account.create_role(iam, name, "ec2.amazonaws.com") for name in ("nodes", "others", "ack"))
    assert entry(access_entries=[{"principal_arn": nodes, "type": "EC2_LINUX"}], owned=True)["changed"]
    eks.create_access_entry(clusterName=CLUSTER, principalArn=others)
    eks.create_access_entry(clusterName=CLUSTER, principalArn=pods)
    scope = {"type": "cluster"}
    ack = POLICY.format("AmazonEKSACKPolicy")
    eks.associate_access_policy(clusterName=CLUSTER, principalArn=pods, policyArn=ack, accessScope=scope)
    wanted = {"access_entries": [{"principal_arn": role}], "exact": True}
    sandbox.recorder.clear()
    planned = entry(check=True, **wanted)
    assert planned["changed"] and sent(sandbox) == []
    done = entry(**wanted)
    assert done["diff"] == planned["diff"] and done["kept"] == planned["kept"]
    assert [row["name"] for row in done["access_entries"] if row["changed"]] == [role, nodes, others]
    reasons = {row["name"]: row["why"] for row in done["kept"]}
    assert set(reasons) == {OWN, ADMIN, pods, ground["role"], ground["node_role"]}
    assert reasons[ADMIN] == "it is the caller's own way into the cluster"
    assert "service-linked role" in reasons[OWN] and "AmazonEKSACKPolicy" in reasons[pods]
    assert "EKS Auto Mode" in reasons[ground["role"]] and "type EC2" in reasons[ground["node_role"]]
    again = entry(**wanted)
    assert not again["changed"] and again["kept"] == done["kept"]


@pytest.mark.extended
def test_exact_deletes_nothing_where_an_item_failed(sandbox, cluster, entry, role):
    cluster()
    entry()
    rows = [{"principal_arn": f"{ACCOUNT}:role/nobody"}]
    result = entry(access_entries=rows, exact=True)
    assert result["failed"] and "role/nobody does not exist" in result["msg"]
    assert role in sandbox.client("eks").list_access_entries(clusterName=CLUSTER)["accessEntries"]


@pytest.mark.extended
def test_a_list_has_a_result_for_each(cluster, entry, role, sandbox):
    cluster()
    other = account.create_role(sandbox.client("iam"), "other", "ec2.amazonaws.com")
    rows = [{"principal_arn": other}, {"principal_arn": f"{ACCOUNT}:user/none"}, {"principal_arn": role}]
    result = entry(access_entries=rows, tags={"A": "b"})
    assert result["failed"] and "1 of 3 failed" in result["msg"]
    assert [row["changed"] for row in result["access_entries"]] == [True, False, True]
    assert result["access_entries"][0]["tags"] == {"A": "b"}
    gone = entry(access_entries=[{"principal_arn": other}, {"principal_arn": role}], state="absent")
    assert [row["changed"] for row in gone["access_entries"]] == [True, True]


@pytest.mark.extended
def test_a_role_that_eks_does_not_know_yet_is_waited_for(sandbox, cluster, entry, run_module):
    cluster()
    sandbox.clock.set_speed(60)
    made = account.create_role(sandbox.client("iam"), "new", "ec2.amazonaws.com")
    options = {"access_entries": [{"principal_arn": made, "access_policies": [grant("AmazonEKSViewPolicy")]}]}
    result = entry(**options)
    assert result["changed"], result
    assert len(result["access_entries"][0]["access_policies"]) == 1


def test_an_entry_of_an_earlier_run_that_eks_does_not_know_everywhere_yet_is_waited_for(sandbox, cluster, entry, role):
    cluster()
    sandbox.clock.set_speed(4)
    sandbox.client("eks").create_access_entry(clusterName=CLUSTER, principalArn=role)
    sandbox.recorder.clear()
    given = entry(access_policies=[grant("AmazonEKSViewPolicy")])
    assert given["changed"] and len(given["access_entry"]["access_policies"]) == 1, given
    assert set(sent(sandbox)) == {"AssociateAccessPolicy"} and len(sent(sandbox)) > 1


def test_without_access_entries(sandbox, cluster, entry, run_module):
    cluster("CONFIG_MAP")
    refused = entry()
    assert refused["failed"] and "CONFIG_MAP" in refused["msg"] and "API_AND_CONFIG_MAP first" in refused["msg"]
    assert sent(sandbox) == []
    assert entry(check=True)["changed"]  # an earlier task may be about to change the mode
    assert not entry(state="absent")["changed"]
    found = run_module("eks_access_entry_info", {"cluster_name": CLUSTER})
    assert found["access_entries"] == [] and found["authentication_mode"] == "CONFIG_MAP"


@pytest.mark.extended
def test_without_a_cluster(sandbox, entry, run_module):
    refused = entry(cluster_name="none")
    assert refused["failed"] and "cluster none does not exist" in refused["msg"]
    assert entry(check=True, cluster_name="none", access_policies=[grant("AmazonEKSViewPolicy")])["changed"]
    assert run_module("eks_access_entry_info", {"cluster_name": "none"})["access_entries"] == []


@pytest.mark.extended
def test_what_there_is_is_described(cluster, entry, run_module, role):
    cluster()
    entry(access_policies=[grant("AmazonEKSViewPolicy")])

    def find(**options):
        return run_module("eks_access_entry_info", {"cluster_name": CLUSTER, **options})

    assert [row["principal_arn"] for row in find()["access_entries"]] == [OWN, role, ADMIN]
    assert [row["principal_arn"] for row in find(policy_arn="AmazonEKSViewPolicy")["access_entries"]] == [role]
    assert find(policy_arn="AmazonEKSViewPolicy", principal_arn=ADMIN)["access_entries"] == []
    assert find(principal_arn=f"{ACCOUNT}:role/none")["access_entries"] == []
    offered = find(available_policies=True)["available_policies"]
    assert {"name": "AmazonEKSViewPolicy", "arn": POLICY.format("AmazonEKSViewPolicy")} in offered


@pytest.mark.extended
def test_the_entry_of_the_caller_is_not_deleted_without_a_word(cluster, entry, monkeypatch):
    from ansible.module_utils import basic

    said = []
    monkeypatch.setattr(basic.AnsibleModule, "warn", lambda module, words, *rest, **more: said.append(words))
    cluster()
    assert entry(check=True, principal_arn=ADMIN, state="absent")["changed"]
    assert any(re.search("is the caller's own", words) for words in said)


def test_the_examples(sandbox, cluster, run_module):
    cluster()
    for name in ("administrators", "developers"):
        account.create_role(sandbox.client("iam"), name, "ec2.amazonaws.com")
    for task in yaml.safe_load(eks_access_entry.EXAMPLES):
        for changes in (True, False):
            result = run_module("eks_access_entry", task["kumo.eks.eks_access_entry"])
            assert not result["failed"] and result["changed"] is changes, (task["name"], result)
    for task in yaml.safe_load(eks_access_entry_info.EXAMPLES):
        assert not run_module("eks_access_entry_info", task["kumo.eks.eks_access_entry_info"])["failed"]
