"""Whether IAM decides who may do what: moto's own switch, which its /moto-api/reset-auth turns too.

Without it every signed call is allowed, as moto does by default. With it calls to EKS go through moto's judgement, too.
"""

from __future__ import annotations

import math
from typing import Any

from werkzeug.datastructures import EnvironHeaders

from kumo_sandbox.eks.errors import ServiceError
from kumo_sandbox.eks.store import Store
from kumo_sandbox.partitions import find_partition
from kumo_sandbox.principals import ACCOUNT

# What a path names below a cluster: where the store keeps it, and its ARN.
CHILDREN = {
    "nodegroupName": ("nodegroups", "nodegroupArn"),
    "fargateProfileName": ("fargate_profiles", "fargateProfileArn"),
    "addonName": ("addons", "addonArn"),
    "principalArn": ("access_entries", "accessEntryArn"),
    "associationId": ("pod_identities", "associationArn"),
}


class Denied(ServiceError):
    status = 403

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def is_enforced() -> bool:
    from moto import settings

    return settings.INITIAL_NO_AUTH_ACTION_COUNT != math.inf


def set_enforced(wanted: bool) -> None:
    """From the next call on. The switch is one for the process."""
    from moto import settings
    from moto.core.authorization import ActionAuthenticatorMixin

    settings.INITIAL_NO_AUTH_ACTION_COUNT = 0.0 if wanted else math.inf
    ActionAuthenticatorMixin.request_count = 0


def check(
    store: Store, environ: dict[str, Any], body: bytes, operation: str, path: dict[str, str], region: str
) -> None:
    """Whether the signer of a call to EKS may make it; raises Denied. Passing a role is not judged."""
    from moto.core.exceptions import AccessDeniedError, InvalidClientTokenIdError, SignatureDoesNotMatchError
    from moto.iam.access_control import IAMRequest

    if not is_enforced():
        return
    raw = environ.get("RAW_URI") or environ.get("REQUEST_URI") or environ.get("PATH_INFO", "")
    try:
        request = IAMRequest(
            account_id=ACCOUNT,
            method=environ["REQUEST_METHOD"],
            path=raw,
            data={},
            body=body,
            headers=EnvironHeaders(environ),  # type: ignore[arg-type]
            action=operation,
        )
        request.check_signature()
        request.check_action_permitted(build_resource_arn(store, path, region))
    except InvalidClientTokenIdError as error:
        raise Denied("UnrecognizedClientException", "The security token included in the request is invalid.") from error
    except SignatureDoesNotMatchError as error:
        raise Denied(
            "InvalidSignatureException", "The request signature we calculated does not match the one you provided."
        ) from error
    except AccessDeniedError as error:
        raise Denied("AccessDeniedException", str(error.message)) from error


def build_resource_arn(store: Store, path: dict[str, str], region: str) -> str:
    """The ARN that a policy must name: of what the path names, else of the cluster, else every one."""
    if "resourceArn" in path:
        return path["resourceArn"]
    name = path.get("clusterName") or path.get("name")
    if not name:
        return "*"
    with store.lock:
        cluster = store.clusters.get((region, name))
        for key, (kind, arn) in CHILDREN.items():
            found = getattr(cluster, kind).get(path.get(key)) if cluster else None
            if found:
                return str(found[arn])
    return f"arn:{find_partition(region).name}:eks:{region}:{ACCOUNT}:cluster/{name}"
