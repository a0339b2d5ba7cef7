# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who uses a role: all kinds of EKS' resources, all regions, and what cannot be seen counts."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from ansible_collections.kumo.eks.plugins.module_utils.iam.role_usage import (
    FARGATE_PROFILE,
    KINDS,
    NODEGROUP,
    OF_CLUSTERS,
    Leaving,
    UsageFinder,
    list_assumers,
)

HOME, FAR = "ap-northeast-1", "eu-west-1"
NOBODY = Leaving(HOME, "mine")
EVERY = frozenset().union(OF_CLUSTERS, *(kind.assumers for kind in KINDS))


def arn(name):
    return f"arn:aws:iam::123456789012:role/{name}"


def refuse(code, message="no"):
    return ClientError({"Error": {"Code": code, "Message": message}}, "x")


class Eks:
    """boto3's client of a region: ``clusters`` is {name: {operation: answer or error}}."""

    def __init__(self, region, clusters, calls):
        self.meta = SimpleNamespace(region_name=region)
        self.clusters, self.calls = clusters, calls

    def _answer(self, operation, cluster):
        self.calls.append((self.meta.region_name, operation, cluster))
        answer = self.clusters if operation == "list_clusters" else self.clusters[cluster].get(operation, {})
        if isinstance(answer, Exception):
            raise answer
        return answer

    def get_paginator(self, operation):
        def paginate(clusterName=None):
            answer = self._answer(operation, clusterName)
            return [{"clusters": list(answer)}] if operation == "list_clusters" else [EMPTY | answer]

        return SimpleNamespace(paginate=paginate)

    def __getattr__(self, operation):
        if operation == "list_capabilities" and "old" in self.clusters:
            raise AttributeError(operation)
        return lambda **names: self._answer(operation, names.get("name") or names["clusterName"])


EMPTY = {"nodegroups": [], "fargateProfileNames": [], "addons": [], "associations": [], "capabilities": []}
FULL = {
    "describe_cluster": {"cluster": {"roleArn": arn("c"), "computeConfig": {"nodeRoleArn": arn("auto")}}},
    "list_nodegroups": {"nodegroups": ["g"]},
    "describe_nodegroup": {"nodegroup": {"nodeRole": arn("n")}},
    "list_fargate_profiles": {"fargateProfileNames": ["f"]},
    "describe_fargate_profile": {"fargateProfile": {"podExecutionRoleArn": arn("f")}},
    "list_addons": {"addons": ["vpc-cni"]},
    "describe_addon": {"addon": {"serviceAccountRoleArn": arn("a")}},
    "list_pod_identity_associations": {"associations": [{"associationId": "a-1"}]},
    "describe_pod_identity_association": {"association": {"roleArn": arn("p"), "targetRoleArn": arn("t")}},
    "list_capabilities": {"capabilities": [{"capabilityName": "argocd"}]},
    "describe_capability": {"capability": {"roleArn": arn("k")}},
}


def find(account, assumers=EVERY, leaving=NOBODY, enabled=None, **options):
    """The usage; ``account`` is {region: its clusters, or an error of ListClusters}."""
    calls = []
    clients = {region: Eks(region, clusters, calls) for region, clusters in account.items()}
    answer = enabled or {"Regions": [{"RegionName": region} for region in account]}

    def describe_regions():
        if isinstance(answer, Exception):
            raise answer
        return answer

    def get_client(service, region):
        return SimpleNamespace(describe_regions=describe_regions) if service == "ec2" else clients[region]

    return UsageFinder(get_client, HOME, "aws", leaving, **options).find_users(assumers), calls


def test_every_kind_of_user_is_found():
    usage, dummy = find({HOME: {"mine": FULL}})
    assert usage.unknown == []
    assert usage.users == {
        arn("c"): ["cluster mine"],
        arn("auto"): ["Auto Mode nodes of cluster mine"],
        arn("n"): ["node group g of cluster mine"],
        arn("f"): ["Fargate profile f of cluster mine"],
        arn("a"): ["add-on vpc-cni of cluster mine"],
        arn("p"): ["pod identity association a-1 of cluster mine"],
        arn("t"): ["pod identity association a-1 of cluster mine"],
        arn("k"): ["capability argocd of cluster mine"],
    }
    assert usage.by_own_cluster == set(usage.users)
    assert usage.explain(arn("n")) == "it is used by node group g of cluster mine" and usage.explain(arn("x")) == ""


def test_other_regions_are_looked_at_and_named():
    usage, dummy = find({HOME: {}, FAR: {"theirs": FULL}})
    assert usage.explain(arn("c")) == "it is used by cluster theirs in eu-west-1" and usage.by_own_cluster == set()


