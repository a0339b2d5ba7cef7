"""Launch templates: names, versions that keep their numbers, DeleteLaunchTemplateVersions."""

from __future__ import annotations

import re
from typing import Any

from moto.core.responses import ActionResult
from moto.core.types import Base64EncodedString
from moto.ec2.exceptions import InvalidLaunchTemplateNameNotFoundError, InvalidLaunchTemplateVersionNotFound
from moto.ec2.models.launch_templates import LaunchTemplate, LaunchTemplateVersion
from moto.ec2.responses import EC2Response

from kumo_sandbox.moto_fixes.hooks import Method, around, before, refuse
from kumo_sandbox.moto_fixes.runtime import runtime

NAME = re.compile(r"^[a-zA-Z0-9().\-/_]{3,128}$")  # CreateLaunchTemplateRequest.LaunchTemplateName of the API
MOST_VERSIONS_A_CALL = 200


@before(EC2Response, "create_launch_template")
def check_template(response: Any) -> None:
    """https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/create-launch-template.html"""
    if not NAME.match(response._get_param("LaunchTemplateName", "")):
        refuse(
            "InvalidLaunchTemplateName.MalformedException",
            "A launch template name must be between 3 and 128 characters, and may contain letters, numbers, and the"
            " following characters: - ( ) . / _.",
        )
    if len(response.ec2_backend.launch_templates) >= runtime.quotas["launch_templates"]:
        refuse("LaunchTemplateLimitExceeded", "The maximum number of launch templates has been reached.")


@around(LaunchTemplate, "__init__")
def keep_data_as_sent(
    original: Method, template: Any, backend: Any, name: str, data: dict[str, Any], *args: Any, **options: Any
) -> None:
    """The template's own tags are not part of its data; moto puts them there."""
    kept = [row for row in data.get("TagSpecifications", []) if row.get("ResourceType") != "launch-template"]
    data = {key: value for key, value in data.items() if key != "TagSpecifications"}
    original(template, backend, name, {**data, **({"TagSpecifications": kept} if kept else {})}, *args, **options)


@before(EC2Response, "delete_launch_template")
def check_name(response: Any) -> None:
    """moto says of a name that it does not know that there is none."""
    name = response._get_param("LaunchTemplateName")
    if name and name not in response.ec2_backend.launch_template_name_to_ids:
        raise InvalidLaunchTemplateNameNotFoundError


@before(EC2Response, "describe_launch_templates")
def check_ids(response: Any) -> None:
    """moto leaves unknown ids out of the answer."""
    for name in response._get_param("LaunchTemplateIds", []):
        response.ec2_backend.get_launch_template(name)


@before(EC2Response, "describe_launch_templates", "describe_launch_template_versions")
def ask_for_everything(response: Any) -> None:
    """moto ends its answer after 15 rows; ``paging`` makes the pages."""
    params = response.params
    response.__dict__["_kumo_max_results"] = params.pop("MaxResults", None)
    params["MaxResults"] = 10**6


def create_version(template: Any, data: dict[str, Any], description: str) -> Any:
    """Numbers go on after a deletion. moto keeps the user data of later versions in another form, which no instance starts with."""
    if isinstance(data.get("UserData"), str):
        data = {**data, "UserData": Base64EncodedString(data["UserData"])}
    last = template.__dict__.get("_kumo_last_version", 0)
    version = LaunchTemplateVersion(template, last + 1, data, description)
    template.__dict__["_kumo_last_version"] = version.number
    template.versions.append(version)
    return version


def get_version(template: Any, number: Any) -> Any:
    """A version by number, $Latest or $Default; numbers are not positions once a version is deleted."""
    text = str(number).lower()
    if text == "$latest":
        return template.versions[-1]
    wanted = str(template.default_version_number) if text == "$default" else text
    for version in template.versions:
        if str(version.number) == wanted:
            return version
    raise InvalidLaunchTemplateVersionNotFound(template_id=template.id, version=number)


@around(EC2Response, "create_launch_template_version")
def create_version_from_source(original: Method, response: Any) -> Any:
    """Data of the source version that the new data does not set is inherited."""
    source = response._get_param("SourceVersion")
    if source:
        template = find_template(response)
        inherited = template.get_version(source).data
        response.params["LaunchTemplateData"] = {**inherited, **response._get_param("LaunchTemplateData", {})}
    return original(response)


def find_template(response: Any) -> Any:
    name, backend = response._get_param("LaunchTemplateName"), response.ec2_backend
    if name:
        return backend.get_launch_template_by_name(name)
    return backend.get_launch_template(response._get_param("LaunchTemplateId"))


def delete_versions(response: Any) -> Any:
    """DeleteLaunchTemplateVersions: all but the default version are deleted, the rest is reported as unsuccessful.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteLaunchTemplateVersions.html
    """
    template, numbers = find_template(response), response._get_param("Versions", [])
    if len(numbers) > MOST_VERSIONS_A_CALL:
        refuse("InvalidParameterValue", f"At most {MOST_VERSIONS_A_CALL} versions can be deleted in a request.")
    there = {str(version.number): version for version in template.versions}
    gone, kept = [], []
    for number in numbers:
        row = {"LaunchTemplateId": template.id, "LaunchTemplateName": template.name, "VersionNumber": int(number)}
        version = there.get(str(number))
        if version is None or template.is_default(version):
            code = "launchTemplateVersionDoesNotExist" if version is None else "unexpectedError"
            kept.append({**row, "ResponseError": {"Code": code, "Message": f"version {number} cannot be deleted"}})
        else:
            template.versions.remove(version)
            gone.append(row)
    return ActionResult(
        {"SuccessfullyDeletedLaunchTemplateVersions": gone, "UnsuccessfullyDeletedLaunchTemplateVersions": kept}
    )


def ignore_copy(template: Any, tags: Any) -> None:
    """moto answers with the tags that the template was created with; CreateTags and DeleteTags change others."""


LaunchTemplate.tags = property(lambda template: template.get_tags(), ignore_copy)
LaunchTemplate.create_version = create_version
LaunchTemplate.default_version = lambda template: template.get_version(template.default_version_number)
LaunchTemplate.get_version = get_version
EC2Response.delete_launch_template_versions = delete_versions
