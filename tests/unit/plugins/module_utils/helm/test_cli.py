# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Helm's environment, its token, and the times it prints."""

from __future__ import annotations

import pytest

from ansible_collections.kumo.eks.plugins.module_utils.helm.cli import compute_age
from ansible_collections.kumo.eks.plugins.module_utils.helm.environment import build_aws_environment
from ansible_collections.kumo.eks.plugins.module_utils.helm.source import parse_ecr_host


def test_nothing_of_another_cluster_reaches_helm():
    others = {"KUBECONFIG": "x", "HELM_KUBETOKEN": "x", "HELM_KUBECONTEXT": "x", "HELM_DRIVER": "sql", "PATH": "/bin"}
    assert build_aws_environment({}, others) == {"HELM_DRIVER": "sql", "PATH": "/bin"}


def test_credentials_of_the_task_replace_those_of_the_environment():
    around = {"AWS_PROFILE": "a", "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "a", "AWS_SESSION_TOKEN": "a"}
    keys = {"access_key": "b", "secret_key": "c", "session_token": None}
    assert build_aws_environment(keys, around) == {"AWS_ACCESS_KEY_ID": "b", "AWS_SECRET_ACCESS_KEY": "c"}
    assert build_aws_environment({"profile": "b"}, around) == {"AWS_PROFILE": "b"}
    more = {"endpoint_url": "http://here", "aws_ca_bundle": "/ca.pem"}
    assert build_aws_environment(more, {}) == {"AWS_ENDPOINT_URL": "http://here", "AWS_CA_BUNDLE": "/ca.pem"}


@pytest.mark.parametrize(
    "stamp",
    [
        "1970-01-01T00:01:00Z",
        "1970-01-01T00:01:00.123456789Z",
        "1970-01-01T09:01:00.1+09:00",
        "1969-12-31T23:01:00-01:00",
    ],
)
def test_the_age_of_a_time_that_helm_printed(stamp):
    assert round(compute_age(stamp, now=100)) == 40


@pytest.mark.parametrize(
    ("host", "found"),
    [
        ("123456789012.dkr.ecr.eu-west-1.amazonaws.com", ("123456789012", "eu-west-1")),
        ("123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com", ("123456789012", "us-gov-west-1")),
        ("123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn", ("123456789012", "cn-north-1")),
        ("123456789012.dkr.ecr.us-iso-east-1.c2s.ic.gov", ("123456789012", "us-iso-east-1")),
        ("123456789012.dkr.ecr.eusc-de-east-1.amazonaws.eu", ("123456789012", "eusc-de-east-1")),
        ("123456789012.dkr-ecr.us-east-1.on.aws", ("123456789012", "us-east-1")),
        ("123456789012.dkr-ecr.cn-north-1.on.amazonwebservices.com.cn", ("123456789012", "cn-north-1")),
        ("public.ecr.aws", None),
        ("123456789012.dkr.ecr.eu-west-1.amazonaws.com.example.com", None),
        ("example.com", None),
    ],
)
def test_a_registry_of_amazon_ecr_names_its_account_and_region(host, found):
    assert parse_ecr_host(host) == found
