# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The chain from a cluster's issuer to a role's credentials, walked link by link. What it asks of others comes in as Facts.

https://docs.aws.amazon.com/eks/latest/userguide/iam-roles-for-service-accounts.html
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from ansible_collections.kumo.eks.plugins.module_utils import irsa_trust
from ansible_collections.kumo.eks.plugins.module_utils.errors import EksError
from ansible_collections.kumo.eks.plugins.module_utils.iam_policy import issuer_of, parsed, subject
from ansible_collections.kumo.eks.plugins.module_utils.irsa_identity import ROLE_ARN
from ansible_collections.kumo.eks.plugins.module_utils.resources.service_account import AUDIENCE, PREFIX, ROLE

RUN_MODULE = "run kumo.eks.eks_irsa for it"
SKIP_LABEL = f"{PREFIX}skip-pod-identity-webhook"
SKIP_CONTAINERS = f"{PREFIX}skip-containers"
STATIC = "AWS_ACCESS_KEY_ID"

# What STS' refusals mean. Source: AssumeRoleWithWebIdentity, Errors.
STS_CAUSES = {
    "AccessDenied": (
        "the role's trust policy, or a policy of the organization, does not let this token in",
        "compare the links of the trust with the token's claims",
    ),
    "ExpiredTokenException": ("the token has expired", "see to the clocks; kubelets renew tokens by themselves"),
    "IDPCommunicationError": ("STS does not reach the issuer's keys", "try again; the issuer is served by EKS"),
    "InvalidIdentityToken": (
        "STS does not accept the token's issuer, signature or audience",
        "compare issuer and audience with the OIDC provider",
    ),
    "RegionDisabledException": ("STS is not activated in this region", "activate it in IAM's account settings"),
}


@dataclass(frozen=True)
class Link:
    """One link: ``ok`` is None where it was not looked at, because one before it is broken or nobody asked."""

    link: str
    ok: bool | None
    found: str
    cause: str | None = None
    cure: str | None = None


class Facts(Protocol):
    """What the chain asks. Each returns None where there is nothing; EksError where it cannot be seen."""

    namespace: str
    account: str
    audience: str
    exchanging: bool

    def cluster(self) -> dict[str, Any] | None:
        """DescribeCluster's answer."""

    def provider(self, arn: str) -> dict[str, Any] | None:
        """GetOpenIDConnectProvider's answer."""

    def service_account(self) -> dict[str, Any] | None:
        """The Kubernetes object."""

    def role(self, name: str) -> dict[str, Any] | None:
        """GetRole's answer."""

    def association(self) -> str | None:
        """The role's ARN in a pod identity association of the service account."""

    def pods(self) -> list[dict[str, Any]]:
        """The namespace's pods."""

    def token(self, audience: str) -> str:
        """A token of the service account."""

    def exchange(self, role_arn: str, token: str) -> tuple[str | None, str]:
        """(ARN of the assumed role, "") or (None, "Code: message"): AssumeRoleWithWebIdentity; credentials are dropped."""


Step = Callable[[], Link]


