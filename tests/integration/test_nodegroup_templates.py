# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Node groups whose launch template eks_nodegroup manages, against the sandbox."""

from __future__ import annotations

import base64

import pytest

CLUSTER = "my-cluster"
NAME = "my-cluster.general"
OWNER = "kumo.eks/ap-northeast-1/my-cluster"
PUBLIC_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIECd5iQrQw16tG6xRmDbcezdX4XWhobYW92YJigDo+74 somebody"
OTHER_KEY = (
    "ssh-rsa "
    "AAAAB3NzaC1yc2EAAAADAQABAAABAQDfW9AmERnZ165efc1jmcYYjGeDmH+fPX9Rh5UcbaleOFbc5NPq+qjcTGqb3CE2X6JTuQLA"
    "EiqAtZ5nL1q46UFLj4X2MQbYWdu2qlhXs/EdHjDBvubl/gVT1gO1hwwUWcghHjqhPsWkYmQwZfO8vITJQ3ufZyNe8ViGdGnGIpCY"
    "KW3I+Bcsrfsm3w0KpYqM1LIpZGPI64RD1nUTo8zBCqdr1vNBNqf+Z+Xdg5/1u865T1xBTR/uU5hETHqpqu+69+g9r9YKaegh/Q9H"
    "gJ7VpiFgXflX9BjoC7C9J6HTJCC7ocSUFx4GYyVfQ4i8XtynUmnQIAWwNpIU8P299ux80SCN"
)


@pytest.fixture
def nodegroup(request, sandbox, run_module, ground, kept_account):
    """eks_nodegroup on a cluster that is ACTIVE."""
    words = {"name": CLUSTER, "version": "1.33", "role_arn": ground["role"], "subnets": ground["subnets"], "wait": True}
    made = kept_account.build(request, lambda: run_module("eks_cluster", words))
    assert not made["failed"], made

    def run(check=False, **options):
        words = {"cluster_name": CLUSTER, **({} if "nodegroups" in options else {"name": "general"}), **options}
        return run_module("eks_nodegroup", words, check=check)

    run.base = {"node_role": ground["node_role"], "subnets": ground["subnets"]}
    sandbox.recorder.clear()
    return run


@pytest.fixture
def step(sandbox, nodegroup):
    """Plan a task and run it: both say the same, and the plan changes nothing."""

    def run(changed, **options):
        sandbox.recorder.clear()
        planned = nodegroup(check=True, **options)
        assert not planned["failed"], planned
        assert sent(sandbox) == []
        real = nodegroup(**options)
        assert not real["failed"], real
        assert (planned["changed"], real["changed"]) == (changed, changed), (planned["diff"], real["diff"])
        assert planned["diff"] == real["diff"]
        assert (real["diff"]["before"] != real["diff"]["after"]) == changed
        return real

    return run


def sent(sandbox):
    names = [call["operation"] for call in sandbox.calls()]
    return [name for name in names if not name.startswith(("Describe", "List", "Get"))]


def templates(sandbox):
    found = sandbox.client("ec2").describe_launch_templates()["LaunchTemplates"]
    return {row["LaunchTemplateName"]: row for row in found if not row["LaunchTemplateName"].startswith("eks-")}


def data_of(sandbox, version="$Latest", name=NAME):
    answer = sandbox.client("ec2").describe_launch_template_versions(LaunchTemplateName=name, Versions=[version])
    return answer["LaunchTemplateVersions"][0]["LaunchTemplateData"]


def versions_of(sandbox, name=NAME):
    answer = sandbox.client("ec2").describe_launch_template_versions(LaunchTemplateName=name)
    return sorted(row["VersionNumber"] for row in answer["LaunchTemplateVersions"])


