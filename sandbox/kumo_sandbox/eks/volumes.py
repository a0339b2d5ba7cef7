"""The volumes of PersistentVolumeClaims, made at the sandbox's EC2 with the rights of the driver: what the Kubernetes backend asks for.

https://github.com/kubernetes-sigs/aws-ebs-csi-driver/blob/master/pkg/cloud/cloud.go
"""

from __future__ import annotations

import string
from typing import Any

from botocore.exceptions import ClientError

from kumo_sandbox import durations
from kumo_sandbox.aws_interfaces import PodCaller, VolumeError, VolumeSpec
from kumo_sandbox.eks.aws_context import AwsContext
from kumo_sandbox.eks.pod_roles import NoCredentials, find_role
from kumo_sandbox.eks.rights import find_missing
from kumo_sandbox.eks.store import Store

# Tags at a creation need ec2:CreateTags: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/supported-iam-actions-tagging.html
CREATE, DELETE = ("ec2:CreateVolume", "ec2:CreateTags"), ("ec2:DeleteVolume",)
ATTACH, DETACH = ("ec2:AttachVolume",), ("ec2:DetachVolume",)
# https://github.com/kubernetes-sigs/aws-ebs-csi-driver/blob/master/pkg/cloud/devicemanager/allocator.go
DEVICES = [f"/dev/xv{first}{second}" for first in ("da", "db", "dc") for second in string.ascii_lowercase]
GONE = ("InvalidVolume.NotFound", "InvalidInstanceID.NotFound", "InvalidAttachment.NotFound")
FAILED = "operation error EC2: {operation}, https response error StatusCode: {status}, api error {code}: {message}"
UNAUTHORIZED = (
    "You are not authorized to perform this operation. User: arn:{partition}:sts::{account}:assumed-role/{role}/{session}"
    " is not authorized to perform: {action} on resource: arn:{partition}:ec2:{region}:{account}:volume/*"
    " because no identity-based policy allows the {action} action"
)


class Volumes:
    """See ``kumo_sandbox.aws_interfaces.Volumes``. They have the name of their PersistentVolume as a tag: what is there is found again."""

    def __init__(self, store: Store, aws_context: AwsContext) -> None:
        self._store = store
        self._aws_context = aws_context
        self._ready_at: dict[str, float] = {}  # by ID

    def ensure(self, caller: PodCaller, wanted: VolumeSpec) -> str | None:
        volume = self._find(caller, wanted.name)
        if not volume:
            self._authorize(caller, CREATE)
            volume = self._create(caller, wanted)
        ready_at = self._ready_at.setdefault(volume, self._store.clock.after(durations.VOLUME))
        return volume if self._store.clock.now() >= ready_at else None

    def remove(self, caller: PodCaller, volume: str) -> None:
        # The cluster's role has no right to delete volumes: EKS Auto Mode does it with its service-linked role.
        if not caller.of_eks:
            self._authorize(caller, DELETE)
        try:
            self._client(caller).delete_volume(VolumeId=volume)
        except ClientError as error:
            if error.response["Error"]["Code"] != "InvalidVolume.NotFound":
                raise build_error("DeleteVolume", error) from error
        self._ready_at.pop(volume, None)

    def attach(self, caller: PodCaller, volume: str, instance: str) -> str:
        self._authorize(caller, ATTACH)
        client = self._client(caller)
        try:
            (row,) = client.describe_volumes(VolumeIds=[volume])["Volumes"]
            for attachment in row.get("Attachments") or []:
                if attachment["InstanceId"] == instance:
                    return str(attachment["Device"])
            (found,) = client.describe_instances(InstanceIds=[instance])["Reservations"]
            taken = {each["DeviceName"] for each in found["Instances"][0].get("BlockDeviceMappings") or []}
            device = next(each for each in DEVICES if each not in taken)
            client.attach_volume(VolumeId=volume, InstanceId=instance, Device=device)
        except ClientError as error:
            raise build_error("AttachVolume", error) from error
        return device

    def detach(self, caller: PodCaller, volume: str, instance: str) -> None:
        self._authorize(caller, DETACH)
        client = self._client(caller)
        try:
            rows = client.describe_volumes(VolumeIds=[volume])["Volumes"]
            attachments = [each for row in rows for each in row.get("Attachments") or []]
            if any(each["InstanceId"] == instance for each in attachments):
                client.detach_volume(VolumeId=volume, InstanceId=instance)
        except ClientError as error:
            if error.response["Error"]["Code"] not in GONE:
                raise build_error("DetachVolume", error) from error

    def _find(self, caller: PodCaller, name: str) -> str:
        filters = [{"Name": "tag:CSIVolumeName", "Values": [name]}]
        rows = self._client(caller).describe_volumes(Filters=filters)["Volumes"]
        return str(rows[0]["VolumeId"]) if rows else ""

    def _create(self, caller: PodCaller, wanted: VolumeSpec) -> str:
        tags = [{"Key": key, "Value": value} for key, value in wanted.tags.items()]
        optional = {
            "Iops": wanted.iops,
            "Throughput": wanted.throughput,
            "KmsKeyId": wanted.kms_key,
            "MultiAttachEnabled": wanted.multi_attach,
        }
        try:
            answer = self._client(caller).create_volume(
                AvailabilityZone=wanted.zone,
                Size=wanted.size,
                VolumeType=wanted.kind,
                Encrypted=wanted.encrypted,
                TagSpecifications=[{"ResourceType": "volume", "Tags": tags}],
                **{key: value for key, value in optional.items() if value},
            )
        except ClientError as error:
            raise build_error("CreateVolume", error) from error
        return str(answer["VolumeId"])

    def _authorize(self, caller: PodCaller, actions: tuple[str, ...]) -> None:
        """Judged by the role's policies, as rights of nodes are, whether IAM decides about calls or not."""
        _arn, _aws, _eks, region, account, resource = caller.cluster.split(":", 5)
        operation = actions[0].partition(":")[2]
        with self._store.lock:
            cluster = self._store.clusters[(region, resource.partition("/")[2])]
        try:
            role = find_role(cluster, caller)
        except NoCredentials as error:
            raise VolumeError(f"operation error EC2: {operation}, get identity: get credentials: {error}") from error
        missing = find_missing(role, actions, self._store.clock.now())
        if missing:
            message = UNAUTHORIZED.format(
                partition=caller.cluster.split(":")[1],
                account=account,
                role=role.name,
                session=cluster.name,
                action=missing[0],
                region=region,
            )
            words = {"operation": operation, "status": 403, "code": "UnauthorizedOperation", "message": message}
            raise VolumeError(FAILED.format(**words))

    def _client(self, caller: PodCaller) -> Any:
        return self._aws_context.client("ec2", caller.cluster.split(":")[3])


def build_error(operation: str, error: ClientError) -> VolumeError:
    status = error.response["ResponseMetadata"]["HTTPStatusCode"]
    code, message = error.response["Error"]["Code"], error.response["Error"]["Message"]
    return VolumeError(FAILED.format(operation=operation, status=status, code=code, message=message))
