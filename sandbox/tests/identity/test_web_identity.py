"""The chain of IRSA with tokens of the real API server, and each way to be refused."""

from __future__ import annotations

import json

import boto3
import pytest
import requests
from botocore.exceptions import ClientError

from kumo_sandbox.eks.issuer import IssuerKey, read_claims, read_header

DENIED = "AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity"


def test_the_issuer_publishes_its_configuration_and_the_key_that_signs(sandbox, issuer, kubectl):
    base = f"{sandbox.endpoint}/_sandbox/oidc/{issuer.rsplit('/', 1)[1]}"
    found = requests.get(f"{base}/.well-known/openid-configuration", timeout=10).json()
    assert (found["issuer"], found["jwks_uri"]) == (issuer, f"{issuer}/keys")
    token = kubectl.token("my-app-sa")
    assert read_claims(token)["iss"] == issuer
    (key,) = requests.get(f"{base}/keys", timeout=10).json()["keys"]
    assert key["kid"] == read_header(token)["kid"]
    (served,) = json.loads(kubectl("get", "--raw", "/openid/v1/jwks"))["keys"]
    assert {name: key[name] for name in served} == served
    assert requests.get(f"{sandbox.endpoint}/_sandbox/oidc/UNKNOWN/keys", timeout=10).status_code == 404


def test_clusters_have_keys_of_their_own_without_a_control_plane(sandbox):
    issuers = [row["oidc"] for row in sandbox.status()["clusters"]]
    keys = [requests.get(f"{each}/keys", timeout=10).json() for each in issuers]
    assert len(keys) == 2 and keys[0] != keys[1]
    assert keys == [requests.get(f"{each}/keys", timeout=10).json() for each in issuers]


def test_the_pods_token_gives_the_roles_credentials(sandbox, kubectl, exchange, make_role, guide_trust, provider):
    role = make_role("app", guide_trust())
    answer = exchange(role, kubectl.token("my-app-sa"))
    assert answer["SubjectFromWebIdentityToken"] == "system:serviceaccount:default:my-app-sa"
    assert (answer["Audience"], answer["Provider"]) == ("sts.amazonaws.com", provider)
    keys = answer["Credentials"]
    sts = client(sandbox, "sts", keys)
    assert sts.get_caller_identity()["Arn"].endswith(":assumed-role/app/pod")
    row = sandbox.calls(operation="AssumeRoleWithWebIdentity")[-1]
    assert (row["service"], row["status"]) == ("sts", 200)
    assert row["principal"].startswith("system:serviceaccount:default:my-app-sa@https://oidc.eks.")


def client(sandbox, service, keys):
    return boto3.client(
        service,
        region_name=sandbox.region,
        endpoint_url=sandbox.endpoint,
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys["SessionToken"],
    )


@pytest.mark.parametrize(("account", "namespace"), [("other-sa", "default"), ("my-app-sa", "elsewhere")])
def test_another_service_account_gets_nothing(kubectl, refusal, make_role, guide_trust, account, namespace):
    assert refusal(make_role("app", guide_trust()), kubectl.token(account, namespace)) == DENIED


def test_another_audience_gets_nothing(kubectl, refusal, make_role, guide_trust):
    token = kubectl.token("my-app-sa", audience="vault.example.com")
    assert refusal(make_role("app", guide_trust()), token) == "InvalidIdentityToken: Incorrect token audience"


def test_an_audience_of_the_provider_that_the_role_does_not_trust_gets_nothing(
    sandbox, kubectl, refusal, make_role, guide_trust, provider
):
    sandbox.client("iam").add_client_id_to_open_id_connect_provider(OpenIDConnectProviderArn=provider, ClientID="vault")
    assert refusal(make_role("app", guide_trust()), kubectl.token("my-app-sa", audience="vault")) == DENIED


def test_an_expired_token_gets_nothing(sandbox, refusal, make_role, guide_trust):
    token = sandbox.issuer_token("demo", "default", "my-app-sa", seconds=-60)
    assert refusal(make_role("app", guide_trust()), token).startswith("ExpiredTokenException: Token expired: current")


def test_another_clusters_token_gets_nothing(sandbox, refusal, make_role, guide_trust):
    token = sandbox.issuer_token("other", "default", "my-app-sa")
    said = refusal(make_role("app", guide_trust()), token)
    assert said.startswith("InvalidIdentityToken: No OpenIDConnect provider found in your account for https://oidc.eks")


def test_another_clusters_token_gets_nothing_where_that_cluster_has_a_provider(
    sandbox, refusal, make_role, guide_trust
):
    iam, token = sandbox.client("iam"), sandbox.issuer_token("other", "default", "my-app-sa")
    made = iam.create_open_id_connect_provider(Url=read_claims(token)["iss"], ClientIDList=["sts.amazonaws.com"])
    assert refusal(make_role("app", guide_trust()), token) == DENIED
    iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=made["OpenIDConnectProviderArn"])


