# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The chain on stubs: what is judged without asking anybody, and the cures."""

from __future__ import annotations

import base64
import copy
import json

import pytest

from ansible_collections.kumo.eks.plugins.module_utils.core.errors import EksError
from ansible_collections.kumo.eks.plugins.module_utils.iam.policy_document import build_web_identity_trust
from ansible_collections.kumo.eks.plugins.module_utils.iam.trust_policy import admits, has_action, matches
from ansible_collections.kumo.eks.plugins.module_utils.identity.diagnosis import Diagnosis

ISSUER = "oidc.eks.eu-west-1.amazonaws.com/id/ONE"
PROVIDER = f"arn:aws:iam::123456789012:oidc-provider/{ISSUER}"
ROLE = "arn:aws:iam::123456789012:role/my-app"
SUBJECT = "system:serviceaccount:production:my-app-sa"
AUDIENCE = "sts.amazonaws.com"
TOKEN = ".".join(
    base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")
    for part in ({}, {"iss": f"https://{ISSUER}"}, {})
)
POD = {
    "metadata": {"name": "my-app-7d4b9-x2", "namespace": "production"},
    "spec": {
        "serviceAccountName": "my-app-sa",
        "containers": [
            {
                "name": "app",
                "env": [
                    {"name": "AWS_ROLE_ARN", "value": ROLE},
                    {"name": "AWS_WEB_IDENTITY_TOKEN_FILE", "value": "/var/run/token"},
                ],
            }
        ],
        "volumes": [{"name": "t", "projected": {"sources": [{"serviceAccountToken": {"audience": AUDIENCE}}]}}],
    },
    "status": {"phase": "Running"},
}


class Stub:
    """Everything in order; a test spoils one thing."""

    namespace, account, audience, exchanging = "production", "my-app-sa", AUDIENCE, False

    def __init__(self):
        self.trust = build_web_identity_trust(PROVIDER, [SUBJECT], AUDIENCE, False)
        self.running = [copy.deepcopy(POD)]

    def describe_cluster(self):
        arn = "arn:aws:eks:eu-west-1:123456789012:cluster/c"
        return {"arn": arn, "status": "ACTIVE", "identity": {"oidc": {"issuer": f"https://{ISSUER}"}}}

    def describe_provider(self, arn):
        assert arn == PROVIDER
        return {"ClientIDList": [AUDIENCE]}

    def read_service_account(self):
        return {"metadata": {"annotations": {"eks.amazonaws.com/role-arn": ROLE}}}

    def find_association(self):
        return None

    def describe_role(self, name):
        return {"Arn": ROLE, "AssumeRolePolicyDocument": self.trust}

    def list_pods(self):
        return self.running


def broken(stub):
    return next((check for check in Diagnosis(stub).run() if check.ok is False), None)


def test_a_chain_in_order():
    assert broken(Stub()) is None


def test_a_cluster_without_an_issuer_yet():
    stub = Stub()
    stub.describe_cluster = lambda: {"arn": "arn:aws:eks:eu-west-1:123456789012:cluster/c", "status": "CREATING"}
    assert broken(stub).check == "cluster" and "no OIDC issuer yet" in broken(stub).cause


def test_an_annotation_with_a_near_key_is_pointed_at():
    stub = Stub()
    stub.read_service_account = lambda: {"metadata": {"annotations": {"eks.amazonaws.com/role_arn": ROLE}}}
    assert "eks.amazonaws.com/role_arn is a different key" in broken(stub).cause


def test_what_cannot_be_seen_is_said():
    stub = Stub()

    def refuse():
        raise EksError("Kubernetes API: 403 Forbidden")

    stub.read_service_account = refuse
    assert (broken(stub).found, broken(stub).cause) == ("cannot be read", "Kubernetes API: 403 Forbidden")
    checks = {check.check: check for check in Diagnosis(stub).run()}
    assert checks["role"].ok is None and checks["role"].found == "skipped: annotation was skipped"


@pytest.mark.parametrize(
    ("exchanging", "lets_in", "check"), [(False, True, "annotation"), (True, False, "annotation"), (True, True, None)]
)
def test_a_role_of_another_account_is_right_where_sts_lets_the_token_in(exchanging, lets_in, check):
    stub = Stub()
    role = ROLE.replace("123456789012", "210987654321")
    stub.exchanging = exchanging
    stub.read_service_account = lambda: {"metadata": {"annotations": {"eks.amazonaws.com/role-arn": role}}}
    stub.running[0]["spec"]["containers"][0]["env"][0]["value"] = role
    stub.describe_provider = lambda arn: None if lets_in else {"ClientIDList": [AUDIENCE]}
    stub.request_token = lambda audience: TOKEN
    stub.exchange_token = lambda arn, token: (f"{arn}/session", "") if lets_in else (None, "InvalidIdentityToken: no")
    found = [found for found in Diagnosis(stub).run() if found.ok is False and found.check != "oidc_provider"]
    assert [found.check for found in found] == ([check] if check else [])
    if not check:
        checks = {found.check: found for found in Diagnosis(stub).run()}
        assert (checks["exchange"].ok, checks["oidc_provider"].ok, checks["role"].ok) == (True, None, None)
        assert checks["trust_provider"].found == "skipped: role was skipped"
    elif not exchanging:
        assert "set exchange=true to ask STS" in found[0].cure


