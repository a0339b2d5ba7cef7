"""The key of EBS is AWS' own, not one of the account's, and volumes have a type of EBS and one instance."""

from __future__ import annotations

from typing import Any

from moto.ec2.models.elastic_block_store import EBSBackend
from moto.kms import kms_backends

from kumo_sandbox.moto_fixes.hooks import Method, around, before, refuse

TYPES = ("standard", "io1", "io2", "gp2", "sc1", "st1", "gp3")  # EC2 API, VolumeType


@around(EBSBackend, "_create_default_encryption_key")
def make_managed_key(original: Method, backend: Any) -> str:
    """AWS makes, keeps and never lets delete it: https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#aws-managed-key"""
    arn: str = original(backend)
    kms_backends[backend.account_id][backend.region_name].describe_key(arn).key_manager = "AWS"
    return arn


@before(EBSBackend, "create_volume")
def check_type(_backend: Any, *_args: Any, volume_type: str | None = None, **_options: Any) -> None:
    if volume_type and volume_type not in TYPES:
        refuse("InvalidParameterValue", f"Value ({volume_type}) for parameter volumeType is invalid.")


@before(EBSBackend, "attach_volume")
def check_attachment(backend: Any, volume_id: str, *_args: Any, **_options: Any) -> None:
    """https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html (VolumeInUse)"""
    volume = backend.get_volume(volume_id)
    if volume.attachment and not volume.multi_attach_enabled:
        refuse("VolumeInUse", f"{volume_id} is already attached to an instance")
