"""What moto's IAM lacks: client ids of OpenID Connect providers, and refusals of a deletion."""

from __future__ import annotations

from typing import Any

ATTACHED = "Cannot delete a policy attached to entities."
VERSIONS = (
    "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. "
    "The default version is deleted with the policy."
)


def complete_iam() -> None:
    """Give moto's IAM what it lacks, once for the process."""
    from moto.iam.models import IAMBackend

    if hasattr(IAMBackend, "_delete_policy_unasked"):
        return
    _complete_providers()
    _refuse_deletions()


def _complete_providers() -> None:
    """AddClientIDToOpenIDConnectProvider and RemoveClientIDFromOpenIDConnectProvider, idempotent as IAM's are."""
    from moto.core.responses import EmptyResult
    from moto.iam.responses import IamResponse

    def client_ids(response: Any) -> tuple[list[str], str]:
        provider = response.backend.get_open_id_connect_provider(response._get_param("OpenIDConnectProviderArn"))
        return provider.client_id_list, response._get_param("ClientID")

    def add(response: Any) -> Any:
        known, wanted = client_ids(response)
        if wanted not in known:
            known.append(wanted)
        return EmptyResult()

    def remove(response: Any) -> Any:
        known, unwanted = client_ids(response)
        if unwanted in known:
            known.remove(unwanted)
        return EmptyResult()

    IamResponse.add_client_id_to_open_id_connect_provider = add
    IamResponse.remove_client_id_from_open_id_connect_provider = remove


def _refuse_deletions() -> None:
    """A policy that is attached or has versions stays; a provider that is not there is missed."""
    from moto.iam.exceptions import DeleteConflictException
    from moto.iam.models import IAMBackend

    delete_policy, delete_provider = IAMBackend.delete_policy, IAMBackend.delete_open_id_connect_provider

    def refuse_policy(backend: Any, policy_arn: str) -> None:
        policy = backend.get_policy(policy_arn)
        if policy.attachment_count:
            raise DeleteConflictException(ATTACHED)
        if len(policy.versions) > 1:
            raise DeleteConflictException(VERSIONS)
        delete_policy(backend, policy_arn)

    def refuse_provider(backend: Any, arn: str) -> None:
        backend.get_open_id_connect_provider(arn)  # raises NoSuchEntity
        delete_provider(backend, arn)

    IAMBackend._delete_policy_unasked = delete_policy
    IAMBackend.delete_policy, IAMBackend.delete_open_id_connect_provider = refuse_policy, refuse_provider
