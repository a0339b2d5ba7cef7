# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lists of the role irsa become the modules' options, or are refused by list, row and option."""

from __future__ import annotations

import pytest

from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.identity.plan import identity_plan

READ = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
ROLE = "arn:aws:iam::123456789012:role/my-app"


def plan(accounts=(), associations=(), tags=None, roles_only=False):
    return identity_plan(list(accounts), list(associations), "my-cluster", tags or {}, roles_only)


def test_rows_are_what_the_modules_take():
    found = plan(
        [{"name": "my-app-sa", "max_session_duration": "7200", "tags": {"Team": "b"}}],
        [{"namespace": "n", "service_account": "s", "role_arn": ROLE}],
        {"Team": "a", "Cost": 1},
    )
    (identity,), (association,) = found["identities"], found["associations"]
    wanted = {"namespace": "default", "service_account": "my-app-sa", "max_session_duration": 7200}
    assert wanted.items() <= identity.items() and "name" not in identity
    assert identity["tags"] == {"Team": "b", "Cost": 1}
    assert association["role_arn"] == ROLE and association["tags"] == {"Team": "a", "Cost": 1}


def test_several_accounts_share_a_role():
    (row,) = plan([{"service_accounts": [{"name": "a"}, {"name": "b", "namespace": "n"}], "role_name": "r"}])[
        "identities"
    ]
    assert row["service_accounts"] == [{"name": "a"}, {"name": "b", "namespace": "n"}]
    assert row["namespace"] == "default" and "service_account" not in row


def test_without_kubernetes_only_roles_are_left():
    rows = plan([{"name": "a"}, {"name": "b", "role_arn": ROLE}], roles_only=True)["identities"]
    assert [(row["service_account"], row["role_only"]) for row in rows] == [("a", True)]


def test_nothing_listed_is_nothing():
    assert plan() == {"identities": [], "associations": []}


def test_a_role_in_both_lists_has_its_rights_once():
    accounts, pods = [{"name": "a", "role_name": "r"}], [{"namespace": "n", "service_account": "s", "role_name": "R"}]
    plan(accounts, [{**pods[0], "policy_arns": [READ]}])
    plan([{**accounts[0], "policy_arns": [READ]}], [{**pods[0], "policy_arns": [READ]}])
    with pytest.raises(
        ValidationError, match="n/s has role R with other policies than default/a in eks_irsa_service_accounts"
    ):
        plan([{**accounts[0], "policy_arns": []}], [{**pods[0], "policy_arns": [READ]}])


@pytest.mark.parametrize(
    ("accounts", "associations", "words"),
    [
        (["a"], [], "eks_irsa_service_accounts[0]: 'a' is not a mapping of options"),
        ([{"name": "a"}, {"name": "b", "polcy": {}}], [], "eks_irsa_service_accounts[1]: unknown: polcy. Supported parameters include"),
        ([{"name": "a", "service_account": "a"}], [], "eks_irsa_service_accounts[0]: unknown: service_account. Supported"),
        ([{"name": "a", "max_session_duration": "long"}], [], "eks_irsa_service_accounts[0]: argument 'max_session_duration'"),
        ([{"name": "a", "well_known_policies": ["dns"]}], [], "value of well_known_policies must be one or more of: auto_scaler"),
        ([{"name": "A_b"}], [], "eks_irsa_service_accounts[0].service_account: 'A_b' is not a valid name in Kubernetes"),
        ([{"name": "a", "namespace": "team-*"}], [], "Name the service accounts, or set allow_patterns=true"),
        ([{"name": "a", "role_arn": "my-app"}], [], "eks_irsa_service_accounts[0].role_arn: 'my-app' is not the ARN of an IAM role"),
        ([{"name": "a"}, {"name": "a"}], [], "eks_irsa_service_accounts: service account default/a belongs to default/a and to default/a"),
        ([{"policy": {"document": {}}, "name": "a"}], [], "eks_irsa_service_accounts[0]: missing required arguments: name found in policy"),
        ([], [{"namespace": "n"}], "eks_irsa_pod_identity_associations[0]: missing required arguments: service_account"),
        ([], [{"namespace": "n", "service_account": "s"}] * 2, "eks_irsa_pod_identity_associations: service account n/s belongs"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_by_list_row_and_option(accounts, associations, words):
    with pytest.raises(ValidationError) as caught:
        plan(accounts, associations)
    assert words in caught.value.message
