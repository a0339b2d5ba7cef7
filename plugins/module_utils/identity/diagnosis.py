# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The checks of IRSA, from the issuer of a cluster to the credentials of a role. What they read comes in as Facts.

https://docs.aws.amazon.com/eks/latest/userguide/iam-roles-for-service-accounts.html
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from ansible_collections.kumo.eks.plugins.module_utils.aws.policy_documents import parse_document
from ansible_collections.kumo.eks.plugins.module_utils.core.errors import CannotBeRead, EksError
from ansible_collections.kumo.eks.plugins.module_utils.iam import trust_policy
from ansible_collections.kumo.eks.plugins.module_utils.iam.policy_document import build_subject, get_issuer
from ansible_collections.kumo.eks.plugins.module_utils.identity.model import ROLE_ARN
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes.service_account import AUDIENCE, PREFIX, ROLE

RUN_MODULE = "run kumo.eks.eks_irsa for this service account"
SKIP_LABEL = f"{PREFIX}skip-pod-identity-webhook"
SKIP_CONTAINERS = f"{PREFIX}skip-containers"
STATIC = "AWS_ACCESS_KEY_ID"

# What the errors of STS mean.
# https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html#API_AssumeRoleWithWebIdentity_Errors
STS_CAUSES = {
    "AccessDenied": (
        "the trust policy of the role, or a policy of the organization, denies this token",
        "compare the trust policy with the claims of the token",
    ),
    "ExpiredTokenException": ("the token has expired", "check the clocks; the kubelet renews tokens by itself"),
    "IDPCommunicationError": ("STS cannot reach the keys of the issuer", "try again later; EKS serves the keys"),
    "InvalidIdentityToken": (
        "STS does not accept the issuer, signature or audience of the token",
        "compare issuer and audience with the OIDC provider",
    ),
    "RegionDisabledException": ("STS is not activated in this region", "activate it in the account settings of IAM"),
}


@dataclass(frozen=True)
class Check:
    """One check. ``ok`` is None where it was skipped, because an earlier check failed or it was not requested."""

    check: str
    ok: bool | None
    found: str
    cause: str | None = None
    cure: str | None = None


class Facts(Protocol):
    """What the checks read. Each returns None if the object does not exist, and raises EksError if it cannot be read."""

    namespace: str
    account: str
    audience: str
    exchanging: bool

    def describe_cluster(self) -> dict[str, Any] | None:
        """DescribeCluster's answer."""

    def describe_provider(self, arn: str) -> dict[str, Any] | None:
        """GetOpenIDConnectProvider's answer."""

    def read_service_account(self) -> dict[str, Any] | None:
        """The Kubernetes object."""

    def describe_role(self, name: str) -> dict[str, Any] | None:
        """GetRole's answer."""

    def find_association(self) -> str | None:
        """The role's ARN in a pod identity association of the service account."""

    def list_pods(self) -> list[dict[str, Any]]:
        """The namespace's pods."""

    def request_token(self, audience: str) -> str:
        """A token of the service account."""

    def exchange_token(self, role_arn: str, token: str) -> tuple[str | None, str]:
        """(ARN of the assumed role, "") or (None, "Code: message") of AssumeRoleWithWebIdentity. Credentials are discarded."""


Step = Callable[[], Check]