class Chain:
    """Walks the chain once; what one link found is what the next one starts from."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.who = f"{facts.namespace}/{facts.account}"
        self.provider_arn = ""
        self.cluster_arn = ""
        self.issuer = ""
        self.client_ids: list[str] = []
        self.annotations: dict[str, str] = {}
        self.role_arn = ""
        self.elsewhere = ""  # the role's account, where it is another one and STS lets the token in there
        self.trust: dict[str, Any] = {}
        self.open_statements: list[dict[str, Any]] = []
        self._token = ""

    def walk(self) -> list[Link]:
        """All links in their order. A link whose ground is broken is not looked at."""
        needs: list[tuple[str, Step, tuple[str, ...]]] = [
            ("cluster", self.look_at_cluster, ()),
            ("oidc_provider", self.look_at_provider, ("cluster",)),
            ("audience", self.look_at_audience, ("oidc_provider",)),
            ("service_account", self.look_at_service_account, ("cluster",)),
            ("annotation", self.look_at_annotation, ("service_account",)),
            ("pod_identity", self.look_at_association, ("cluster",)),
            ("role", self.look_at_role, ("annotation",)),
            ("trust_provider", self.look_at_trusted_provider, ("role",)),
            ("trust_action", self.look_at_trusted_action, ("trust_provider",)),
            ("trust_subject", self.look_at_trusted_subject, ("trust_action",)),
            ("trust_audience", self.look_at_trusted_audience, ("trust_subject",)),
            ("trust_denial", self.look_at_denials, ("role",)),
            ("pods", self.look_at_pods, ("annotation",)),
            ("token", self.look_at_token, ("service_account",)),
            ("exchange", self.look_at_exchange, ("token", "annotation")),
        ]
        done: dict[str, Link] = {}
        for name, step, before in needs:
            if name in ("token", "exchange") and not self.facts.exchanging:
                done[name] = Link(name, None, "not asked for; set exchange: true")
                continue
            missing = [done[link] for link in before if not done[link].ok]
            done[name] = _skipped(name, missing[0]) if missing else self._seen(name, step)
        if self.elsewhere:
            done.update({name: self._not_this_account(done[name]) for name in ("oidc_provider", "audience")})
        return list(done.values())

    def _not_this_account(self, link: Link) -> Link:
        """The link; where it is broken that is no matter, as the provider of the role's account counts."""
        if link.ok is False:
            return Link(link.link, None, f"{link.found}; the provider of account {self.elsewhere} counts")
        return link

    @staticmethod
    def _seen(name: str, step: Step) -> Link:
        """The link; what cannot be seen is a broken one, with the reason."""
        try:
            return step()
        except EksError as error:
            return Link(
                name, False, "cannot be seen", error.message, "give the caller the right to look, then walk again"
            )

    # issuer and provider

    def look_at_cluster(self) -> Link:
        raw = self.facts.cluster()
        if raw is None:
            return Link("cluster", False, "none", "there is no such cluster", "give the cluster's name and its region")
        self.cluster_arn = raw["arn"]
        self.issuer = ((raw.get("identity") or {}).get("oidc") or {}).get("issuer") or ""
        if not self.issuer:
            return Link(
                "cluster",
                False,
                raw["status"],
                "the cluster has no OIDC issuer yet",
                "wait for it with kumo.eks.eks_wait",
            )
        words = self.cluster_arn.split(":")
        self.provider_arn = f"arn:{words[1]}:iam::{words[4]}:oidc-provider/{self.issuer.removeprefix('https://')}"
        return Link("cluster", True, f"{raw['status']}, issuer {self.issuer}")

    def look_at_provider(self) -> Link:
        found = self.facts.provider(self.provider_arn)
        if found is None:
            return Link(
                "oidc_provider",
                False,
                "none",
                "IAM has no OIDC provider for the cluster's issuer, so STS trusts none of its tokens",
                f"{RUN_MODULE}, or with identities: [] for the provider alone",
            )
        self.client_ids = found.get("ClientIDList", [])
        return Link("oidc_provider", True, self.provider_arn)

    def look_at_audience(self) -> Link:
        words = f"takes {', '.join(self.client_ids) or 'none'}"
        if self.facts.audience in self.client_ids:
            return Link("audience", True, words)
        return Link(
            "audience", False, words, f"the OIDC provider does not take the audience {self.facts.audience}", RUN_MODULE
        )

    # service account

    def look_at_service_account(self) -> Link:
        found = self.facts.service_account()
        if found is None:
            return Link(
                "service_account", False, "none", f"there is no service account {self.who}", f"create it: {RUN_MODULE}"
            )
        self.annotations = found["metadata"].get("annotations") or {}
        return Link("service_account", True, self.who)

    def look_at_annotation(self) -> Link:
        arn = self.annotations.get(ROLE)
        if arn is None:
            near = [key for key in self.annotations if "role" in key.lower() and "arn" in key.lower()]
            hint = f"; {near[0]} is another key" if near else ""
            return Link("annotation", False, "none", f"the service account has no annotation {ROLE}{hint}", RUN_MODULE)
        match = ROLE_ARN.fullmatch(arn)
        if match is None:
            return Link(
                "annotation",
                False,
                arn,
                "this is no ARN of a role",
                "give one like arn:aws:iam::123456789012:role/my-app",
            )
        partition, account = self.cluster_arn.split(":")[1:5:3]
        if match.group(1) != partition:
            return Link(
                "annotation",
                False,
                arn,
                f"the role is of partition {match.group(1)}, and the cluster of {partition}",
                "name a role of the cluster's partition",
            )
        if match.group(2) != account:
            if not self._lets_in(arn):
                return Link(
                    "annotation",
                    False,
                    arn,
                    f"the role is of account {match.group(2)}, and the OIDC provider of {account}",
                    "name a role of the cluster's account, and let it take the other account's role"
                    + ("" if self.facts.exchanging else "; where that has a provider, too, exchange: true asks STS"),
                )
            self.elsewhere = match.group(2)
        audience = self.annotations.get(AUDIENCE)
        if audience and audience != self.facts.audience:
            return Link(
                "annotation",
                False,
                f"{AUDIENCE}: {audience}",
                f"pods get tokens for {audience}, not for {self.facts.audience}",
                f"remove {AUDIENCE}, or walk with that audience",
            )
        self.role_arn = arn
        return Link("annotation", True, arn)

    def _lets_in(self, arn: str) -> bool:
        """Whether STS gives a role's credentials for a token: all that can be seen of one of another account."""
        return self.facts.exchanging and bool(self.facts.exchange(arn, self.facts.token(self.facts.audience))[0])

    def look_at_association(self) -> Link:
        arn = self.facts.association()
        if arn is None:
            return Link("pod_identity", True, "no association, so the annotation holds")
        return Link(
            "pod_identity",
            False,
            f"an association with {arn}",
            "EKS gives pods the association and not the annotation's role",
            "remove the association with kumo.eks.eks_pod_identity, or the annotation",
        )

    # role and trust

    def look_at_role(self) -> Link:
        if self.elsewhere:
            return Link("role", None, f"not looked at: it is of account {self.elsewhere}, and STS lets the token in")
        name = ROLE_ARN.fullmatch(self.role_arn).group(4)
        found = self.facts.role(name)
        if found is None:
            return Link("role", False, "none", f"there is no role {name}", f"correct the annotation, or {RUN_MODULE}")
        if found["Arn"] != self.role_arn:
            return Link(
                "role",
                False,
                found["Arn"],
                "the annotation has another path than the role",
                f"annotate with {found['Arn']}",
            )
        self.trust = parsed(found["AssumeRolePolicyDocument"], "trust policy")
        return Link("role", True, self.role_arn)

    def look_at_trusted_provider(self) -> Link:
        allowed = irsa_trust.statements(self.trust, "Allow")
        self.open_statements = [row for row in allowed if self.provider_arn in irsa_trust.federated(row)]
        if self.open_statements:
            return Link("trust_provider", True, self.provider_arn)
        others = irsa_trust.principals(self.trust)
        other_cluster = any(":oidc-provider/oidc.eks." in one for one in others)
        cause = (
            "the trust policy names another cluster's OIDC provider"
            if other_cluster
            else "the trust policy does not name the cluster's OIDC provider"
        )
        return Link(
            "trust_provider", False, ", ".join(others) or "nobody", cause, f"trust {self.provider_arn}: {RUN_MODULE}"
        )

    def look_at_trusted_action(self) -> Link:
        actions = [row.get("Action") for row in self.open_statements]
        self.open_statements = [row for row in self.open_statements if irsa_trust.has_action(row)]
        if self.open_statements:
            return Link("trust_action", True, irsa_trust.WEB_IDENTITY)
        return Link(
            "trust_action",
            False,
            str(actions),
            f"the trust policy does not allow {irsa_trust.WEB_IDENTITY}",
            RUN_MODULE,
        )

    def look_at_trusted_subject(self) -> Link:
        value = subject(self.facts.namespace, self.facts.account)
        return self._condition("trust_subject", "sub", value)

    def look_at_trusted_audience(self) -> Link:
        return self._condition("trust_audience", "aud", self.facts.audience)

    def _condition(self, link: str, claim: str, value: str) -> Link:
        key = f"{issuer_of(self.provider_arn)}:{claim}"
        candidates = self.open_statements
        wanted = [pair for row in candidates for pair in irsa_trust.conditions(row, key)]
        words = "; ".join(f"{operator} {', '.join(values)}" for operator, values in wanted)
        foreign = [name for row in candidates for name in irsa_trust.condition_keys(row) if self._foreign(name, claim)]
        self.open_statements = [
            row
            for row in candidates
            if irsa_trust.admits(row, key, value)
            and not any(self._foreign(n, claim) for n in irsa_trust.condition_keys(row))
        ]
        if self.open_statements:
            return Link(
                link,
                True,
                words
                or f"no condition on {claim}: any {'service account of the cluster' if claim == 'sub' else 'audience'} is let in",
            )
        if foreign and not words:
            return Link(link, False, foreign[0], f"the condition's key is not {key}, so it never holds", RUN_MODULE)
        literal = any(
            "Like" not in operator and any(sign in one for sign in "*?")
            for operator, values in wanted
            for one in values
        )
        hint = "; StringEquals takes wildcards as plain text" if literal else ""
        return Link(link, False, words, f"the trust policy does not let in {value}{hint}", RUN_MODULE)

    def _foreign(self, name: str, claim: str) -> bool:
        """A condition key of this claim that is of another issuer, or spelt with https://."""
        return name.lower().endswith(f":{claim}") and name.lower() != f"{issuer_of(self.provider_arn)}:{claim}".lower()

    def look_at_denials(self) -> Link:
        issuer = issuer_of(self.provider_arn)
        value = subject(self.facts.namespace, self.facts.account)
        for row in irsa_trust.statements(self.trust, "Deny"):
            everybody = row.get("Principal") in ("*", {"AWS": "*"}, {"Federated": "*"})
            if not (everybody or self.provider_arn in irsa_trust.federated(row)) or not irsa_trust.has_action(row):
                continue
            own = {f"{issuer}:sub".lower(): value, f"{issuer}:aud".lower(): self.facts.audience}
            keys = [name.lower() for name in irsa_trust.condition_keys(row)]
            if all(name in own and irsa_trust.admits(row, name, own[name]) for name in keys):
                return Link(
                    "trust_denial",
                    False,
                    str(row.get("Sid", "a Deny statement")),
                    "a Deny statement of the trust policy shuts this service account out",
                    "remove the statement, or narrow it",
                )
        return Link("trust_denial", True, "no denial")

    # pods

    def look_at_pods(self) -> Link:
        pods = [pod for pod in self.facts.pods() if _runs_as(pod, self.facts.account)]
        if not pods:
            return Link("pods", True, "no pod runs with this service account")
        for pod in pods:
            trouble = self._trouble(pod)
            if trouble:
                return Link("pods", False, f"pod {pod['metadata']['name']}", *trouble)
        return Link(
            "pods", True, f"the role's variables and the token are in every pod that was looked at, {len(pods)} in all"
        )

    def _trouble(self, pod: dict[str, Any]) -> tuple[str, str] | None:
        """Cause and cure of a pod that does not get the role's credentials."""
        metadata, spec = pod["metadata"], pod["spec"]
        if SKIP_LABEL in (metadata.get("labels") or {}):
            return f"its label {SKIP_LABEL} keeps the webhook away", "remove the label and start the pod anew"
        skipped = (metadata.get("annotations") or {}).get(SKIP_CONTAINERS, "").split(",")
        for container in spec["containers"]:
            if container["name"] in skipped:
                continue
            trouble = self._trouble_of({row["name"]: row.get("value", "") for row in container.get("env") or []}, pod)
            if trouble:
                return f"container {container['name']} {trouble[0]}", trouble[1]
        return self._trouble_of_token(spec, pod)

    def _trouble_of(self, variables: dict[str, str], pod: dict[str, Any]) -> tuple[str, str] | None:
        anew = f"start it anew: {_restart(pod)}"
        if STATIC in variables:
            return f"has {STATIC}, which SDKs take before the role", f"remove {STATIC} from its variables"
        if "AWS_ROLE_ARN" not in variables and "AWS_CONTAINER_CREDENTIALS_FULL_URI" in variables:
            return "was started under a pod identity association", anew
        if "AWS_ROLE_ARN" not in variables or "AWS_WEB_IDENTITY_TOKEN_FILE" not in variables:
            return "has no AWS_ROLE_ARN: it was started before the service account was annotated", anew
        if variables["AWS_ROLE_ARN"] != self.role_arn:
            return f"has AWS_ROLE_ARN {variables['AWS_ROLE_ARN']}, and the annotation is another by now", anew
        return None

    def _trouble_of_token(self, spec: dict[str, Any], pod: dict[str, Any]) -> tuple[str, str] | None:
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
        return f"its projected tokens are for {found}, not for {self.facts.audience}", f"start it anew: {_restart(pod)}"

    # token and exchange

    def look_at_token(self) -> Link:
        self._token = self.facts.token(self.facts.audience)
        claims = claims_of(self._token)
        words = f"iss {claims.get('iss')}, sub {claims.get('sub')}, aud {claims.get('aud')}"
        if claims.get("iss") != self.issuer:
            return Link(
                "token",
                False,
                words,
                "the API server signs for another issuer than EKS names",
                "ask AWS' support; this is EKS' own setting",
            )
        return Link("token", True, words)

    def look_at_exchange(self) -> Link:
        arn, words = self.facts.exchange(self.role_arn, self._token)
        if arn:
            return Link("exchange", True, arn)
        cause, cure = STS_CAUSES.get(words.partition(":")[0], ("STS refused the token", "see what STS said"))
        return Link("exchange", False, words, cause, cure)