def test_the_life_of_a_node_group_with_a_template(sandbox, nodegroup, step):
    made = {
        **nodegroup.base,
        "instance_types": ["m5.large"],
        "tags": {"Team": "a"},
        "template": {"volumes": [{"size": 50, "encrypted": True}], "monitoring": True},
        "wait": True,
    }
    created = step(True, **made)
    assert created["launch_template"]["name"] == NAME and created["launch_template"]["version"] == "1"
    data = data_of(sandbox)
    ebs = {"VolumeSize": 50, "VolumeType": "gp3", "Encrypted": True, "DeleteOnTermination": True}
    assert data["BlockDeviceMappings"] == [{"DeviceName": "/dev/xvda", "Ebs": ebs}]
    assert data["MetadataOptions"] == {"HttpTokens": "required", "HttpPutResponseHopLimit": 2}
    tags = [{"Key": "Team", "Value": "a"}, {"Key": OWNER, "Value": "owned"}]
    specs = {row["ResourceType"]: row["Tags"] for row in data["TagSpecifications"]}
    assert {kind: specs[kind] for kind in ("instance", "volume", "network-interface")} == dict.fromkeys(
        ("instance", "volume", "network-interface"), tags
    )
    assert {tag["Key"] for tag in templates(sandbox)[NAME]["Tags"]} == {"Team", OWNER, "kumo.eks/nodegroup"}
    step(False, **made)

    sandbox.recorder.clear()
    changed = {**made, "template": {"volumes": [{"size": 80, "encrypted": True}]}}
    result = step(True, **changed)
    assert result["launch_template"]["version"] == "2" and result["version"] == "1.33"
    assert sent(sandbox) == ["CreateLaunchTemplateVersion", "ModifyLaunchTemplate", "UpdateNodegroupVersion"]
    assert [update["operation"] for update in result["updates"]] == ["UpdateNodegroupVersion"]
    before, after = result["diff"]["before"]["template"], result["diff"]["after"]["template"]
    assert before["data"]["block_device_mappings"]["/dev/xvda"]["volume_size"] == 50
    assert after["data"]["block_device_mappings"]["/dev/xvda"]["volume_size"] == 80
    assert templates(sandbox)[NAME]["DefaultVersionNumber"] == 2
    step(False, **changed)

    assert step(True, **made)["launch_template"]["version"] == "3"  # back: another version with the data of the first
    replaced = step(True, **{**made, "capacity_type": "SPOT", "replace": True})
    assert replaced["capacity_type"] == "SPOT" and replaced["launch_template"]["version"] == "3"

    step(True, state="absent", wait=True)
    assert templates(sandbox) == {}
    step(False, state="absent", wait=True)


def test_tags_of_the_group_reach_its_machines(sandbox, nodegroup, step):
    made = {**nodegroup.base, "tags": {"Team": "a"}, "template": {"tags": {"Name": "general"}}, "wait": True}
    step(True, **made)
    result = step(True, **{**made, "tags": {"Team": "b"}})
    assert result["tags"] == {"Team": "b"}
    tags = {row["ResourceType"]: row["Tags"] for row in data_of(sandbox)["TagSpecifications"]}["volume"]
    assert {tag["Key"]: tag["Value"] for tag in tags} == {"Name": "general", "Team": "b", OWNER: "owned"}
    assert {tag["Key"]: tag["Value"] for tag in templates(sandbox)[NAME]["Tags"]}["Team"] == "b"


def test_a_template_that_a_run_left_behind_is_taken_up(sandbox, nodegroup, step):
    options = {**nodegroup.base, "template": {"volumes": [{"size": 50}]}, "wait": True}
    sandbox.add_fault(kind="error5xx", operation="CreateNodegroup", count=20)
    failed = nodegroup(**options)
    assert failed["failed"] and failed["changed"], failed
    assert list(templates(sandbox)) == [NAME]
    sandbox.faults.clear()
    step(True, **options)
    assert versions_of(sandbox) == [1]


def test_a_template_that_ec2_does_not_find_yet(sandbox, nodegroup):
    """Reads by a new ID trail writes; the clock is held for the first run, so that it ends before they have caught up."""
    sandbox.clock.set_speed(0.05)
    task = {**nodegroup.base, "template": {"volumes": [{"size": 50}]}}
    made = nodegroup(**task)
    assert made["changed"] and not made["failed"], made
    sandbox.clock.set_speed(1)
    sandbox.recorder.clear()
    again = nodegroup(**task)
    assert not again["changed"] and not again["failed"], again
    assert 400 in [call["status"] for call in sandbox.calls("ec2", "DescribeLaunchTemplateVersions")]


