"""IAM operations on OpenID Connect providers that moto does not have: adding and removing a client id."""

from __future__ import annotations

from typing import Any


def complete_providers() -> None:
    """Give moto's IAM the two operations."""
    from moto.core.responses import EmptyResult
    from moto.iam.responses import IamResponse

    def client_ids(response: Any) -> tuple[list[str], str]:
        provider = response.backend.get_open_id_connect_provider(response._get_param("OpenIDConnectProviderArn"))
        return provider.client_id_list, response._get_param("ClientID")

    def add(response: Any) -> Any:
        known, wanted = client_ids(response)
        if wanted not in known:  # IAM takes one that is there already, too
            known.append(wanted)
        return EmptyResult()

    def remove(response: Any) -> Any:
        known, unwanted = client_ids(response)
        if unwanted in known:  # IAM does not mind one that is not there
            known.remove(unwanted)
        return EmptyResult()

    IamResponse.add_client_id_to_open_id_connect_provider = add
    IamResponse.remove_client_id_from_open_id_connect_provider = remove