class Diagnosis:
    """Runs the checks once, in order. A check uses what earlier ones found."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.who = f"{facts.namespace}/{facts.account}"
        self.provider_arn = ""
        self.cluster_arn = ""
        self.issuer = ""
        self.client_ids: list[str] = []
        self.annotations: dict[str, str] = {}
        self.role_arn = ""
        self.elsewhere = ""  # the account of the role, if it is another account and STS accepts the token there
        self.trust: dict[str, Any] = {}
        self.open_statements: list[dict[str, Any]] = []
        self._token = ""

    def run(self) -> list[Check]:
        """All checks in their order. A check is skipped if one that it depends on failed."""
        needs: list[tuple[str, Step, tuple[str, ...]]] = [
            ("cluster", self.check_cluster, ()),
            ("oidc_provider", self.check_provider, ("cluster",)),
            ("audience", self.check_audience, ("oidc_provider",)),
            ("service_account", self.check_service_account, ("cluster",)),
            ("annotation", self.check_annotation, ("service_account",)),
            ("pod_identity", self.check_association, ("cluster",)),
            ("role", self.check_role, ("annotation",)),
            ("trust_provider", self.check_trusted_provider, ("role",)),
            ("trust_action", self.check_trusted_action, ("trust_provider",)),
            ("trust_subject", self.check_trusted_subject, ("trust_action",)),
            ("trust_audience", self.check_trusted_audience, ("trust_subject",)),
            ("trust_denial", self.check_denials, ("role",)),
            ("pods", self.check_pods, ("annotation",)),
            ("token", self.check_token, ("service_account",)),
            ("exchange", self.check_exchange, ("token", "annotation")),
        ]
        done: dict[str, Check] = {}
        for name, step, before in needs:
            if name in ("token", "exchange") and not self.facts.exchanging:
                done[name] = Check(name, None, "skipped: set exchange=true to run it")
                continue
            missing = [done[check] for check in before if not done[check].ok]
            done[name] = _build_skipped(name, missing[0]) if missing else self._run_step(name, step)
        if self.elsewhere:
            done.update({name: self._excuse_other_account(done[name]) for name in ("oidc_provider", "audience")})
        return list(done.values())

    def _excuse_other_account(self, check: Check) -> Check:
        """The check, skipped if it failed: STS uses the OIDC provider of the role's account."""
        if check.ok is False:
            return Check(check.check, None, f"{check.found}; STS uses the OIDC provider of account {self.elsewhere}")
        return check

    @staticmethod
    def _run_step(name: str, step: Step) -> Check:
        """The result of a check. If it cannot read what it needs, it fails with the reason."""
        try:
            return step()
        except EksError as error:
            return Check(
                name, False, "cannot be read", error.message, "grant the caller read access, then run the checks again"
            )

    # issuer and provider

    def check_cluster(self) -> Check:
        raw = self.facts.describe_cluster()
        if raw is None:
            return Check(
                "cluster", False, "none", "the cluster does not exist", "check the name of the cluster and the region"
            )
        self.cluster_arn = raw["arn"]
        self.issuer = ((raw.get("identity") or {}).get("oidc") or {}).get("issuer") or ""
        if not self.issuer:
            return Check(
                "cluster",
                False,
                raw["status"],
                "the cluster has no OIDC issuer yet",
                "wait for the cluster with kumo.eks.eks_wait",
            )
        parts = self.cluster_arn.split(":")
        self.provider_arn = f"arn:{parts[1]}:iam::{parts[4]}:oidc-provider/{self.issuer.removeprefix('https://')}"
        return Check("cluster", True, f"{raw['status']}, issuer {self.issuer}")

    def check_provider(self) -> Check:
        found = self.facts.describe_provider(self.provider_arn)
        if found is None:
            return Check(
                "oidc_provider",
                False,
                "none",
                "IAM has no OIDC provider for the cluster's issuer, so STS does not trust its tokens",
                f"{RUN_MODULE}, or with identities=[] for the provider only",
            )
        self.client_ids = found.get("ClientIDList", [])
        return Check("oidc_provider", True, self.provider_arn)

    def check_audience(self) -> Check:
        found = f"accepts {', '.join(self.client_ids) or 'none'}"
        if self.facts.audience in self.client_ids:
            return Check("audience", True, found)
        return Check(
            "audience",
            False,
            found,
            f"the OIDC provider does not accept the audience {self.facts.audience}",
            RUN_MODULE,
        )

    # service account

    def check_service_account(self) -> Check:
        found = self.facts.read_service_account()
        if found is None:
            return Check(
                "service_account",
                False,
                "none",
                f"the service account {self.who} does not exist",
                f"create it: {RUN_MODULE}",
            )
        self.annotations = found["metadata"].get("annotations") or {}
        return Check("service_account", True, self.who)

    def check_annotation(self) -> Check:
        arn = self.annotations.get(ROLE)
        if arn is None:
            near = [key for key in self.annotations if "role" in key.lower() and "arn" in key.lower()]
            hint = f"; {near[0]} is a different key" if near else ""
            return Check("annotation", False, "none", f"the service account has no annotation {ROLE}{hint}", RUN_MODULE)
        match = ROLE_ARN.fullmatch(arn)
        if match is None:
            return Check(
                "annotation",
                False,
                arn,
                "the annotation is not the ARN of an IAM role",
                "use an ARN such as arn:aws:iam::123456789012:role/my-app",
            )
        partition, account = self.cluster_arn.split(":")[1:5:3]
        if match.group(1) != partition:
            return Check(
                "annotation",
                False,
                arn,
                f"the role is in partition {match.group(1)}, and the cluster in {partition}",
                "use a role in the cluster's partition",
            )
        if match.group(2) != account:
            if not self._is_accepted_by_sts(arn):
                return Check(
                    "annotation",
                    False,
                    arn,
                    f"the role is in account {match.group(2)}, and the OIDC provider in {account}",
                    "use a role in the cluster's account that assumes the role of the other account"
                    + (
                        ""
                        if self.facts.exchanging
                        else "; if the other account has an OIDC provider for this cluster, set exchange=true to ask STS"
                    ),
                )
            self.elsewhere = match.group(2)
        audience = self.annotations.get(AUDIENCE)
        if audience and audience != self.facts.audience:
            return Check(
                "annotation",
                False,
                f"{AUDIENCE}: {audience}",
                f"pods get tokens for {audience}, not for {self.facts.audience}",
                f"remove {AUDIENCE}, or run the checks with that audience",
            )
        self.role_arn = arn
        return Check("annotation", True, arn)

    def _is_accepted_by_sts(self, arn: str) -> bool:
        """Whether STS exchanges a token for credentials of a role, the only check that works in another account."""
        return self.facts.exchanging and bool(
            self.facts.exchange_token(arn, self.facts.request_token(self.facts.audience))[0]
        )

    def check_association(self) -> Check:
        arn = self.facts.find_association()
        if arn is None:
            return Check("pod_identity", True, "no association, so pods use the annotation")
        return Check(
            "pod_identity",
            False,
            f"an association with {arn}",
            "EKS uses the association and not the role of the annotation",
            "remove the association with kumo.eks.eks_pod_identity, or remove the annotation",
        )

    # role and trust

    def check_role(self) -> Check:
        if self.elsewhere:
            return Check("role", None, f"skipped: the role is in account {self.elsewhere}, and STS accepts the token")
        name = ROLE_ARN.fullmatch(self.role_arn).group(4)
        found = self.facts.describe_role(name)
        if found is None:
            return Check(
                "role", False, "none", f"the role {name} does not exist", f"correct the annotation, or {RUN_MODULE}"
            )
        if found["Arn"] != self.role_arn:
            return Check(
                "role",
                False,
                found["Arn"],
                "the path in the annotation differs from the path of the role",
                f"set the annotation to {found['Arn']}",
            )
        self.trust = parse_document(found["AssumeRolePolicyDocument"], "trust policy")
        return Check("role", True, self.role_arn)

    def check_trusted_provider(self) -> Check:
        allowed = trust_policy.list_statements(self.trust, "Allow")
        self.open_statements = [row for row in allowed if self.provider_arn in trust_policy.list_federated(row)]
        if self.open_statements:
            return Check("trust_provider", True, self.provider_arn)
        others = trust_policy.list_principals(self.trust)
        other_cluster = any(":oidc-provider/oidc.eks." in one for one in others)
        cause = (
            "the trust policy names another cluster's OIDC provider"
            if other_cluster
            else "the trust policy does not name the cluster's OIDC provider"
        )
        return Check(
            "trust_provider",
            False,
            ", ".join(others) or "no principal",
            cause,
            f"add {self.provider_arn} to the trust policy: {RUN_MODULE}",
        )

    def check_trusted_action(self) -> Check:
        actions = [row.get("Action") for row in self.open_statements]
        self.open_statements = [row for row in self.open_statements if trust_policy.has_action(row)]
        if self.open_statements:
            return Check("trust_action", True, trust_policy.WEB_IDENTITY)
        return Check(
            "trust_action",
            False,
            str(actions),
            f"the trust policy does not allow {trust_policy.WEB_IDENTITY}",
            RUN_MODULE,
        )

    def check_trusted_subject(self) -> Check:
        value = build_subject(self.facts.namespace, self.facts.account)
        return self._check_condition("trust_subject", "sub", value)

    def check_trusted_audience(self) -> Check:
        return self._check_condition("trust_audience", "aud", self.facts.audience)

    def _check_condition(self, check: str, claim: str, value: str) -> Check:
        key = f"{get_issuer(self.provider_arn)}:{claim}"
        candidates = self.open_statements
        wanted = [pair for row in candidates for pair in trust_policy.list_conditions(row, key)]
        found = "; ".join(f"{operator} {', '.join(values)}" for operator, values in wanted)
        foreign = [
            name
            for row in candidates
            for name in trust_policy.list_condition_keys(row)
            if self._is_foreign(name, claim)
        ]
        self.open_statements = [
            row
            for row in candidates
            if trust_policy.admits(row, key, value)
            and not any(self._is_foreign(n, claim) for n in trust_policy.list_condition_keys(row))
        ]
        if self.open_statements:
            return Check(
                check,
                True,
                found
                or f"no condition on {claim}: any {'service account of the cluster' if claim == 'sub' else 'audience'} is allowed",
            )
        if foreign and not found:
            return Check(
                check, False, foreign[0], f"the condition key is not {key}, so the condition never matches", RUN_MODULE
            )
        literal = any(
            "Like" not in operator and any(sign in one for sign in "*?")
            for operator, values in wanted
            for one in values
        )
        hint = "; StringEquals does not support wildcards" if literal else ""
        return Check(check, False, found, f"the trust policy does not allow {value}{hint}", RUN_MODULE)

    def _is_foreign(self, name: str, claim: str) -> bool:
        """A condition key of this claim that is of another issuer, or spelt with https://."""
        return name.lower().endswith(f":{claim}") and name.lower() != f"{get_issuer(self.provider_arn)}:{claim}".lower()

    def check_denials(self) -> Check:
        issuer = get_issuer(self.provider_arn)
        value = build_subject(self.facts.namespace, self.facts.account)
        for row in trust_policy.list_statements(self.trust, "Deny"):
            everybody = row.get("Principal") in ("*", {"AWS": "*"}, {"Federated": "*"})
            if not (everybody or self.provider_arn in trust_policy.list_federated(row)) or not trust_policy.has_action(
                row
            ):
                continue
            own = {f"{issuer}:sub".lower(): value, f"{issuer}:aud".lower(): self.facts.audience}
            keys = [name.lower() for name in trust_policy.list_condition_keys(row)]
            if all(name in own and trust_policy.admits(row, name, own[name]) for name in keys):
                return Check(
                    "trust_denial",
                    False,
                    str(row.get("Sid", "a Deny statement")),
                    "a Deny statement of the trust policy denies this service account",
                    "remove the statement, or restrict it",
                )
        return Check("trust_denial", True, "no Deny statement applies")

    # pods

    def check_pods(self) -> Check:
        pods = [pod for pod in self.facts.list_pods() if _has_account(pod, self.facts.account)]
        if not pods:
            return Check("pods", True, "no running pod uses this service account")
        for pod in pods:
            trouble = self._find_trouble(pod)
            if trouble:
                return Check("pods", False, f"pod {pod['metadata']['name']}", *trouble)
        return Check("pods", True, f"all pods have the variables of the role and a token ({len(pods)} checked)")

    def _find_trouble(self, pod: dict[str, Any]) -> tuple[str, str] | None:
        """Cause and cure of a pod that does not get the role's credentials."""
        metadata, spec = pod["metadata"], pod["spec"]
        if SKIP_LABEL in (metadata.get("labels") or {}):
            return f"the label {SKIP_LABEL} excludes it from the webhook", "remove the label and restart the pod"
        skipped = (metadata.get("annotations") or {}).get(SKIP_CONTAINERS, "").split(",")
        for container in spec["containers"]:
            if container["name"] in skipped:
                continue
            trouble = self._find_variable_trouble(
                {row["name"]: row.get("value", "") for row in container.get("env") or []}, pod
            )
            if trouble:
                return f"container {container['name']} {trouble[0]}", trouble[1]
        return self._find_token_trouble(spec, pod)

    def _find_variable_trouble(self, variables: dict[str, str], pod: dict[str, Any]) -> tuple[str, str] | None:
        cure = f"restart it: {_build_restart_command(pod)}"
        if STATIC in variables:
            return f"has {STATIC}, which SDKs use before the role", f"remove {STATIC} from its environment"
        if "AWS_ROLE_ARN" not in variables and "AWS_CONTAINER_CREDENTIALS_FULL_URI" in variables:
            return "was created with a pod identity association", cure
        if "AWS_ROLE_ARN" not in variables or "AWS_WEB_IDENTITY_TOKEN_FILE" not in variables:
            return "has no AWS_ROLE_ARN: it was created before the service account was annotated", cure
        if variables["AWS_ROLE_ARN"] != self.role_arn:
            return f"has AWS_ROLE_ARN {variables['AWS_ROLE_ARN']}, but the annotation has changed since then", cure
        return None

    def _find_token_trouble(self, spec: dict[str, Any], pod: dict[str, Any]) -> tuple[str, str] | None:
        sources = [
            source["serviceAccountToken"]
            for volume in spec.get("volumes") or []
            for source in (volume.get("projected") or {}).get("sources") or []
            if "serviceAccountToken" in source
        ]
        audiences = [source.get("audience") for source in sources]
        if self.facts.audience in audiences:
            return None
        found = ", ".join(str(one) for one in audiences if one) or "none"
        return (
            f"its projected tokens are for {found}, not for {self.facts.audience}",
            f"restart it: {_build_restart_command(pod)}",
        )

    # token and exchange

    def check_token(self) -> Check:
        self._token = self.facts.request_token(self.facts.audience)
        claims = read_claims(self._token)
        found = f"iss {claims.get('iss')}, sub {claims.get('sub')}, aud {claims.get('aud')}"
        if claims.get("iss") != self.issuer:
            return Check(
                "token",
                False,
                found,
                "the API server signs tokens for another issuer than EKS reports",
                "contact AWS Support; only EKS can set the issuer",
            )
        return Check("token", True, found)

    def check_exchange(self) -> Check:
        arn, found = self.facts.exchange_token(self.role_arn, self._token)
        if arn:
            return Check("exchange", True, arn)
        cause, cure = STS_CAUSES.get(found.partition(":")[0], ("STS refused the token", "read the message of STS"))
        return Check("exchange", False, found, cause, cure)