def test_only_kinds_that_could_have_the_role_are_looked_at():
    dummy, calls = find({HOME: {"mine": FULL}}, frozenset({"eks"}))
    assert [operation for region, operation, cluster in calls] == ["list_clusters", "describe_cluster"]
    dummy, calls = find({HOME: {"mine": FULL}}, frozenset({"eks-fargate-pods"}))
    assert [row[1] for row in calls] == ["list_clusters", "list_fargate_profiles", "describe_fargate_profile"]
    assert find({HOME: {"mine": FULL}}, frozenset())[1] == []


def test_what_is_leaving_does_not_count():
    leaving = Leaving(HOME, "mine", names=frozenset({(NODEGROUP, "g"), (FARGATE_PROFILE, "f")}))
    usage, dummy = find({HOME: {"mine": FULL, "other": FULL}}, leaving=leaving)
    assert usage.users[arn("n")] == ["node group g of cluster other"]
    assert usage.users[arn("f")] == ["Fargate profile f of cluster other"] and len(usage.users[arn("c")]) == 2
    usage, dummy = find({HOME: {"mine": FULL}}, leaving=Leaving(HOME, "mine", everything=True))
    assert usage.users == {}


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        ({FAR: refuse("AccessDeniedException")}, "clusters in eu-west-1 (AccessDeniedException: no)"),
        ({FAR: EndpointConnectionError(endpoint_url="x")}, "clusters in eu-west-1 (Could not connect"),
        ({FAR: {"c": {"describe_cluster": refuse("AccessDeniedException")}}}, "cluster c in eu-west-1 (AccessDenied"),
        (
            {FAR: {"c": {**FULL, "list_addons": refuse("AccessDeniedException")}}},
            "add-ons of cluster c in eu-west-1 (AccessDenied",
        ),
        (
            {FAR: {"c": {**FULL, "describe_nodegroup": refuse("AccessDeniedException")}}},
            "node group g of cluster c in eu-west-1 (AccessDenied",
        ),
    ],
)
def test_what_may_not_be_seen_keeps_every_role(broken, words):
    broken = {region: Denied(value) if isinstance(value, Exception) else value for region, value in broken.items()}
    usage, dummy = find({HOME: {"mine": FULL}, **broken})
    assert usage.explain(arn("nobody")).startswith(f"whether it is used could not be determined: {words}")
    assert "cluster mine" in usage.explain(arn("c"))


class Denied(dict):
    """The clusters of a region that cannot be listed."""

    def __init__(self, error):
        self.error = error

    def __iter__(self):
        raise self.error


def test_regions_that_cannot_be_listed():
    usage, dummy = find({HOME: {"mine": FULL}}, enabled=refuse("UnauthorizedOperation"))
    assert usage.unknown == ["the account's regions (UnauthorizedOperation: no)"] and arn("c") in usage.users
    usage, calls = find(
        {HOME: {"mine": FULL}, FAR: {"c": FULL}}, regions=[HOME], enabled=refuse("UnauthorizedOperation")
    )
    assert usage.unknown == [] and {row[0] for row in calls} == {HOME}


def test_what_goes_meanwhile_is_no_failure():
    gone = {name: refuse("ResourceNotFoundException") for name in ("describe_nodegroup", "list_addons")}
    gone["describe_cluster"] = refuse("ClientException", "No cluster found for name: mine")
    usage, dummy = find({HOME: {"mine": {**FULL, **gone}}})
    assert usage.unknown == [] and arn("n") not in usage.users and arn("f") in usage.users


def test_a_botocore_without_capabilities():
    usage, dummy = find({HOME: {"old": FULL}})
    assert usage.unknown == [] and arn("k") not in usage.users and arn("n") in usage.users


def test_many_reasons_are_cut():
    usage, dummy = find({HOME: {f"c{number}": {"describe_cluster": refuse("AccessDenied")} for number in range(6)}})
    assert usage.explain(arn("x")).endswith("and 3 more")


def test_assumers_of_a_trust_policy():
    def trust(**principal):
        return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": principal, "Action": "sts:*"}]}

    provider = "arn:aws:iam::123456789012:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/X"
    assert list_assumers(trust(Service="eks.amazonaws.com")) == {"eks"}
    assert list_assumers(trust(Service=["ec2.amazonaws.com.cn", "lambda.amazonaws.com"])) == {"ec2"}
    assert list_assumers(trust(Service="eks-fargate-pods.amazonaws.com")) == {"eks-fargate-pods"}
    assert list_assumers(trust(Service="pods.eks.amazonaws.com", Federated=provider)) == {"pods.eks", "oidc"}
    assert list_assumers(trust(AWS="arn:aws:iam::123456789012:root")) == {"aws"}