def _skipped(name: str, ground: Link) -> Link:
    """A link that was not looked at, for the one it stands on is broken, or was not looked at either."""
    why = "is broken" if ground.ok is False else "was not looked at"
    return Link(name, None, f"not looked at: {ground.link} {why}")


def _runs_as(pod: dict[str, Any], account: str) -> bool:
    alive = pod.get("status", {}).get("phase") in ("Pending", "Running") and not pod["metadata"].get(
        "deletionTimestamp"
    )
    return alive and pod["spec"].get("serviceAccountName", "default") == account


def _restart(pod: dict[str, Any]) -> str:
    """How to start a pod anew, by what owns it."""
    metadata = pod["metadata"]
    owners = metadata.get("ownerReferences") or [{"kind": "Pod", "name": metadata["name"]}]
    kind, name = owners[0]["kind"], owners[0]["name"]
    where = f"-n {metadata['namespace']}"
    if kind == "ReplicaSet":  # of a Deployment, whose name it carries before a hash
        return f"kubectl rollout restart {where} deployment/{name.rpartition('-')[0] or name}"
    if kind in ("StatefulSet", "DaemonSet"):
        return f"kubectl rollout restart {where} {kind.lower()}/{name}"
    return f"kubectl delete {where} pod/{metadata['name']}" + (
        "" if kind == "Pod" else f", and {kind} {name} makes it again"
    )


def claims_of(token: str) -> dict[str, Any]:
    """The claims of a JWT, unchecked: STS checks them."""
    try:
        payload = token.split(".")[1]
        return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (IndexError, ValueError) as error:
        raise EksError("the API server's token is no JWT") from error
