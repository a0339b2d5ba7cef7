# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole chain of IRSA with a real API server: the guide's my-app, who gets nothing, and each broken check by name."""

from __future__ import annotations

import json
import time
from functools import partial

import boto3
import pytest
from botocore.exceptions import ClientError
from clusters import create_cluster
from moto.iam.models import iam_backends

from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.api import open_cluster_api
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.kinds import NAMESPACE, POD, SERVICE_ACCOUNT
from kumo_sandbox import Sandbox

CLUSTER, BUCKET = "my-cluster", "my-bucket"
ACCOUNT = {"cluster_name": CLUSTER, "namespace": "production", "service_account": "my-app-sa"}
GUIDE = {
    **ACCOUNT,
    "create_namespace": True,
    "policy": {
        "name": "my-app-s3-policy",
        "document": {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Action": ["s3:GetObject", "s3:PutObject"],
                    "Resource": f"arn:aws:s3:::{BUCKET}/*",
                }
            ],
        },
    },
}
ROLE = "arn:aws:iam::123456789012:role/my-cluster.production.my-app-sa"
AUDIENCE = "sts.amazonaws.com"


@pytest.fixture(scope="module")
def standing():
    """A sandbox with one control plane for the file, and the cluster in it."""
    with Sandbox(speed="instant", kubernetes=True) as sandbox:
        create_cluster(sandbox, CLUSTER)
        sandbox.client("s3").create_bucket(
            Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": sandbox.region}
        )
        yield sandbox


@pytest.fixture
def chain(standing, run_module, monkeypatch):
    """The sandbox with the guide's identity, set right again before each test."""
    for name, value in standing.env.items():
        monkeypatch.setenv(name, value)
    result = run_module("eks_irsa", GUIDE)
    assert not result["failed"], result
    return standing


@pytest.fixture
def api(chain):
    with open_cluster_api(chain.client("eks"), chain.client("sts"), CLUSTER) as found:
        yield found


@pytest.fixture
def walked(chain, run_module):
    """eks_irsa_info for my-app-sa."""

    def walk(**options):
        result = run_module("eks_irsa_info", {**ACCOUNT, **options})
        assert not result["failed"], result
        return result

    return walk


def exchanged(sandbox, token, role=ROLE):
    """boto3's S3 client with what STS gives for the token; raises ClientError where it gives nothing."""
    keys = sandbox.client("sts").assume_role_with_web_identity(
        RoleArn=role, RoleSessionName="pod", WebIdentityToken=token
    )["Credentials"]
    return boto3.client(
        "s3",
        region_name=sandbox.region,
        endpoint_url=sandbox.endpoint,
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys["SessionToken"],
    )


def make_pod(api, name, account="my-app-sa", namespace="production", **metadata):
    """A pod as the API server keeps it, after EKS' webhook."""
    pod = {
        "metadata": {"name": name, **metadata},
        "spec": {"serviceAccountName": account, "containers": [{"name": "app", "image": "my-app:v1.0"}]},
    }
    api.create(POD, pod, namespace)
    return api.get(POD, name, namespace)


@pytest.fixture
def pod(api):
    """Make pods that are gone after the test."""
    made = []

    def make(name, **words):
        made.append(name)
        return make_pod(api, name, **words)

    yield make
    for name in made:
        api.delete(POD, name, "production", grace_period=0)
        while api.get(POD, name, "production"):
            time.sleep(0.1)


# the guide


def test_the_guides_pod_reads_and_writes_and_does_not_delete(chain, api, pod):
    made = pod("my-app")
    variables = {row["name"]: row.get("value") for row in made["spec"]["containers"][0]["env"]}
    assert variables["AWS_ROLE_ARN"] == ROLE
    assert variables["AWS_WEB_IDENTITY_TOKEN_FILE"].startswith("/var/run/secrets/eks.amazonaws.com/")
    source = next(v for v in made["spec"]["volumes"] if v["name"] == "aws-iam-token")["projected"]["sources"][0]
    chain.set_enforce_iam(True)
    try:
        audience = source["serviceAccountToken"]["audience"]
        s3 = exchanged(chain, api.create_token("production", "my-app-sa", audience, 3600))
        s3.put_object(Bucket=BUCKET, Key="k", Body=b"v")
        assert s3.get_object(Bucket=BUCKET, Key="k")["Body"].read() == b"v"
        with pytest.raises(ClientError, match="AccessDenied"):
            s3.delete_object(Bucket=BUCKET, Key="k")
    finally:
        chain.set_enforce_iam(False)