def test_an_update_that_a_run_left_behind_is_taken_up(sandbox, nodegroup, step):
    options = {**nodegroup.base, "template": {"volumes": [{"size": 50}]}, "wait": True}
    step(True, **options)
    options["template"]["volumes"][0]["size"] = 60
    sandbox.add_fault(kind="error5xx", operation="UpdateNodegroupVersion", count=20)
    assert nodegroup(**options)["failed"]
    sandbox.faults.clear()
    assert step(True, **options)["launch_template"]["version"] == "2"
    assert versions_of(sandbox) == [1, 2]


def test_what_is_refused_leaves_no_template(sandbox, nodegroup):
    for options in ({"capacity_type": "CAPACITY_BLOCK"}, {"subnets": None}, {"template": {"user_data": "echo hello"}}):
        result = nodegroup(**{**nodegroup.base, "template": {}, **options})
        assert result["failed"], options
    assert sent(sandbox) == []


def test_a_template_of_somebody_else_is_refused_and_kept(sandbox, nodegroup):
    ec2 = sandbox.client("ec2")
    ec2.create_launch_template(LaunchTemplateName=NAME, LaunchTemplateData={"EbsOptimized": True})
    for check in (True, False):
        refused = nodegroup(check=check, **nodegroup.base, template={})
        assert refused["failed"] and f"launch template {NAME} exists and was not created by kumo.eks" in refused["msg"]
    assert nodegroup(state="absent", wait=True)["changed"] is False
    assert list(templates(sandbox)) == [NAME]


def test_a_group_without_a_template_is_replaced_to_get_one(sandbox, nodegroup, step):
    nodegroup(**nodegroup.base, wait=True)
    refused = nodegroup(template={})
    assert refused["failed"] and "launch_template.id is None" in refused["msg"], refused["msg"]
    assert templates(sandbox) == {}
    result = step(True, template={}, replace=True, wait=True)
    assert result["launch_template"]["name"] == NAME


def test_a_template_that_was_deleted_by_hand_comes_back_with_a_replacement(sandbox, nodegroup, step):
    options = {**nodegroup.base, "template": {}, "wait": True}
    step(True, **options)
    sandbox.client("ec2").delete_launch_template(LaunchTemplateName=NAME)
    refused = nodegroup(**options)
    assert refused["failed"] and "launch_template.id" in refused["msg"]
    step(True, **options, replace=True)
    step(False, **options)


def test_a_version_made_by_hand_rolls_nothing(sandbox, nodegroup, step):
    options = {**nodegroup.base, "template": {}, "wait": True}
    step(True, **options)
    sandbox.client("ec2").create_launch_template_version(LaunchTemplateName=NAME, LaunchTemplateData={"KeyName": "x"})
    step(False, **options)


@pytest.mark.extended
def test_old_versions_go_and_the_one_in_use_stays(sandbox, nodegroup):
    options = {**nodegroup.base, "wait": True}
    for size in range(50, 64):
        assert not nodegroup(**options, template={"volumes": [{"size": size}]})["failed"]
    assert versions_of(sandbox) == list(range(5, 15))


@pytest.mark.parametrize(
    ("ami_type", "device"),
    [
        ("BOTTLEROCKET_x86_64", "/dev/xvdb"),
        ("WINDOWS_CORE_2022_x86_64", "/dev/sda1"),
        ("AL2023_ARM_64_STANDARD", "/dev/xvda"),
    ],
)
def test_a_volume_is_the_one_that_holds_images(sandbox, nodegroup, step, ami_type, device):
    types = ["m7g.large"] if "ARM" in ami_type else ["m5.large"]
    options = {"ami_type": ami_type, "instance_types": types, "template": {"volumes": [{"size": 60}]}}
    step(True, **nodegroup.base, **options, wait=True)
    assert data_of(sandbox)["BlockDeviceMappings"][0]["DeviceName"] == device
    step(False, template={"volumes": [{"size": 60}]}, wait=True)  # the AMI type is that of the group


