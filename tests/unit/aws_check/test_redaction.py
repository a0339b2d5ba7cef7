# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A recording tells no secret, no account, and nobody's name."""

from __future__ import annotations

import json

import botocore.session
import pytest
from redaction import redact, redact_text

SESSION = botocore.session.get_session()


def shape(service, operation, side="output_shape"):
    return getattr(SESSION.get_service_model(service).operation_model(operation), side)


@pytest.mark.parametrize(
    ("service", "operation", "side", "value"),
    [
        ("sts", "AssumeRole", "output_shape", {"Credentials": {"SecretAccessKey": "s3cret", "SessionToken": "s3cret"}}),
        ("iam", "CreateAccessKey", "output_shape", {"AccessKey": {"SecretAccessKey": "s3cret"}}),
        ("ec2", "CreateLaunchTemplate", "input_shape", {"LaunchTemplateData": {"UserData": "s3cret"}}),
        ("eks-auth", "AssumeRoleForPodIdentity", "input_shape", {"token": "s3cret"}),
        ("sts", "AssumeRoleWithWebIdentity", "input_shape", {"WebIdentityToken": "s3cret"}),
        ("iam", "CreateLoginProfile", "input_shape", {"Password": "s3cret"}),
        ("s3", "PutObject", "input_shape", {"Body": b"s3cret"}),
    ],
)
def test_secrets(service, operation, side, value):
    assert "s3cret" not in json.dumps(redact(value, shape(service, operation, side)))


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("arn:aws:iam::123456789012:role/node", "arn:aws:iam::000000000000:role/node"),
        (
            "arn:aws:sts::123456789012:assumed-role/Admin/jane@example.com is not",
            "arn:aws:sts::000000000000:assumed-role/Admin/(redacted) is not",
        ),
        ("arn:aws:iam::123456789012:user/jane", "arn:aws:iam::000000000000:user/(redacted)"),
        ("AKIAIOSFODNN7EXAMPLE", "AKIA0000000000000000"),
        ("vpc-0123456789abcdef0 of 10.0.0.0/16", "vpc-0123456789abcdef0 of 10.0.0.0/16"),
    ],
)
def test_who_and_where(text, wanted):
    assert redact_text(text) == wanted


def test_public_addresses():
    assert redact({"Addresses": [{"PublicIp": "52.1.2.3"}]}) == {"Addresses": [{"PublicIp": "203.0.113.1"}]}
