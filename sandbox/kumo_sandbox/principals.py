"""Who an access key belongs to: the IAM users and assumed roles that moto keeps, one IAM in each partition."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kumo_sandbox.partitions import read_partition

ACCOUNT = "123456789012"
MARK = "kumo-sandbox-itself"  # in the user agent of the sandbox' own calls
SHORTEST_SESSION = 900  # seconds that a session of a role lasts at least


def find_principal(access_key_id: str) -> tuple[str, str, str | None] | None:
    """(ARN, secret key, session token) of a key's owner; None for a key nobody has."""
    role = find_session(access_key_id)
    if role is not None:
        return role.arn, role.secret_access_key, role.session_token
    for iam in list_iam_backends(ACCOUNT):
        for user in iam.users.values():
            for key in user.access_keys:
                if key.access_key_id == access_key_id and key.status == "Active":
                    return user.arn, key.secret_access_key, None
    return None


def list_iam_backends(account: str) -> Iterator[Any]:
    """moto's IAM of each partition that the account was used in."""
    from moto.iam.models import iam_backends

    return (backend for _partition, backend in list(iam_backends[account].items()))


def get_iam_backend(partition: str) -> Any:
    """moto's IAM of a partition, which is there at once."""
    from moto.iam.models import iam_backends

    return iam_backends[ACCOUNT][partition]


def find_session(access_key_id: str) -> Any:
    """moto's session of a role, of any account, with this key; None where the key is none of a session."""
    from moto.sts.models import sts_backends

    backends = [backend for _account, _partition, backend in sts_backends.iter_backends()]
    found = (backend.get_assumed_role_from_access_key(access_key_id) for backend in backends)
    return next((session for session in found if session is not None), None)


def read_account(arn: str) -> str:
    """The account of a role; the sandbox's own where the ARN is none."""
    words = arn.split(":")
    return words[4] if len(words) == 6 and words[4].isdigit() else ACCOUNT


def find_role(arn: str) -> Any:
    """The role with this ARN, None where there is none."""
    roles = [role for iam in list_iam_backends(read_account(arn)) for role in iam.roles.values()]
    return next((role for role in roles if role.arn == arn), None)


def find_unique_id(arn: str) -> str:
    """The unique ID of a role or a user, empty for what IAM here does not have: a principal of another account, or none."""
    kind = arn.rpartition(":")[2].partition("/")[0]
    if kind == "role":
        role = find_role(arn)
        return str(role.id) if role else ""
    users = [user for iam in list_iam_backends(read_account(arn)) for user in iam.users.values()]
    return next((str(user.id) for user in users if user.arn == arn), "")


def find_longest_session(role: Any) -> int:
    """Seconds a session of the role may last."""
    return int(role.max_session_duration or 3600)


def normalize_to_iam_arn(arn: str) -> str:
    """The IAM principal behind a caller: the role of an assumed-role session, otherwise the ARN itself."""
    if ":assumed-role/" not in arn:
        return arn
    role = arn.split(":assumed-role/")[1].split("/")[0]
    return f"arn:{read_partition(arn)}:iam::{arn.split(':')[4]}:role/{role}"


def make_administrator(
    keys: tuple[str, str] | None = None, name: str = "sandbox-admin", partition: str = "aws"
) -> tuple[str, str]:
    """An IAM user that may do everything; returns its access key and secret (``keys`` where they are given)."""
    backend = get_iam_backend(partition)
    user = backend.create_user(region_name=partition, user_name=name)
    backend.attach_user_policy(f"arn:{partition}:iam::aws:policy/AdministratorAccess", name)
    key = user.create_access_key(prefix="AKIA")
    if keys:
        key.access_key_id, key.secret_access_key = keys
    backend.access_keys[key.physical_resource_id] = key
    return key.access_key_id, key.secret_access_key