def test_an_own_image_gets_what_it_needs_of_the_cluster(sandbox, nodegroup, step):
    image = {"image_id": "ami-12c6146b", "node_config": {}}
    created = step(True, **nodegroup.base, template=image, wait=True)
    assert created["ami_type"] == "CUSTOM"
    text = base64.b64decode(data_of(sandbox)["UserData"]).decode()
    assert '"name": "my-cluster"' in text and '"apiServerEndpoint": "https://' in text and '"cidr": "' in text
    step(False, **nodegroup.base, template=image, wait=True)
    refused = nodegroup(**nodegroup.base, template=image, version="1.33")
    assert refused["failed"] and "version: 1.33 cannot be combined with template.image_id" in refused["msg"]
    changed = {"image_id": "ami-760aaa0f", "node_config": {}}
    assert step(True, **nodegroup.base, template=changed, wait=True)["launch_template"]["version"] == "2"


@pytest.mark.extended
def test_many_unchanged_groups_with_templates_cost_two_calls_each(sandbox, nodegroup):
    rows = [{"name": f"ng-{number}", **nodegroup.base, "template": {}} for number in range(20)]
    assert not nodegroup(nodegroups=rows, wait=True)["failed"]
    sandbox.recorder.clear()
    result = nodegroup(nodegroups=rows, wait=True)
    assert not result["failed"] and not result["changed"]
    calls = [call["operation"] for call in sandbox.calls()]
    assert calls.count("DescribeNodegroup") == 20 and calls.count("DescribeLaunchTemplateVersions") == 20
    assert set(calls) == {"DescribeNodegroup", "DescribeLaunchTemplateVersions", "DescribeLaunchTemplates"}
    assert calls.count("DescribeLaunchTemplates") == 1


@pytest.mark.parametrize(
    ("ami_type", "old", "new"),
    [
        ("AL2023_x86_64_STANDARD", "1.33.0-20260101", "1.33."),
        ("BOTTLEROCKET_x86_64", "1.9.0-aaaaaaaa", "1.49.0-"),
    ],
)
def test_the_latest_release_is_followed(sandbox, nodegroup, step, ami_type, old, new):
    options = {**nodegroup.base, "ami_type": ami_type, "instance_types": ["m5.large"], "wait": True}
    step(True, **options, release_version=old)
    rolled = step(True, **options, release_version="latest")
    assert (
        rolled["release_version"].startswith(new) and rolled["release_version"] != old and rolled["version"] == "1.33"
    )
    assert rolled["diff"]["before"]["release_version"] == old
    assert rolled["diff"]["after"]["release_version"] == rolled["release_version"]
    step(False, **options, release_version="latest")


def test_a_new_group_with_the_latest_release_needs_no_look(sandbox, nodegroup):
    result = nodegroup(**nodegroup.base, release_version="latest", wait=True)
    assert result["changed"] and "GetParameter" not in {call["operation"] for call in sandbox.calls()}


def test_what_the_list_does_not_name(sandbox, nodegroup):
    rows = [{"name": name, "template": {}} for name in ("stays", "goes")]
    common = {"defaults": nodegroup.base, "owned": True, "wait": True}
    assert not nodegroup(nodegroups=[*rows, {"name": "plain"}], **common)["failed"]
    sandbox.client("eks").create_nodegroup(
        clusterName=CLUSTER,
        nodegroupName="foreign",
        nodeRole=nodegroup.base["node_role"],
        subnets=nodegroup.base["subnets"],
    )
    named = nodegroup(nodegroups=rows[:1], purge=False, **common)
    assert not named["changed"] and named["unlisted"] == ["goes", "plain"]
    planned = nodegroup(nodegroups=rows[:1], purge=True, check=True, **common)
    assert planned["changed"] and [row["name"] for row in planned["nodegroups"]] == ["stays", "goes", "plain"]
    assert nodegroup(nodegroups=rows[:1], purge=True, **common)["changed"]
    assert list(templates(sandbox)) == ["my-cluster.stays"]
    assert sandbox.client("eks").list_nodegroups(clusterName=CLUSTER)["nodegroups"] == ["foreign", "stays"]
    assert not nodegroup(nodegroups=rows[:1], purge=True, **common)["changed"]