def _build_skipped(name: str, context: Check) -> Check:
    """A check that was skipped, because one that it depends on failed or was skipped."""
    why = "failed" if context.ok is False else "was skipped"
    return Check(name, None, f"skipped: {context.check} {why}")


def _has_account(pod: dict[str, Any], account: str) -> bool:
    alive = pod.get("status", {}).get("phase") in ("Pending", "Running") and not pod["metadata"].get(
        "deletionTimestamp"
    )
    return alive and pod["spec"].get("serviceAccountName", "default") == account


def _build_restart_command(pod: dict[str, Any]) -> str:
    """The command that restarts a pod, depending on its owner."""
    metadata = pod["metadata"]
    owners = metadata.get("ownerReferences") or [{"kind": "Pod", "name": metadata["name"]}]
    kind, name = owners[0]["kind"], owners[0]["name"]
    where = f"-n {metadata['namespace']}"
    if kind == "ReplicaSet":  # of a Deployment, whose name it carries before a hash
        return f"kubectl rollout restart {where} deployment/{name.rpartition('-')[0] or name}"
    if kind in ("StatefulSet", "DaemonSet"):
        return f"kubectl rollout restart {where} {kind.lower()}/{name}"
    return f"kubectl delete {where} pod/{metadata['name']}" + ("" if kind == "Pod" else f"; {kind} {name} recreates it")


def read_claims(token: str) -> dict[str, Any]:
    """The claims of a JWT. They are not verified here, because STS verifies them."""
    try:
        payload = token.split(".")[1]
        return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (IndexError, ValueError) as error:
        raise CannotBeRead("the token of the API server is not a JWT") from error