@pytest.mark.parametrize(
    ("namespace", "account", "audience", "seconds", "words"),
    [
        ("production", "default", AUDIENCE, 600, "AccessDenied"),
        ("default", "my-app-sa", AUDIENCE, 600, "AccessDenied"),
        ("production", "my-app-sa", "vault", 600, "Incorrect token audience"),
        ("production", "my-app-sa", AUDIENCE, -60, "Token expired"),
    ],
)
def test_others_get_nothing(chain, api, run_module, namespace, account, audience, seconds, words):
    if seconds > 0:
        if api.get(SERVICE_ACCOUNT, account, namespace) is None:
            api.create(SERVICE_ACCOUNT, {"metadata": {"name": account}}, namespace)
        token = api.create_token(namespace, account, audience, seconds)
    else:
        token = chain.issuer_token(CLUSTER, namespace, account, seconds=seconds)
    with pytest.raises(ClientError, match=words):
        exchanged(chain, token)


# the service account in Kubernetes


def test_twelve_steps_with_the_service_account(chain, api, run_module):
    made = {"cluster_name": CLUSTER, "namespace": "steps", "service_account": "one", "create_namespace": True}
    irsa = partial(run_module, "eks_irsa")
    planned = irsa(made, check=True)
    assert planned["changed"] and api.get(NAMESPACE, "steps") is None
    created = irsa(made)
    assert created["changed"] and planned["diff"] == created["diff"]
    found = api.get(SERVICE_ACCOUNT, "one", "steps")["metadata"]
    assert found["annotations"] == {"eks.amazonaws.com/role-arn": created["role_arn"]}
    assert not irsa(made, check=True)["changed"] and not irsa(made)["changed"]

    modified = {
        **made,
        "token_expiration": 7200,
        "sts_regional_endpoints": True,
        "service_account_labels": {"app": "one"},
        "service_account_annotations": {"note": "n"},
    }
    planned = irsa(modified, check=True)
    changed = irsa(modified)
    assert planned["changed"] and changed["changed"] and planned["diff"] == changed["diff"]
    found = api.get(SERVICE_ACCOUNT, "one", "steps")["metadata"]
    assert found["annotations"] == {
        "eks.amazonaws.com/role-arn": created["role_arn"],
        "eks.amazonaws.com/token-expiration": "7200",
        "eks.amazonaws.com/sts-regional-endpoints": "true",
        "note": "n",
    }
    assert found["labels"] == {"app": "one", "app.kubernetes.io/managed-by": "kumo.eks"}
    assert not irsa(modified, check=True)["changed"] and not irsa(modified)["changed"]
    assert irsa({**made, "token_expiration": 0})["changed"]
    assert (
        "eks.amazonaws.com/token-expiration" not in api.get(SERVICE_ACCOUNT, "one", "steps")["metadata"]["annotations"]
    )

    gone = {**made, "state": "absent"}
    assert irsa(gone, check=True)["changed"] and api.get(SERVICE_ACCOUNT, "one", "steps")
    removed = irsa(gone)
    assert removed["changed"] and api.get(SERVICE_ACCOUNT, "one", "steps") is None
    assert [row["kind"] for row in removed["kept"]] == ["oidc provider"]
    assert not irsa(gone, check=True)["changed"] and not irsa(gone)["changed"]