def test_a_template_whose_group_was_deleted_otherwise_goes_with_a_removal_of_the_list(sandbox, nodegroup):
    rows = [{"name": name, "template": {}} for name in ("a", "b")]
    nodegroup(nodegroups=rows, defaults=nodegroup.base, wait=True)
    sandbox.client("eks").delete_nodegroup(clusterName=CLUSTER, nodegroupName="b")
    gone = nodegroup(nodegroups=rows[:1], state="absent", purge=False, wait=True)
    assert gone["changed"] and templates(sandbox) == {}
    assert not nodegroup(nodegroups=rows[:1], state="absent", purge=False, wait=True)["changed"]


def test_a_capacity_block(sandbox, nodegroup, step):
    template = {"capacity_reservation": {"id": "cr-0123456789abcdef0"}}
    options = {"capacity_type": "CAPACITY_BLOCK", "instance_types": ["p5.48xlarge"], "template": template}
    step(True, **nodegroup.base, **options, ami_type="AL2023_x86_64_NVIDIA", wait=True)
    assert data_of(sandbox)["InstanceType"] == "p5.48xlarge"
    step(False, **nodegroup.base, **options, wait=True)


def test_the_clusters_security_group_stays_beside_others(sandbox, nodegroup, step, ground):
    step(True, **nodegroup.base, template={"security_groups": [ground["group"]]}, wait=True)
    cluster = sandbox.client("eks").describe_cluster(name=CLUSTER)["cluster"]
    assert data_of(sandbox)["SecurityGroupIds"] == [
        cluster["resourcesVpcConfig"]["clusterSecurityGroupId"],
        ground["group"],
    ]


def test_an_own_launch_template_that_eks_refuses_is_refused_first(sandbox, nodegroup):
    sandbox.client("ec2").create_launch_template(
        LaunchTemplateName="own", LaunchTemplateData={"IamInstanceProfile": {"Name": "p"}}
    )
    refused = nodegroup(**nodegroup.base, launch_template={"name": "own"})
    assert refused["failed"] and "launch_template: it has an IAM instance profile" in refused["msg"]
    assert sent(sandbox) == ["CreateLaunchTemplate"]


def list_keys(sandbox):
    rows = sandbox.client("ec2").describe_key_pairs()["KeyPairs"]
    return {row["KeyName"]: {tag["Key"]: tag["Value"] for tag in row["Tags"]} for row in rows}


def test_a_public_key_is_imported_for_the_group_and_goes_with_it(sandbox, nodegroup, step, tmp_path):
    sandbox.client("ec2").create_key_pair(KeyName="own")
    file = tmp_path / "id.pub"
    file.write_text(f"{PUBLIC_KEY}\n")
    options = {**nodegroup.base, "instance_types": ["m5.large"], "wait": True}
    created = step(True, **options, template={"public_key_path": str(file)})
    (name,) = set(list_keys(sandbox)) - {"own"}
    assert name.startswith(f"{NAME}.") and data_of(sandbox)["KeyName"] == name
    assert list_keys(sandbox)[name] == {OWNER: "owned", "kumo.eks/nodegroup": "general"}
    assert created["diff"]["after"]["key_pair"] == {"name": name}
    step(False, **options, template={"public_key": PUBLIC_KEY.rsplit(" ", 1)[0]})  # another comment is the same key

    step(True, **options, template={"public_key": OTHER_KEY})
    other = data_of(sandbox)["KeyName"]
    assert set(list_keys(sandbox)) == {"own", name, other}
    gone = step(True, state="absent", wait=True)
    assert gone["diff"]["before"]["key_pairs"] == sorted([name, other])
    assert set(list_keys(sandbox)) == {"own"}


