"""Volumes of EBS."""

from __future__ import annotations


def test_the_default_key_is_managed_by_aws(sandbox):
    sandbox.client("ec2").create_volume(AvailabilityZone="ap-northeast-1a", Size=1, Encrypted=True)
    kms = sandbox.client("kms")
    assert kms.describe_key(KeyId="alias/aws/ebs")["KeyMetadata"]["KeyManager"] == "AWS"
    own = kms.create_key()["KeyMetadata"]
    assert own["KeyManager"] == "CUSTOMER"
