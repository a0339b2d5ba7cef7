"""OpenID Connect providers: their client ids come and go, and one that is not there is an error."""

from __future__ import annotations

from typing import Any

from moto.core.responses import EmptyResult
from moto.iam.models import IAMBackend
from moto.iam.responses import IamResponse

from kumo_sandbox.moto_fixes.hooks import before
from kumo_sandbox.moto_fixes.iam.names import check_tags


def _read_client_ids(response: Any) -> tuple[list[str], str]:
    provider = response.backend.get_open_id_connect_provider(response._get_param("OpenIDConnectProviderArn"))
    return provider.client_id_list, response._get_param("ClientID")


def add_client_id(response: Any) -> Any:
    """AddClientIDToOpenIDConnectProvider, idempotent as IAM's is."""
    known, wanted = _read_client_ids(response)
    if wanted not in known:
        known.append(wanted)
    return EmptyResult()


def remove_client_id(response: Any) -> Any:
    """RemoveClientIDFromOpenIDConnectProvider, likewise."""
    known, unwanted = _read_client_ids(response)
    if unwanted in known:
        known.remove(unwanted)
    return EmptyResult()


@before(IamResponse, "create_open_id_connect_provider")
def check_provider(response: Any) -> None:
    check_tags(response._get_param("Tags"))


@before(IAMBackend, "delete_open_id_connect_provider")
def check_deletion(backend: Any, arn: str) -> None:
    backend.get_open_id_connect_provider(arn)  # raises NoSuchEntity


IamResponse.add_client_id_to_open_id_connect_provider = add_client_id
IamResponse.remove_client_id_from_open_id_connect_provider = remove_client_id