def test_a_service_account_of_others_is_annotated_and_given_back(chain, api, run_module):
    api.create(SERVICE_ACCOUNT, {"metadata": {"name": "theirs", "annotations": {"note": "n"}}}, "production")
    words = {**ACCOUNT, "service_account": "theirs"}
    assert run_module("eks_irsa", words)["changed"]
    removed = run_module("eks_irsa", {**words, "state": "absent"})
    assert removed["changed"] and [row["name"] for row in removed["kept"]][0] == "production/theirs"
    assert api.get(SERVICE_ACCOUNT, "theirs", "production")["metadata"]["annotations"] == {"note": "n"}


def test_drift_of_the_annotation_is_set_right(chain, api, run_module):
    api.patch(
        SERVICE_ACCOUNT, "my-app-sa", {"metadata": {"annotations": {"eks.amazonaws.com/role-arn": "x"}}}, "production"
    )
    result = run_module("eks_irsa", GUIDE)
    assert result["changed"] and result["diff"]["before"]["production/my-app-sa"] != {}
    annotations = api.get(SERVICE_ACCOUNT, "my-app-sa", "production")["metadata"]["annotations"]
    assert annotations["eks.amazonaws.com/role-arn"] == ROLE


def test_an_existing_role_is_named_and_a_missing_namespace_is_refused(chain, api, run_module):
    words = {"cluster_name": CLUSTER, "namespace": "production", "service_account": "named", "role_arn": ROLE}
    result = run_module("eks_irsa", words)
    assert result["changed"] and result["role"] is None and result["service_accounts"][0]["name"] == "named"
    assert run_module("eks_irsa", {**words, "state": "absent"})["changed"]
    refused = run_module("eks_irsa", {**words, "namespace": "nowhere"})
    assert refused["failed"] and "namespace nowhere does not exist in the cluster" in refused["msg"]


# the chain


def test_a_chain_that_holds(walked, pod):
    pod("my-app")
    result = walked(exchange=True)
    assert result["ok"] and result["broken"] is None, result["broken"]
    assert [check["ok"] for check in result["checks"]] == [True] * 15
    last = result["checks"][-1]
    assert last["found"].startswith("arn:aws:sts::123456789012:assumed-role/my-cluster.production.my-app-sa/")
    assert "SecretAccessKey" not in json.dumps(result) and "eyJ" not in json.dumps(result)
    assert [check["ok"] for check in walked()["checks"]][-2:] == [None, None]


def test_a_role_of_another_account_holds_where_that_account_has_a_provider_too(chain, api, walked):
    theirs, role = iam_backends["210987654321"]["aws"], ROLE.replace("123456789012", "210987654321")
    annotated(api, role_arn=role)
    refused = walked(exchange=True)["broken"]
    assert refused["check"] == "annotation" and "in account 210987654321" in refused["cause"]

    iam = chain.client("iam")
    trust = iam.get_role(RoleName=ROLE.rsplit("/", 1)[1])["Role"]["AssumeRolePolicyDocument"]
    document = json.dumps(trust).replace("123456789012", "210987654321")
    issuer = chain.client("eks").describe_cluster(name=CLUSTER)["cluster"]["identity"]["oidc"]["issuer"]
    theirs.create_open_id_connect_provider(issuer, [], [AUDIENCE], [])
    theirs.create_role(role.rsplit("/", 1)[1], document, "/", None, "", [], None)
    without_provider(chain, api)
    assert (
        "set exchange=true to ask STS"
        in next(check for check in walked()["checks"] if check["check"] == "annotation")["cure"]
    )
    found = walked(exchange=True)
    assert found["ok"], found["broken"]
    assert found["checks"][-1]["found"].startswith("arn:aws:sts::210987654321:assumed-role/")


def retrust(sandbox, change):
    iam = sandbox.client("iam")
    name = ROLE.rsplit("/", 1)[1]
    document = iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]
    text = change(json.dumps(document))
    iam.update_assume_role_policy(RoleName=name, PolicyDocument=text)


def annotated(api, **annotations):
    named = {f"eks.amazonaws.com/{key.replace('_', '-')}": value for key, value in annotations.items()}
    api.patch(SERVICE_ACCOUNT, "my-app-sa", {"metadata": {"annotations": named}}, "production")


