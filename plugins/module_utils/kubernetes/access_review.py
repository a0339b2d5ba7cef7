# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the API server allows whom: SelfSubjectAccessReview and SubjectAccessReview.

https://kubernetes.io/docs/reference/access-authn-authz/authorization/#checking-api-access
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.api import KubernetesApi, KubernetesError

GROUP = "authorization.k8s.io/v1"
SELF_PATH = f"/apis/{GROUP}/selfsubjectaccessreviews"
SUBJECT_PATH = f"/apis/{GROUP}/subjectaccessreviews"
AUTHENTICATED = "system:authenticated"  # the group of everybody whom the API server knows
UNAUTHORIZED = 401


@dataclass(frozen=True)
class Subject:
    """Somebody as the API server sees them."""

    username: str
    groups: tuple[str, ...] = ()


@dataclass(frozen=True)
class Answer:
    """What the API server said.

    Args:
        known: whether it knew who asked. Where not, it allows nothing.
    """

    allowed: bool
    reason: str = ""
    known: bool = True


def build_attributes(question: dict[str, Any]) -> dict[str, Any]:
    """The part of a review that says what is asked for; an omitted value means all, as in kubectl auth can-i."""
    if question.get("non_resource_url"):
        return {"nonResourceAttributes": {"path": question["non_resource_url"], "verb": question["verb"]}}
    names = {
        "verb": "verb",
        "resource": "resource",
        "subresource": "subresource",
        "api_group": "group",
        "namespace": "namespace",
        "name": "name",
    }
    return {"resourceAttributes": {key: question[option] for option, key in names.items() if question.get(option)}}


def ask(api: KubernetesApi, question: dict[str, Any], subject: Subject | None = None) -> Answer:
    """Whether a subject, or the caller where there is none, may do something."""
    spec = build_attributes(question)
    if subject is not None:
        spec |= {"user": subject.username, "groups": sorted({*subject.groups, AUTHENTICATED})}
    kind = "SelfSubjectAccessReview" if subject is None else "SubjectAccessReview"
    body = {"apiVersion": GROUP, "kind": kind, "spec": spec}
    try:
        status = api.request("POST", SELF_PATH if subject is None else SUBJECT_PATH, body)["status"]
    except KubernetesError as error:
        if error.status != UNAUTHORIZED or subject is not None:
            raise
        return Answer(False, "the cluster does not know the principal (401)", known=False)
    return Answer(bool(status.get("allowed")), status.get("reason") or status.get("evaluationError") or "")


def format_question(question: dict[str, Any]) -> str:
    """ "get pods/log in namespace shop", for messages."""
    if question.get("non_resource_url"):
        return f"{question['verb']} {question['non_resource_url']}"
    resource = question["resource"] + (f".{question['api_group']}" if question.get("api_group") else "")
    parts = f"{resource}/{question['subresource']}" if question.get("subresource") else resource
    where = f" in namespace {question['namespace']}" if question.get("namespace") else " in the whole cluster"
    return f"{question['verb']} {parts}" + (f" {question['name']}" if question.get("name") else "") + where