def test_instance_types_that_are_described_are_chosen_once(sandbox, nodegroup, step):
    selector = {"vcpus": 2, "memory": "8GiB", "gpus": 0, "allow": "^m[56]i?[.]"}
    options = {**nodegroup.base, "template": {}, "wait": True}
    created = step(True, **options, instance_selector=selector)
    assert created["instance_types"] == ["m5.large", "m6i.large"]
    sandbox.recorder.clear()
    kept = step(False, **options, instance_selector={**selector, "allow": "^m7i"})
    assert kept["instance_types"] == ["m5.large", "m6i.large"]
    assert not [call for call in sandbox.calls() if call["operation"] == "DescribeInstanceTypes"]
    replaced = step(True, **options, instance_selector=selector, capacity_type="SPOT", replace=True)
    assert replaced["instance_types"] == ["m5.large", "m6i.large"]


def describe_efa(sandbox):
    """(security groups, placement groups) for EFA, by name."""
    ec2 = sandbox.client("ec2")
    groups = ec2.describe_security_groups(Filters=[{"Name": "group-name", "Values": ["*.efa"]}])["SecurityGroups"]
    return [row["GroupName"] for row in groups], [
        row["GroupName"] for row in ec2.describe_placement_groups()["PlacementGroups"]
    ]


def test_efa_brings_its_security_group_and_its_placement_group(sandbox, nodegroup, step, ground):
    words = {"node_role": ground["node_role"], "private_subnets": ground["subnets"], "instance_types": ["p4d.24xlarge"]}
    words |= {"ami_type": "AL2023_x86_64_NVIDIA", "template": {"efa": True}, "wait": True}
    made = step(True, **words)
    assert made["nodegroup"]["subnets"] == ground["subnets"][:1]
    assert describe_efa(sandbox) == ([f"{NAME}.efa"], [f"{NAME}.efa"])
    (group,) = sandbox.client("ec2").describe_security_groups(
        Filters=[{"Name": "group-name", "Values": [f"{NAME}.efa"]}]
    )["SecurityGroups"]
    to_itself = [rule for rule in group["IpPermissionsEgress"] if rule["UserIdGroupPairs"]]
    for rule in (*group["IpPermissions"], *to_itself):
        assert (rule["IpProtocol"], rule["UserIdGroupPairs"][0]["GroupId"]) == ("-1", group["GroupId"])
    data = data_of(sandbox)
    shared = sandbox.client("eks").describe_cluster(name=CLUSTER)["cluster"]["resourcesVpcConfig"]
    assert [(row["NetworkCardIndex"], row["DeviceIndex"]) for row in data["NetworkInterfaces"]] == [
        (0, 0),
        (1, 1),
        (2, 1),
        (3, 1),
    ]
    assert all(row["InterfaceType"] == "efa" for row in data["NetworkInterfaces"])
    assert all(
        row["Groups"] == [shared["clusterSecurityGroupId"], group["GroupId"]] for row in data["NetworkInterfaces"]
    )
    assert data["Placement"] == {"GroupName": f"{NAME}.efa"}
    step(False, **words)
    sandbox.client("ec2").revoke_security_group_egress(
        GroupId=group["GroupId"],
        IpPermissions=[{"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": group["GroupId"]}]}],
    )
    step(True, **words)
    step(False, **words)
    step(True, state="absent", wait=True)
    assert describe_efa(sandbox) == ([], [])


def test_efa_with_a_placement_group_of_others(sandbox, nodegroup, step, ground):
    ec2 = sandbox.client("ec2")
    ec2.create_placement_group(GroupName="mine", Strategy="cluster")
    words = {**nodegroup.base, "subnets": ground["subnets"][:1], "instance_types": ["c6in.32xlarge"], "wait": True}
    step(True, **words, template={"efa": True, "placement": {"group_name": "mine"}})
    assert describe_efa(sandbox) == ([f"{NAME}.efa"], ["mine"])
    step(True, state="absent", wait=True)
    assert describe_efa(sandbox) == ([], ["mine"])
    ec2.create_placement_group(GroupName=f"{NAME}.efa", Strategy="cluster")
    refused = nodegroup(**words, template={"efa": True})
    assert refused["failed"] and "exists and was not created by kumo.eks for this cluster" in refused["msg"]