def without_provider(sandbox, api):
    iam = sandbox.client("iam")
    for row in iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]:
        iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=row["Arn"])


def other_audience(sandbox, api):
    iam = sandbox.client("iam")
    arn = iam.list_open_id_connect_providers()["OpenIDConnectProviderList"][0]["Arn"]
    iam.remove_client_id_from_open_id_connect_provider(OpenIDConnectProviderArn=arn, ClientID=AUDIENCE)


def without_role(sandbox, api):
    iam, name = sandbox.client("iam"), ROLE.rsplit("/", 1)[1]
    for policy in iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]:
        iam.detach_role_policy(RoleName=name, PolicyArn=policy["PolicyArn"])
    iam.delete_role(RoleName=name)


def without_account(sandbox, api):
    uid = api.get(SERVICE_ACCOUNT, "my-app-sa", "production")["metadata"]["uid"]
    api.delete(SERVICE_ACCOUNT, "my-app-sa", "production", uid=uid)


BROKEN = [
    ("oidc_provider", "IAM has no OIDC provider for the cluster's issuer", without_provider),
    ("audience", "does not accept the audience sts.amazonaws.com", other_audience),
    ("service_account", "the service account production/my-app-sa does not exist", without_account),
    ("annotation", "has no annotation", lambda sandbox, api: annotated(api, role_arn=None)),
    ("annotation", "not the ARN of an IAM role", lambda sandbox, api: annotated(api, role_arn="my-app")),
    ("annotation", "in account 999999999999", lambda sandbox, api: annotated(api, role_arn=ROLE.replace("123456789012", "9" * 12))),
    ("annotation", "in partition aws-cn", lambda sandbox, api: annotated(api, role_arn=ROLE.replace("arn:aws", "arn:aws-cn"))),
    ("annotation", "pods get tokens for vault", lambda sandbox, api: annotated(api, audience="vault")),
    ("role", "does not exist", without_role),
    ("role", "differs from the path of the role", lambda sandbox, api: annotated(api, role_arn=ROLE.replace("role/", "role/apps/"))),
    ("trust_provider", "another cluster's", lambda sandbox, api: retrust(sandbox, lambda text: text.replace("/id/", "/id/OTHER"))),
    (
        "trust_action",
        "does not allow sts:AssumeRoleWithWebIdentity",
        lambda sandbox, api: retrust(sandbox, lambda text: text.replace("WithWebIdentity", "")),
    ),
    (
        "trust_subject",
        "does not allow system:serviceaccount:production:my-app-sa",
        lambda sandbox, api: retrust(sandbox, lambda text: text.replace(":production:", ":staging:")),
    ),
    (
        "trust_subject",
        "StringEquals does not support wildcards",
        lambda sandbox, api: retrust(sandbox, lambda text: text.replace(":my-app-sa", ":*")),
    ),
    (
        "trust_subject",
        "so the condition never matches",
        lambda sandbox, api: retrust(sandbox, lambda text: text.replace('"oidc.eks', '"https://oidc.eks')),
    ),
    (
        "trust_audience",
        "does not allow sts.amazonaws.com",
        lambda sandbox, api: retrust(sandbox, lambda text: text.replace('"sts.amazonaws.com"', '"vault"')),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("check", "cause", "break_it"), BROKEN, ids=[f"{row[0]}-{n}" for n, row in enumerate(BROKEN)])
def test_a_broken_link_is_named_with_its_cause_and_mended_by_the_module(
    chain, api, walked, run_module, check, cause, break_it
):
    break_it(chain, api)
    found = walked()
    assert not found["ok"] and found["broken"]["check"] == check, found["broken"]
    assert cause in found["broken"]["cause"] and found["broken"]["cure"]
    assert run_module("eks_irsa", GUIDE)["changed"]
    assert walked(exchange=True)["ok"]


def test_a_pod_from_before_the_annotation_is_to_be_started_anew(chain, api, pod, walked, run_module):
    annotated(api, role_arn=None)
    pod("early")
    assert run_module("eks_irsa", GUIDE)["changed"]
    broken = walked()["broken"]
    assert broken["check"] == "pods" and "was created before the service account was annotated" in broken["cause"]
    assert broken["cure"] == "restart it: kubectl delete -n production pod/early"


def test_an_association_that_takes_the_annotations_place_is_named(chain, walked, run_module):
    eks, iam = chain.client("eks"), chain.client("iam")
    trust = {
        "Effect": "Allow",
        "Principal": {"Service": "pods.eks.amazonaws.com"},
        "Action": ["sts:AssumeRole", "sts:TagSession"],
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    role = iam.create_role(RoleName="by-association", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    key = eks.create_pod_identity_association(
        clusterName=CLUSTER, namespace="production", serviceAccount="my-app-sa", roleArn=role
    )["association"]["associationId"]
    broken = walked()["broken"]
    assert broken["check"] == "pod_identity" and role in broken["found"]
    eks.delete_pod_identity_association(clusterName=CLUSTER, associationId=key)
    assert walked()["ok"]


def test_a_cluster_that_is_not_there(chain, run_module):
    result = run_module("eks_irsa_info", {**ACCOUNT, "cluster_name": "none"})
    assert result["broken"]["check"] == "cluster" and all(check["ok"] is None for check in result["checks"][1:])


def test_an_association_can_create_its_service_account(chain, api, run_module):
    """What eksctl's createServiceAccount does: the namespace, too; and a removal deletes what was created here."""
    one = {"cluster_name": CLUSTER, "namespace": "web", "service_account": "reader", "create_service_account": True}
    task = {**one, "policy_arns": ["arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"]}
    planned = run_module("eks_pod_identity", task, check=True)
    assert planned["changed"] and api.get(NAMESPACE, "web") is None
    made = run_module("eks_pod_identity", task)
    assert not made["failed"] and made["diff"] == planned["diff"], made
    assert made["service_account"]["labels"] == {"app.kubernetes.io/managed-by": "kumo.eks"}
    assert api.get(SERVICE_ACCOUNT, "reader", "web") and not run_module("eks_pod_identity", task)["changed"]
    gone = run_module("eks_pod_identity", {**one, "state": "absent"})
    assert gone["changed"] and gone["kept"] == [] and api.get(SERVICE_ACCOUNT, "reader", "web") is None

    api.create(SERVICE_ACCOUNT, {"metadata": {"name": "reader"}}, "web")
    again = run_module("eks_pod_identity", task)
    assert again["service_account"]["labels"] == {}
    kept = run_module("eks_pod_identity", {**one, "state": "absent"})["kept"]
    assert [(row["kind"], row["name"]) for row in kept] == [("service account", "web/reader")]
    assert api.get(SERVICE_ACCOUNT, "reader", "web")


def test_what_a_list_names_no_more_is_deleted_with_its_service_account(chain, api, run_module):
    """By IRSA and by EKS Pod Identity; the guide's identity, which the list does not name either, is kept by its own list."""
    one = {
        "namespace": "gone",
        "service_account": "reader",
        "policy_arns": ["arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"],
    }
    made = run_module("eks_irsa", {"cluster_name": CLUSTER, "identities": [{**one, "create_namespace": True}, _row()]})
    assert not made["failed"] and api.get(SERVICE_ACCOUNT, "reader", "gone"), made
    purged = run_module("eks_irsa", {"cluster_name": CLUSTER, "identities": [_row()], "purge": True})
    assert purged["unlisted"] == ["gone/reader"] and api.get(SERVICE_ACCOUNT, "reader", "gone") is None, purged

    two = {**one, "create_service_account": True}
    words = {"cluster_name": CLUSTER, "owned": True}
    assert run_module("eks_pod_identity", {**words, "associations": [two]})["changed"]
    purged = run_module("eks_pod_identity", {**words, "associations": [], "purge": True})
    assert purged["unlisted"] == ["gone/reader"] and purged["kept"] == [], purged
    assert api.get(SERVICE_ACCOUNT, "reader", "gone") is None


def _row():
    return {key: value for key, value in GUIDE.items() if key != "cluster_name"}