def test_a_forged_or_broken_token_gets_nothing(kubectl, refusal, make_role, guide_trust):
    role, token = make_role("app", guide_trust()), kubectl.token("my-app-sa")
    head, dummy, signature = token.split(".")
    other = kubectl.token("other-sa").split(".")[1]
    for forged in (IssuerKey().sign(read_claims(token)), f"{head}.{other}.{signature}"):
        assert refusal(role, forged).startswith("InvalidIdentityToken: Couldn't retrieve verification key")
    for broken in ("no-token", "a.b.c", f"{head}.{signature}"):
        assert refusal(role, broken).startswith("InvalidIdentityToken: The ID Token provided is not a valid JWT")


def test_a_role_that_is_not_there_is_said_as_one_that_does_not_trust(kubectl, refusal, provider):
    assert refusal("arn:aws:iam::123456789012:role/none", kubectl.token("my-app-sa")) == DENIED


def test_a_session_is_no_longer_than_the_role_allows(kubectl, refusal, exchange, make_role, guide_trust):
    role, token = make_role("app", guide_trust()), kubectl.token("my-app-sa")
    assert exchange(role, token, DurationSeconds=900)["Credentials"]
    assert refusal(role, token, DurationSeconds=7200).startswith(
        "ValidationError: The requested DurationSeconds exceeds"
    )


def test_patterns_and_denials_of_a_trust_policy_count(kubectl, refusal, exchange, make_role, guide_trust):
    pattern = guide_trust("system:serviceaccount:default:*", "StringLike")
    denial = guide_trust("system:serviceaccount:default:other-sa", effect="Deny")
    role = make_role("app", pattern, denial)
    assert exchange(role, kubectl.token("my-app-sa"))["Credentials"]
    assert refusal(role, kubectl.token("other-sa")) == DENIED
    assert refusal(role, kubectl.token("my-app-sa", "elsewhere")) == DENIED
    literal = make_role("literal", guide_trust("system:serviceaccount:default:*"))
    assert refusal(literal, kubectl.token("my-app-sa")) == DENIED


def test_the_credentials_may_do_what_the_roles_policy_says_and_no_more(
    sandbox, kubectl, exchange, make_role, guide_trust
):
    role = make_role("app", guide_trust(), actions=("s3:GetObject", "s3:PutObject"))
    admin, eks = sandbox.client("s3"), sandbox.client("eks")
    admin.create_bucket(Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": sandbox.region})
    sandbox.set_enforce_iam(True)
    try:
        pod = client(sandbox, "s3", exchange(role, kubectl.token("my-app-sa"))["Credentials"])
        pod.put_object(Bucket="bucket", Key="k", Body=b"v")
        assert pod.get_object(Bucket="bucket", Key="k")["Body"].read() == b"v"
        with pytest.raises(ClientError, match="AccessDenied"):
            pod.delete_object(Bucket="bucket", Key="k")
        assert admin.list_objects_v2(Bucket="bucket")["KeyCount"] == 1
        assert eks.list_clusters()["clusters"] == ["demo", "other"]
        place = {"subnetIds": eks.describe_cluster(name="demo")["cluster"]["resourcesVpcConfig"]["subnetIds"]}
        arn = sandbox.client("iam").get_role(RoleName="cluster")["Role"]["Arn"]
        eks.create_cluster(name="third", roleArn=arn, resourcesVpcConfig=place)
        made = eks.describe_cluster(name="third")["cluster"]
        assert made["resourcesVpcConfig"]["clusterSecurityGroupId"].startswith("sg-")
        eks.delete_cluster(name="third")
        assert eks.list_clusters()["clusters"] == ["demo", "other"]
    finally:
        sandbox.set_enforce_iam(False)
    pod.delete_object(Bucket="bucket", Key="k")
    admin.delete_bucket(Bucket="bucket")


def test_a_key_goes_with_its_cluster(sandbox, issuer, refusal, make_role, provider):
    eks = sandbox.client("eks")
    demo = eks.describe_cluster(name="demo")["cluster"]
    place = {"subnetIds": demo["resourcesVpcConfig"]["subnetIds"]}
    eks.create_cluster(name="brief", roleArn=demo["roleArn"], resourcesVpcConfig=place)
    eks.describe_cluster(name="brief")
    token = sandbox.issuer_token("brief", "default", "my-app-sa")
    iam = sandbox.client("iam")
    made = iam.create_open_id_connect_provider(Url=read_claims(token)["iss"], ClientIDList=["sts.amazonaws.com"])
    eks.delete_cluster(name="brief")
    eks.list_clusters()
    said = refusal("arn:aws:iam::123456789012:role/any", token)
    assert said.startswith("InvalidIdentityToken: Couldn't retrieve verification key")
    iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=made["OpenIDConnectProviderArn"])
