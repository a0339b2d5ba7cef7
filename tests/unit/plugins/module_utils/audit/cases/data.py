# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from case import Case, build_cluster, build_subnet

REPOSITORY, EFS = ["ECR repository shop/web"], ["EFS file system fs-1"]
ACCOUNT = ["Account 123456789012"]


def repository(**fields):
    row = {"repositoryName": "shop/web", "imageTagMutability": "IMMUTABLE", "policy": None, "lifecycle": True, **fields}
    return {"ecr_repositories": [row]}


def scanning(on, kind="BASIC"):
    return {
        **repository(imageScanningConfiguration={"scanOnPush": on}),
        "ecr_scanning": {"scanType": kind, "rules": [{}]},
    }


def policy(principal):
    return repository(policy={"Statement": [{"Effect": "Allow", "Principal": principal, "Action": "ecr:*"}]})


def inspector(status):
    return {"cluster": build_cluster(), "inspector_status": {"ecr": {"status": status}}}


def efs(**fields):
    return {
        "efs_file_systems": [
            {"FileSystemId": "fs-1", "Encrypted": True, "volumes": ["pv-1"], "mount_targets": [], **fields}
        ]
    }


def mounted(*zones):
    targets = [{"AvailabilityZoneName": zone} for zone in zones]
    subnets = {"subnet-a": build_subnet("subnet-a", zone="a")}
    return {**efs(mount_targets=targets), "node_subnets": {"subnet-a": []}, "subnets": subnets}


def volume(*copied):
    tags = {"kubernetes.io/created-for/pvc/name": "db", "kubernetes.io/cluster/my-cluster": "owned"}
    rows = [{"VolumeId": "vol-1", "tags": tags}, {"VolumeId": "vol-2", "tags": {}}]
    return {"cluster": build_cluster(), "volumes": rows, "snapshots": [{"VolumeId": key} for key in copied]}


CASES = {
    "ecr_mutable_tags": Case(repository(imageTagMutability="MUTABLE"), REPOSITORY, repository()),
    "ecr_scanning_off": Case(scanning(False), REPOSITORY, scanning(False, "ENHANCED")),
    "inspector_off": Case(inspector("DISABLED"), ACCOUNT, inspector("ENABLED")),
    "ecr_public": Case(policy("*"), REPOSITORY, policy({"AWS": "arn:aws:iam::123456789012:root"})),
    "ecr_lifecycle": Case(repository(lifecycle=False), REPOSITORY, repository()),
    "ecr_encryption": Case(repository(), REPOSITORY, repository(encryptionConfiguration={"encryptionType": "KMS"})),
    "efs_plain": Case(efs(Encrypted=False), EFS, efs()),
    "efs_mount_targets": Case(mounted("b"), EFS, mounted("a")),
    "volume_without_snapshot": Case(volume("vol-9"), ["Volume vol-1"], volume("vol-1")),
}
