"""Volumes of EBS."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError


def test_the_default_key_is_managed_by_aws(sandbox):
    sandbox.client("ec2").create_volume(AvailabilityZone="ap-northeast-1a", Size=1, Encrypted=True)
    kms = sandbox.client("kms")
    assert kms.describe_key(KeyId="alias/aws/ebs")["KeyMetadata"]["KeyManager"] == "AWS"
    own = kms.create_key()["KeyMetadata"]
    assert own["KeyManager"] == "CUSTOMER"


def test_an_unknown_type_is_refused(sandbox):
    with pytest.raises(ClientError, match=r"InvalidParameterValue.*Value \(gp9\) for parameter volumeType is invalid"):
        sandbox.client("ec2").create_volume(AvailabilityZone="ap-northeast-1a", Size=1, VolumeType="gp9")
