# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The guide's cluster in China, in AWS GovCloud (US) and in the AWS European Sovereign Cloud, by site.yml and teardown.yml."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import boto3
import pytest
import yaml
from botocore import UNSIGNED
from botocore.config import Config
from support.clock import SPEED

from kumo_sandbox import Sandbox
from kumo_sandbox.server import app

pytestmark = pytest.mark.extended

CONFIG = Path(__file__).parents[3] / "docs/examples/cluster-config.yaml"
NAME = "my-cluster"
ELSEWHERE = "arn:aws:"
WITHOUT_FARGATE = "us-gov-west-1"
# Region, its partition, the principal of EC2, the domain, and what names of ECR's endpoints begin with.
REGIONS = {
    "cn-north-1": ("aws-cn", "ec2.amazonaws.com.cn", "amazonaws.com.cn", "cn.com.amazonaws."),
    "us-gov-west-1": ("aws-us-gov", "ec2.amazonaws.com", "amazonaws.com", "com.amazonaws."),
    "eusc-de-east-1": ("aws-eusc", "ec2.amazonaws.com", "amazonaws.eu", "eu.amazonaws."),
}


@pytest.fixture(params=REGIONS)
def sandbox(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """An empty account in one of the regions."""
    with Sandbox(speed=SPEED, region=request.param) as running:
        for name, value in running.env.items():
            monkeypatch.setenv(name, value)
        yield running


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every request that the sandbox gets: its path, query and body."""
    found: list[str] = []
    receive = app.receive

    def remember(environ: dict[str, Any]) -> Any:
        received = receive(environ)
        found.append(unquote(f"{received.path}?{environ.get('QUERY_STRING', '')} {received.body.decode()}"))
        return received

    monkeypatch.setattr(app, "receive", remember)
    return found


@pytest.fixture
def guide(sandbox: Sandbox, tmp_path: Path) -> dict[str, Any]:
    """site.yml's variables for the guide's file in the sandbox's region, with identities, and a network with endpoints."""
    partition = sandbox.account.partition.name
    config = yaml.safe_load(CONFIG.read_text())
    config["metadata"]["region"] = sandbox.region
    config["addons"] = [{"name": "eks-pod-identity-agent"}]
    config["iam"] = {
        "withOIDC": True,
        "serviceAccounts": [
            {
                "metadata": {"name": "external-dns", "namespace": "kube-system"},
                "roleOnly": True,
                "wellKnownPolicies": {"externalDNS": True, "ebsCSIController": True},
            },
            {
                "metadata": {"name": "my-app-sa", "namespace": "production"},
                "roleOnly": True,
                "attachPolicyARNs": [f"arn:{partition}:iam::aws:policy/AmazonS3ReadOnlyAccess"],
            },
        ],
        "podIdentityAssociations": [
            {"namespace": "kube-system", "serviceAccountName": name, "wellKnownPolicies": {policy: True}}
            for name, policy in (("autoscaler", "autoScaler"), ("balancers", "awsLoadBalancerController"))
        ],
    }
    if sandbox.region == WITHOUT_FARGATE:
        del config["fargateProfiles"]
    path = tmp_path / "cluster-config.yaml"
    path.write_text(yaml.safe_dump(config))
    network = {
        "eks_network_endpoints": ["private_cluster"],
        "eks_network_flow_logs": {"destination": "cloud-watch-logs"},
    }
    return {"eks_cluster_config": str(path), "eks_cluster_kubeconfig": str(tmp_path / "kubeconfig"), **network}


def test_the_guide_comes_up_stays_as_it_is_and_goes_without_a_trace(sandbox, sent, play, account, guide):
    before = account()
    first = play("kumo.eks.site", **guide).assert_ok()
    look_at_cluster(sandbox)
    look_at_roles(sandbox)
    look_at_endpoints(sandbox)
    assume_roles_of_pods(sandbox)
    config = yaml.safe_load(Path(guide["eks_cluster_kubeconfig"]).read_text())
    assert config["current-context"].startswith(f"arn:{sandbox.account.partition.name}:eks:")
    play("kumo.eks.site", **guide).assert_unchanged()
    assert ELSEWHERE not in json.dumps(describe_account(sandbox), default=str)
    gone = play("kumo.eks.teardown", **guide).assert_ok()
    assert account() == before
    assert sandbox.client("iam").list_open_id_connect_providers()["OpenIDConnectProviderList"] == []
    assert sandbox.client("iam").list_policies(Scope="Local")["Policies"] == []
    assert [text for text in sent if ELSEWHERE in text] == []
    assert ELSEWHERE not in json.dumps(sandbox.calls())
    assert ELSEWHERE not in first.output + gone.output


def look_at_cluster(sandbox: Sandbox) -> None:
    partition, _ec2, domain, _prefix = REGIONS[sandbox.region]
    eks = sandbox.client("eks")
    cluster = eks.describe_cluster(name=NAME)["cluster"]
    assert cluster["arn"] == f"arn:{partition}:eks:{sandbox.region}:123456789012:cluster/{NAME}"
    assert cluster["identity"]["oidc"]["issuer"].startswith(f"https://oidc.eks.{sandbox.region}.{domain}/id/")
    assert sorted(eks.list_nodegroups(clusterName=NAME)["nodegroups"]) == ["general-purpose", "spot-workers"]
    profiles = [] if sandbox.region == WITHOUT_FARGATE else ["default"]
    assert eks.list_fargate_profiles(clusterName=NAME)["fargateProfileNames"] == profiles


def look_at_roles(sandbox: Sandbox) -> None:
    partition, ec2, _domain, _prefix = REGIONS[sandbox.region]
    iam, role = sandbox.client("iam"), f"{NAME}.{sandbox.region}"
    principals = {}
    for name in (f"{role}_cluster", f"{role}_node", f"{role}_node.general-purpose"):
        (statement,) = iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]["Statement"]
        principals[name] = statement["Principal"]
        attached = iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
        assert attached
        assert all(row["PolicyArn"].startswith(f"arn:{partition}:iam::aws:policy/") for row in attached)
    assert list(principals.values()) == [{"Service": "eks.amazonaws.com"}, {"Service": ec2}, {"Service": ec2}]


