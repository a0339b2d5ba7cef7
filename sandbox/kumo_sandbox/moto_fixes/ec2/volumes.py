"""The key of EBS is AWS' own, not one of the account's."""

from __future__ import annotations

from typing import Any

from moto.ec2.models.elastic_block_store import EBSBackend
from moto.kms import kms_backends

from kumo_sandbox.moto_fixes.hooks import Method, around


@around(EBSBackend, "_create_default_encryption_key")
def make_managed_key(original: Method, backend: Any) -> str:
    """AWS makes, keeps and never lets delete it: https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#aws-managed-key"""
    arn: str = original(backend)
    kms_backends[backend.account_id][backend.region_name].describe_key(arn).key_manager = "AWS"
    return arn
