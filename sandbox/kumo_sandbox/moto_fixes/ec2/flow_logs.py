"""Flow logs in a folder of a bucket: moto takes the whole destination for the bucket's name.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateFlowLogs.html (LogDestination)
"""

from __future__ import annotations

from typing import Any

from moto.ec2.models.flow_logs import FlowLogsBackend

from kumo_sandbox.moto_fixes.hooks import Method, around, refuse


@around(FlowLogsBackend, "create_flow_logs")
def write_to_a_folder(original: Method, backend: Any, **words: Any) -> Any:
    """Let moto look for the bucket, and keep the folder."""
    destination = words["log_destination"]
    bucket, slash, _folder = (destination or "").partition("/")
    if not slash or words["log_destination_type"] != "s3":
        return original(backend, **words)
    there = {(row.resource_id, row.log_destination) for row in backend.describe_flow_logs()}
    if any((resource_id, destination) in there for resource_id in words["resource_ids"]):
        refuse(
            "FlowLogAlreadyExists",
            "Error. There is an existing Flow Log with the same configuration and log destination.",
        )
    made, refused = original(backend, **{**words, "log_destination": bucket})
    for row in made:
        row.log_destination = destination
    return made, refused
