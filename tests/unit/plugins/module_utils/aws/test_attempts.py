# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A repeated request counts as repeated where an attempt before may have done the work."""

from __future__ import annotations

import json
from types import SimpleNamespace

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError, EndpointConnectionError

from ansible_collections.kumo.eks.plugins.module_utils.aws.attempts import count_doubtful_attempts
from ansible_collections.kumo.eks.plugins.module_utils.aws.client import RETRIES
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import was_repeated

URL = "http://127.0.0.1:1"
LOST = ConnectionClosedError(endpoint_url=URL)
UNREACHED = EndpointConnectionError(endpoint_url=URL, error="refused")


def answer(status, code=""):
    """An answer of EKS."""
    body = json.dumps({"message": "no"} if code else {"clusters": []}).encode()
    raw = SimpleNamespace(stream=lambda *args, **options: iter([body]))
    return AWSResponse(URL, status, {"x-amzn-ErrorType": code} if code else {}, raw)


def answer_of_ec2(status, code):
    body = f"<Response><Errors><Error><Code>{code}</Code><Message>no</Message></Error></Errors></Response>".encode()
    return AWSResponse(URL, status, {}, SimpleNamespace(stream=lambda *args, **options: iter([body])))


@pytest.fixture
def call():
    """call(service, attempts) -> the answer, or the exception; each attempt is an answer or what happens instead."""

    def run(service, attempts):
        session = boto3.session.Session("key", "secret", region_name="eu-north-1")
        client = session.client(service, endpoint_url=URL, config=Config(retries=RETRIES))
        count_doubtful_attempts(client)
        left = list(attempts)

        def send(request, **_):
            now = left.pop(0)
            if isinstance(now, Exception):
                raise now
            return now

        client.meta.events.register("before-send", send)
        try:
            return client.list_clusters() if service == "eks" else client.delete_vpc(VpcId="vpc-1")
        except ClientError as error:
            return error
        finally:
            assert not left

    return run


IN_USE = answer(409, "ResourceInUseException")


@pytest.mark.parametrize(
    ("attempts", "repeated"),
    [
        ([answer(200)], False),
        ([answer(429, "ThrottlingException"), answer(200)], False),
        ([answer(429, "ThrottlingException"), IN_USE], False),
        ([UNREACHED, answer(200)], False),
        ([LOST, answer(200)], True),
        ([LOST, IN_USE], True),
        ([answer(503, "ServiceUnavailableException"), answer(200)], True),
        ([answer(500, "ServerException"), IN_USE], True),
        ([LOST, answer(429, "ThrottlingException"), IN_USE], True),
    ],
)
def test_only_an_attempt_that_may_have_worked_counts(call, attempts, repeated):
    assert was_repeated(call("eks", attempts)) is repeated


@pytest.mark.parametrize(("code", "repeated"), [("RequestLimitExceeded", False), ("Unavailable", True)])
def test_ec2_throttles_with_a_status_of_the_server(call, code, repeated):
    error = call("ec2", [answer_of_ec2(503, code), answer_of_ec2(400, "InvalidVpcID.NotFound")])
    assert was_repeated(error) is repeated


def test_an_exception_without_an_answer_says_nothing():
    assert not was_repeated(ValueError("no answer"))
