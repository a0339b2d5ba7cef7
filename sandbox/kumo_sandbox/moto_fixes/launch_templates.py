"""What moto's launch templates lack: DeleteLaunchTemplateVersions, and versions that keep their numbers after it."""

from __future__ import annotations

from typing import Any


def complete_launch_templates() -> None:
    """Give moto's launch templates what they lack, once for the process."""
    from moto.ec2.models.launch_templates import LaunchTemplate, LaunchTemplateVersion
    from moto.ec2.responses import EC2Response

    if hasattr(EC2Response, "delete_launch_template_versions"):
        return

    def create_version(template: Any, data: dict[str, Any], description: str) -> Any:
        last = template.versions[-1].number if template.versions else 0
        version = LaunchTemplateVersion(template, last + 1, data, description)
        template.versions.append(version)
        return version

    LaunchTemplate.create_version = create_version
    LaunchTemplate.default_version = lambda template: template.get_version(template.default_version_number)
    LaunchTemplate.get_version = get_version
    EC2Response.delete_launch_template_versions = delete_versions


def get_version(template: Any, number: Any) -> Any:
    """A version by number, $Latest or $Default; numbers are not positions once a version is deleted."""
    from moto.ec2.exceptions import InvalidLaunchTemplateVersionNotFound

    word = str(number).lower()
    if word == "$latest":
        return template.versions[-1]
    wanted = str(template.default_version_number) if word == "$default" else word
    for version in template.versions:
        if str(version.number) == wanted:
            return version
    raise InvalidLaunchTemplateVersionNotFound(template_id=template.id, version=number)


def delete_versions(response: Any) -> Any:
    """DeleteLaunchTemplateVersions: what is there and is not the default is deleted, the rest is reported as unsuccessful.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteLaunchTemplateVersions.html
    """
    from moto.core.responses import ActionResult

    name, backend = response._get_param("LaunchTemplateName"), response.ec2_backend
    template = (
        backend.get_launch_template_by_name(name)
        if name
        else backend.get_launch_template(response._get_param("LaunchTemplateId"))
    )
    there = {str(version.number): version for version in template.versions}
    gone, kept = [], []
    for number in response._get_param("Versions", []):
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
