# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lookup eks_token against the sandbox. kubernetes.core uses its tokens in tests/helm."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from ansible.errors import AnsibleError
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import lookup_loader
from ansible.template import Templar
from support.bad_inputs import plugins
from support.bad_inputs.row import BadInput
from support.plugins import find_collections

CLUSTER, REGION = "my-cluster", "ap-northeast-1"


@pytest.fixture(scope="module", autouse=True)
def loaders() -> Iterator[None]:
    with find_collections():
        yield


def look(*terms: Any, **options: Any) -> list[Any]:
    loader = DataLoader()
    plugin = lookup_loader.get("kumo.eks.eks_token", loader=loader, templar=Templar(loader))
    return plugin.run([*terms], {}, **options)


def read_query(token: str) -> dict[str, list[str]]:
    """The query of the presigned URL that is in a token."""
    body = token.removeprefix("k8s-aws-v1.")
    url = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)).decode()
    return parse_qs(urlsplit(url).query)


def test_tokens_take_no_call_and_no_cluster(sandbox):
    so_far = len(sandbox.calls())
    first, second = look(CLUSTER, "other", region=REGION)
    assert first != second and sandbox.calls()[so_far:] == []
    assert read_query(first)["X-Amz-Credential"][0].startswith(f"{sandbox.keys[0]}/")


def test_with_the_connection_of_the_cluster(sandbox, ground):
    place = {"subnetIds": ground["subnets"]}
    sandbox.client("eks").create_cluster(name=CLUSTER, roleArn=ground["role"], resourcesVpcConfig=place)
    so_far = len(sandbox.calls())
    (found,) = look(CLUSTER, region=REGION, connection=True)
    assert [call["operation"] for call in sandbox.calls()[so_far:]] == ["DescribeCluster"]
    raw = sandbox.client("eks").describe_cluster(name=CLUSTER)["cluster"]
    data = raw["certificateAuthority"]["data"]
    assert found["host"] == raw["endpoint"] and found["ca_pem"] == base64.b64decode(data).decode()
    place = found["kubeconfig"]["clusters"][0]["cluster"]
    assert place == {"server": raw["endpoint"], "certificate-authority-data": data}
    assert found["token"] not in json.dumps(found["kubeconfig"]) and found["expires_at"].endswith("Z")
    with pytest.raises(AnsibleError, match="cluster none does not exist in ap-northeast-1"):
        look("none", region=REGION, connection=True)


def test_a_role_signs(sandbox):
    trust = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    role = sandbox.client("iam").create_role(RoleName="deploy", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    so_far = len(sandbox.calls())
    (token,) = look(CLUSTER, region=REGION, assume_role_arn=role, external_id="my-company")
    assert [call["operation"] for call in sandbox.calls()[so_far:]] == ["AssumeRole"]
    assert "X-Amz-Security-Token" in read_query(token)
    assert not read_query(token)["X-Amz-Credential"][0].startswith(sandbox.keys[0])


@pytest.mark.parametrize("row", [pytest.param(row, id=row.id) for row in plugins.LOOKUP])
def test_a_mistake_is_refused_without_a_call(row: BadInput, sandbox):
    so_far = len(sandbox.calls())
    options = dict(row.given)
    with pytest.raises(AnsibleError) as refused:
        look(*options.pop("_terms"), **options)
    assert row.find_unsaid(str(refused.value), {}) == [] and sandbox.calls()[so_far:] == [], refused.value


def test_wrong_input_is_refused(sandbox, monkeypatch):
    with pytest.raises(AnsibleError, match="No token could be signed: .*AssumeRole"):
        look(CLUSTER, region=REGION, assume_role_arn="arn:aws:iam::123456789012:user/x")
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(AnsibleError, match="region: is required"):
        look(CLUSTER)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(AnsibleError, match="No token could be signed: Unable to locate credentials"):
        look(CLUSTER, region=REGION)
