# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a task says of an identity."""

from __future__ import annotations

import pytest

from ansible_collections.kumo.eks.plugins.module_utils.core.errors import ValidationError
from ansible_collections.kumo.eks.plugins.module_utils.identity.context import (
    UNKNOWN,
    ClusterContext,
    build_cluster_context,
)
from ansible_collections.kumo.eks.plugins.module_utils.identity.model import (
    check_apart,
    read_association,
    read_identity,
)

ONE = {"namespace": "production", "service_account": "my-app-sa"}


def read(**options):
    return read_identity({**ONE, **options}, "my-cluster")


def test_a_role_is_named_after_its_cluster_namespace_and_account():
    assert read().role_name == "my-cluster.production.my-app-sa"
    long = read(service_account="a" * 60).role_name
    assert len(long) == 64 and long != read(service_account="a" * 61).role_name
    assert read(role_name="own").role_name == "own"


def test_no_two_accounts_get_the_same_role():
    pairs = [("a", "b-c"), ("a-b", "c"), ("a", "b.c"), ("a", "b-c-pod")]
    names = {read(namespace=namespace, service_account=name).role_name for namespace, name in pairs}
    names |= {read_association({"namespace": n, "service_account": s}, "my-cluster").role_name for n, s in pairs}
    assert len(names) == 2 * len(pairs)


def test_accounts_that_share_a_role():
    identity = read(
        service_account=None, service_accounts=[{"name": "b"}, {"name": "a", "namespace": "n"}], role_name="r"
    )
    assert identity.subjects == ["system:serviceaccount:n:a", "system:serviceaccount:production:b"]
    assert identity.name == "n/a,production/b" and not identity.has_patterns
    assert [str(one) for one in identity.written_accounts] == ["n/a", "production/b"]


def test_a_pattern_has_no_object_in_kubernetes():
    identity = read(service_account="app-*", allow_patterns=True, role_name="r")
    assert identity.has_patterns and identity.written_accounts == ()
    assert identity.subjects == ["system:serviceaccount:production:app-*"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"namespace": None}, "namespace: is required"),
        ({"service_account": None}, "one of service_account and service_accounts"),
        ({"service_account": "app-*"}, "set allow_patterns=true"),
        ({"namespace": "team.a"}, "namespace: 'team.a'"),
        ({"service_account": "-a"}, "service_account: '-a'"),
        ({"service_account": "app-*", "allow_patterns": True}, "role_name: is required"),
        ({"service_account": None, "service_accounts": [{"name": "a"}, {"name": "a"}]}, "one is listed twice"),
        ({"role_arn": "arn:aws:iam::123456789012:role/x", "role_only": True}, "role_only: with role_arn"),
        (
            {"service_account_labels": {"app.kubernetes.io/managed-by": "x"}},
            "service_account_labels: app.kubernetes.io/managed",
        ),
        ({"service_account_annotations": {"eks.amazonaws.com/role-arn": "x"}}, "is set by the module"),
        ({"policy": {"name": "p", "document": {}}}, "policy.document: {} is not a policy document"),
        ({"policy": {"name": "p", "path": "x"}}, "policy.path: 'x' is not a valid path"),
    ],
)
def test_bad_input_is_refused_by_the_option(options, words):
    with pytest.raises(ValidationError) as caught:
        read(**options)
    assert words in caught.value.message


def test_items_that_would_undo_one_another_are_refused():
    check_apart([read(), read(service_account="other")], "identities")
    with pytest.raises(ValidationError, match="role shared belongs to production/my-app-sa and to production/b"):
        check_apart([read(role_name="shared"), read(service_account="b", role_name="shared")], "identities")
    with pytest.raises(ValidationError, match="service account production/my-app-sa belongs to"):
        check_apart([read(), read(role_name="other")], "identities")
    policy = {"policy": {"name": "p", "document": {"Statement": []}}}
    with pytest.raises(ValidationError, match="policy p belongs to production/my-app-sa and to production/b"):
        check_apart([read(**policy), read(service_account="b", **policy)], "identities")
    with pytest.raises(ValidationError, match="role SHARED belongs to"):
        check_apart([read(role_name="shared"), read(service_account="b", role_name="SHARED")], "identities")
    named = {"role_arn": "arn:aws:iam::123456789012:role/x"}
    check_apart([read(**named), read(service_account="b", **named)], "identities")


@pytest.mark.parametrize("partition", ["aws", "aws-cn", "aws-us-gov"])
def test_arns_are_of_the_clusters_partition(partition):
    raw = {
        "arn": f"arn:{partition}:eks:r:123456789012:cluster/c",
        "status": "ACTIVE",
        "identity": {"oidc": {"issuer": "https://oidc.eks.r.amazonaws.com/id/X"}},
    }
    context = build_cluster_context(raw, "c", "r", None)
    assert context.provider_arn == f"arn:{partition}:iam::123456789012:oidc-provider/oidc.eks.r.amazonaws.com/id/X"
    assert context.build_role_arn(read(path="/apps/")).startswith(
        f"arn:{partition}:iam::123456789012:role/apps/my-cluster."
    )
    assert context.scope.build_policy_arn("p") == f"arn:{partition}:iam::123456789012:policy/p"


def test_a_plan_without_a_cluster_has_a_ground():
    context = build_cluster_context(None, "c", "cn-north-1", lambda: "arn:aws-cn:iam::123456789012:user/u")
    assert context == ClusterContext(
        "c", "cn-north-1", "aws-cn", "123456789012", f"https://oidc.eks.cn-north-1.amazonaws.com.cn/id/{UNKNOWN}", False
    )