def look_at_endpoints(sandbox: Sandbox) -> None:
    """Names of services differ from partition to partition; a gateway endpoint's does not."""
    prefix = REGIONS[sandbox.region][-1]
    rows = sandbox.client("ec2").describe_vpc_endpoints()["VpcEndpoints"]
    kinds = {row["ServiceName"]: row["VpcEndpointType"] for row in rows}
    assert kinds[f"{prefix}{sandbox.region}.ecr.dkr"] == "Interface"
    assert kinds[f"com.amazonaws.{sandbox.region}.s3"] == "Gateway"


def assume_roles_of_pods(sandbox: Sandbox) -> None:
    """With IRSA and with EKS Pod Identity, as SDKs in pods do."""
    partition = REGIONS[sandbox.region][0]
    words = {"region_name": sandbox.region, "endpoint_url": sandbox.endpoint}
    role = next(row["Arn"] for row in sandbox.client("iam").list_roles()["Roles"] if "my-app-sa" in row["RoleName"])
    sts = boto3.client("sts", config=Config(signature_version=UNSIGNED), **words)
    token = sandbox.issuer_token(NAME, "production", "my-app-sa")
    session = sts.assume_role_with_web_identity(RoleArn=role, RoleSessionName="pod", WebIdentityToken=token)
    assert session["AssumedRoleUser"]["Arn"].startswith(f"arn:{partition}:sts::123456789012:assumed-role/")
    token = sandbox.issuer_token(NAME, "kube-system", "autoscaler", "pods.eks.amazonaws.com")
    answer = sandbox.client("eks-auth").assume_role_for_pod_identity(clusterName=NAME, token=token)
    assert answer["assumedRoleUser"]["arn"].startswith(f"arn:{partition}:sts::123456789012:assumed-role/")


def describe_account(sandbox: Sandbox) -> list[Any]:
    """What AWS answers of everything in the account."""
    eks, ec2, iam, auto = (sandbox.client(name) for name in ("eks", "ec2", "iam", "autoscaling"))
    known = {"clusterName": NAME}

    def list_all(listing: Callable[..., dict[str, Any]], describe: Callable[..., Any], key: str) -> list[Any]:
        (names,) = (value for value in listing(**known).values() if isinstance(value, list))
        return [describe(**known, **{key: name}) for name in names]

    associations = eks.list_pod_identity_associations(**known)["associations"]
    answers = [
        eks.describe_cluster(name=NAME),
        list_all(eks.list_nodegroups, eks.describe_nodegroup, "nodegroupName"),
        list_all(eks.list_fargate_profiles, eks.describe_fargate_profile, "fargateProfileName"),
        list_all(eks.list_addons, eks.describe_addon, "addonName"),
        list_all(eks.list_access_entries, eks.describe_access_entry, "principalArn"),
        list_all(eks.list_access_entries, eks.list_associated_access_policies, "principalArn"),
        [eks.describe_pod_identity_association(**known, associationId=row["associationId"]) for row in associations],
        eks.list_access_policies(),
        iam.get_account_authorization_details(),
        iam.list_open_id_connect_providers(),
        auto.describe_auto_scaling_groups(),
        sandbox.client("sts").get_caller_identity(),
        sandbox.client("logs").describe_log_groups(),
    ]
    for what in ("vpcs", "subnets", "security_groups", "instances", "vpc_endpoints", "network_interfaces", "flow_logs"):
        answers.append(getattr(ec2, f"describe_{what}")())
    assert all(answer or sandbox.region == WITHOUT_FARGATE for answer in answers)
    return answers
