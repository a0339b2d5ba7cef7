"""Launch templates: names, pages, versions."""

from __future__ import annotations

import pytest

DATA = {"InstanceType": "m5.large"}


def test_listings_come_in_pages_and_end_without_a_token(ec2):
    names = {f"template-{number}" for number in range(35)}
    for name in names:
        ec2.create_launch_template(LaunchTemplateName=name, LaunchTemplateData=DATA)
    assert {row["LaunchTemplateName"] for row in ec2.describe_launch_templates()["LaunchTemplates"]} == names
    page = ec2.describe_launch_templates(MaxResults=20)
    assert len(page["LaunchTemplates"]) == 20
    rest = ec2.describe_launch_templates(MaxResults=20, NextToken=page["NextToken"])
    assert len(rest["LaunchTemplates"]) == 15 and "NextToken" not in rest


def test_versions_come_in_pages(ec2):
    ec2.create_launch_template(LaunchTemplateName="one", LaunchTemplateData=DATA)
    for _each in range(20):
        ec2.create_launch_template_version(LaunchTemplateName="one", LaunchTemplateData=DATA)
    found = ec2.describe_launch_template_versions(LaunchTemplateName="one")["LaunchTemplateVersions"]
    assert len(found) == 21
    page = ec2.describe_launch_template_versions(LaunchTemplateName="one", MaxResults=5)
    assert len(page["LaunchTemplateVersions"]) == 5 and page["NextToken"]


@pytest.mark.parametrize("name", ["ab", "n" * 129, "with space", "name!"])
def test_names_that_do_not_go(ec2, refused, name):
    error = refused(ec2.create_launch_template, LaunchTemplateName=name, LaunchTemplateData=DATA)
    assert "InvalidLaunchTemplateName.MalformedException" in error


def test_a_repeated_creation_with_the_same_token_makes_one(ec2, refused):
    asked = {"LaunchTemplateName": "one", "LaunchTemplateData": DATA, "ClientToken": "t"}
    made = [ec2.create_launch_template(**asked)["LaunchTemplate"]["LaunchTemplateId"] for _each in range(2)]
    assert made[0] == made[1]
    del asked["ClientToken"]
    assert "AlreadyExists" in refused(ec2.create_launch_template, **asked)


def test_versions_keep_their_numbers_and_the_default_stays(ec2, refused):
    ec2.create_launch_template(LaunchTemplateName="one", LaunchTemplateData=DATA)
    asked = {"LaunchTemplateName": "one"}
    for kind in ("m5.xlarge", "m5.2xlarge"):
        ec2.create_launch_template_version(**asked, LaunchTemplateData={"InstanceType": kind})
    ec2.modify_launch_template(**asked, DefaultVersion="2")
    answer = ec2.delete_launch_template_versions(**asked, Versions=["1", "2", "9"])
    gone = [row["VersionNumber"] for row in answer["SuccessfullyDeletedLaunchTemplateVersions"]]
    kept = [row["VersionNumber"] for row in answer["UnsuccessfullyDeletedLaunchTemplateVersions"]]
    assert (gone, kept) == ([1], [2, 9])
    made = ec2.create_launch_template_version(**asked, SourceVersion="2", LaunchTemplateData={"EbsOptimized": True})
    version = made["LaunchTemplateVersion"]
    assert version["VersionNumber"] == 4
    assert version["LaunchTemplateData"] == {"InstanceType": "m5.xlarge", "EbsOptimized": True}
    ec2.delete_launch_template(**asked)
    assert "NotFound" in refused(ec2.describe_launch_templates, LaunchTemplateNames=["one"])


def test_a_templates_own_tags_are_not_in_its_data(ec2):
    tags = [{"ResourceType": "launch-template", "Tags": [{"Key": "a", "Value": "b"}]}]
    ec2.create_launch_template(LaunchTemplateName="one", LaunchTemplateData=DATA, TagSpecifications=tags)
    (version,) = ec2.describe_launch_template_versions(LaunchTemplateName="one")["LaunchTemplateVersions"]
    assert version["LaunchTemplateData"] == DATA
    (template,) = ec2.describe_launch_templates()["LaunchTemplates"]
    assert template["Tags"] == tags[0]["Tags"]


def test_an_unknown_id_is_an_error(ec2, refused):
    error = refused(ec2.describe_launch_templates, LaunchTemplateIds=["lt-0123456789abcdef0"])
    assert "InvalidLaunchTemplateId.NotFound" in error


def test_an_unknown_name_is_not_deleted(ec2, refused):
    assert "InvalidLaunchTemplateName.NotFoundException" in refused(
        ec2.delete_launch_template, LaunchTemplateName="none"
    )


def test_tags_change(ec2):
    tags = [{"ResourceType": "launch-template", "Tags": [{"Key": "a", "Value": "b"}]}]
    asked = {"LaunchTemplateName": "one", "LaunchTemplateData": DATA, "TagSpecifications": tags}
    made = ec2.create_launch_template(**asked)["LaunchTemplate"]["LaunchTemplateId"]
    ec2.create_tags(Resources=[made], Tags=[{"Key": "a", "Value": "c"}])
    assert ec2.describe_launch_templates()["LaunchTemplates"][0]["Tags"] == [{"Key": "a", "Value": "c"}]
    ec2.delete_tags(Resources=[made], Tags=[{"Key": "a"}])
    assert not ec2.describe_launch_templates()["LaunchTemplates"][0].get("Tags")