@pytest.mark.parametrize(
    ("spoil", "cause"),
    [
        (lambda pod: pod["spec"]["containers"][0]["env"].pop(), "has no AWS_ROLE_ARN"),
        (lambda pod: pod["spec"]["containers"][0]["env"][0].update(value="other"), "has AWS_ROLE_ARN other"),
        (
            lambda pod: pod["spec"]["containers"][0]["env"].append({"name": "AWS_ACCESS_KEY_ID", "value": "x"}),
            "has AWS_ACCESS_KEY_ID, which SDKs use before the role",
        ),
        (
            lambda pod: pod["spec"]["containers"][0].update(env=[{"name": "AWS_CONTAINER_CREDENTIALS_FULL_URI"}]),
            "was created with a pod identity association",
        ),
        (lambda pod: pod["spec"].update(volumes=[]), "its projected tokens are for none, not for sts.amazonaws.com"),
        (
            lambda pod: pod["metadata"].update(labels={"eks.amazonaws.com/skip-pod-identity-webhook": "x"}),
            "excludes it from the webhook",
        ),
    ],
)
def test_what_a_pod_lacks(spoil, cause):
    stub = Stub()
    spoil(stub.running[0])
    assert broken(stub).check == "pods" and cause in broken(stub).cause


@pytest.mark.parametrize(
    ("owner", "cure"),
    [
        (("ReplicaSet", "my-app-7d4b9"), "kubectl rollout restart -n production deployment/my-app"),
        (("StatefulSet", "db"), "kubectl rollout restart -n production statefulset/db"),
        (("Job", "run"), "kubectl delete -n production pod/my-app-7d4b9-x2; Job run recreates it"),
    ],
)
def test_a_pod_is_started_anew_by_what_owns_it(owner, cure):
    stub = Stub()
    pod = stub.running[0]
    pod["metadata"]["ownerReferences"] = [{"kind": owner[0], "name": owner[1]}]
    pod["spec"]["containers"][0]["env"] = []
    assert broken(stub).cure == f"restart it: {cure}"


def test_pods_that_have_ended_or_skip_do_not_count():
    stub = Stub()
    stub.running[0]["spec"]["containers"][0]["env"] = []
    stub.running[0]["metadata"]["annotations"] = {"eks.amazonaws.com/skip-containers": "app"}
    assert broken(stub) is None
    stub.running[0]["metadata"]["annotations"] = {}
    stub.running[0]["status"]["phase"] = "Succeeded"
    assert broken(stub) is None


def test_a_denial_counts_only_for_whom_it_means():
    stub = Stub()
    denial = {"Effect": "Deny", "Principal": "*", "Action": "sts:*"}
    stub.trust["Statement"].append(denial)
    assert broken(stub).check == "trust_denial"
    denial["Condition"] = {"StringLike": {f"{ISSUER}:sub": "system:serviceaccount:staging:*"}}
    assert broken(stub) is None
    denial["Condition"] = {"StringLike": {f"{ISSUER}:sub": "system:serviceaccount:prod*:*"}}
    assert broken(stub).check == "trust_denial"
    denial["Condition"] = {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}
    assert broken(stub) is None


def test_any_statement_that_lets_in_is_enough_and_parts_of_several_are_not():
    stub = Stub()
    other = json.loads(json.dumps(stub.trust["Statement"][0]).replace("my-app-sa", "other"))
    stub.trust["Statement"].insert(0, other)
    assert broken(stub) is None
    right_subject = stub.trust["Statement"][1]["Condition"]["StringEquals"]
    right_subject[f"{ISSUER}:aud"] = "vault"
    assert broken(stub).check == "trust_audience"


def test_operators():
    row = {"Condition": {"StringLike": {"K:sub": ["a*", "b?"]}}}
    assert admits(row, "k:sub", "abc") and admits(row, "K:sub", "bx") and not admits(row, "K:sub", "bxx")
    assert not admits({"Condition": {"StringNotEquals": {"k": "a"}}}, "k", "a")
    assert admits({"Condition": {"StringEqualsIgnoreCase": {"k": "A"}}}, "k", "a")
    assert not admits({"Condition": {"ForAnyValue:StringEquals": {"k": ["b"]}}}, "k", "a")
    assert admits({"Condition": {"Null": {"k": "false"}}}, "k", "a")
    assert matches("a.c", "a.c") and not matches("a.c", "abc")
    assert has_action({"Action": ["x", "sts:assumerole*"]}) and not has_action({"Action": "sts:AssumeRole"})
