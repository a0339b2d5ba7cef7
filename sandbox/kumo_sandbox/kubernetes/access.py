"""Access entries and their policies as RBAC.

EKS grants access policies in a separate authorizer; here each is a ClusterRole bound to a group that
``review_token`` gives to the entry's principal, so that it holds whatever user name the entry has. Who impersonates the
principal, or asks by a SubjectAccessReview with its user name and groups, does not have that group: as on EKS, only RBAC answers
(https://docs.aws.amazon.com/eks/latest/userguide/access-policies.html).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase

from kumo_sandbox.interfaces import AccessRule, ClusterView
from kumo_sandbox.kubernetes.access_policies import POLICIES
from kumo_sandbox.kubernetes.api import Manifest

GROUP_PREFIX = "eks-access-entry:"
ROLE_PREFIX = "eks:access-policy:"
RBAC = "rbac.authorization.k8s.io"


def find_group(rule: AccessRule) -> str:
    """The group that carries the policies of one principal."""
    return f"{GROUP_PREFIX}{rule.principal_arn}"


def build_access_manifests(view: ClusterView, present: Sequence[str]) -> Iterator[Manifest]:
    """Roles and bindings for all associated policies; a policy of services, whose rules nobody publishes, grants nothing.

    ``present`` are the namespaces there are: a scope may name ones that come later, or many by a * at the end.
    """
    for name, rules in POLICIES.items():
        metadata = {"name": f"{ROLE_PREFIX}{name}"}
        yield {"apiVersion": f"{RBAC}/v1", "kind": "ClusterRole", "metadata": metadata, "rules": rules}
    for rule in view.access:
        for policy, scope, namespaces in rule.policies:
            if policy in POLICIES:
                matching = [name for name in present if any(fnmatchcase(name, each) for each in namespaces)]
                yield from _build_bindings(rule, policy, scope, matching)


def _build_bindings(rule: AccessRule, policy: str, scope: str, namespaces: Sequence[str]) -> Iterator[Manifest]:
    digest = hashlib.sha256(rule.principal_arn.encode()).hexdigest()[:12]
    name = f"eks:{policy}:{digest}"
    if scope != "namespace":
        yield _build_binding("ClusterRoleBinding", {"name": name}, policy, rule)
    for namespace in namespaces if scope == "namespace" else ():
        yield _build_binding("RoleBinding", {"name": name, "namespace": namespace}, policy, rule)


def _build_binding(kind: str, metadata: dict[str, str], policy: str, rule: AccessRule) -> Manifest:
    return {
        "apiVersion": f"{RBAC}/v1",
        "kind": kind,
        "metadata": metadata,
        "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": f"{ROLE_PREFIX}{policy}"},
        "subjects": [{"apiGroup": RBAC, "kind": "Group", "name": find_group(rule)}],
    }
