# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64

from case import Case, build_cluster, build_object, day

ONE, TEMPLATE = ["Instance i-1"], ["Launch template own"]
NOW = day("2026-11-27").timestamp()
OWN = {"kubernetes.io/cluster/my-cluster": "owned"}


def template(version=1, latest=1, **data):
    row = {"LaunchTemplateName": "own", "VersionNumber": version, "latest": latest, "used_by": ["Node group general"]}
    return {"launch_templates": [{**row, "LaunchTemplateData": data}]}


def user_data(text):
    data = {"UserData": base64.b64encode(text.encode()).decode()}
    return {"launch_template_contents": template(**data)["launch_templates"]}


def instance(**fields):
    row = {"InstanceId": "i-1", "ImageId": "ami-1", "State": {"Name": "running"}, "LaunchTime": day("2026-11-01")}
    return {"instances": [{**row, **fields}]}


def options(**fields):
    return {"MetadataOptions": fields}


def image(created):
    return {**instance(), "images": {"ami-1": {"CreationDate": f"{created}T00:00:00.000Z"}}, "now": NOW}


def joined(provider):
    return {**instance(), "nodes": [build_object("node", spec={"providerID": provider})], "now": NOW}


def disks(encrypted):
    mapping = {"DeviceName": "/dev/xvda", "Ebs": {"Encrypted": encrypted}}
    return {**template(BlockDeviceMappings=[mapping]), "ebs_encryption_by_default": False}


def volume(encrypted, tags=None):
    row = {"VolumeId": "vol-1", "Encrypted": encrypted, "tags": OWN if tags is None else tags}
    return {"cluster": build_cluster(), "volumes": [row]}


CASES = {
    "template_imdsv1": Case(template(), TEMPLATE, template(**options(HttpTokens="required"))),
    "instance_imdsv1": Case(
        instance(**options(HttpTokens="optional")), ONE, instance(**options(HttpTokens="required"))
    ),
    "hop_limit": Case(
        instance(**options(HttpPutResponseHopLimit=2)), ONE, instance(**options(HttpPutResponseHopLimit=1))
    ),
    "template_disk_plain": Case(disks(False), TEMPLATE, disks(True), ("/dev/xvda",)),
    "ebs_default_encryption": Case(
        {"cluster": build_cluster(), "ebs_encryption_by_default": False},
        ["Region ap-northeast-1"],
        {"cluster": build_cluster(), "ebs_encryption_by_default": True},
    ),
    "volume_plain": Case(volume(False), ["Volume vol-1"], volume(False, {})),
    "user_data_secrets": Case(
        user_data("export DB_PASSWORD=1\nPASSWORD=correct-horse-battery"),
        TEMPLATE,
        user_data("/etc/eks/bootstrap.sh my-cluster"),
    ),
    "old_image": Case(image("2026-06-01"), ONE, image("2026-11-01"), ("2026-06-01",)),
    "template_version": Case(template(1, 3), TEMPLATE, template(3, 3), ("version 1 of 3",)),
    "instance_not_joined": Case(joined("aws:///zone/i-other"), ONE, joined("aws:///zone/i-1")),
    "instance_stopped": Case(instance(State={"Name": "stopped"}), ONE, instance()),
    "self_managed": Case(
        {"self_managed_groups": [{"AutoScalingGroupName": "own", "Instances": [{}]}]},
        ["Auto Scaling group own"],
        {"self_managed_groups": []},
    ),
}
