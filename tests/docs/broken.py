# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How each finding of the page on troubleshooting is brought about: the identity of page 6 is broken there, or looked at wrongly."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import yaml
from blocks import Block
from conftest import Story
from support import clock

ROLE = "my-cluster.production.my-app-sa"
ROLE_ARN = f"arn:aws:iam::123456789012:role/{ROLE}"
AUDIENCE = "sts.amazonaws.com"
IDENTITY = {"cluster_name": "my-cluster", "namespace": "production", "service_account": "my-app-sa"}


def parts(block: Block) -> dict[str, str]:
    """A finding's check, found, cause and cure."""
    return dict(line.split(": ", 1) for line in block.text.splitlines())


def is_like(wanted: str, text: str) -> bool:
    """Whether the text is the wanted one, in which ``...`` is anything."""
    return re.fullmatch(re.escape(wanted).replace(r"\.\.\.", ".*"), text) is not None


# by AWS' clients


def provider_of(story: Story) -> str:
    return story.sandbox.client("iam").list_open_id_connect_providers()["OpenIDConnectProviderList"][0]["Arn"]


def no_provider(story: Story) -> None:
    story.sandbox.client("iam").delete_open_id_connect_provider(OpenIDConnectProviderArn=provider_of(story))


def other_audience(story: Story) -> None:
    iam, arn = story.sandbox.client("iam"), provider_of(story)
    iam.add_client_id_to_open_id_connect_provider(OpenIDConnectProviderArn=arn, ClientID="vault")
    iam.remove_client_id_from_open_id_connect_provider(OpenIDConnectProviderArn=arn, ClientID=AUDIENCE)


def associated(story: Story) -> str:
    """Make an association of another role; its id."""
    iam, name = story.sandbox.client("iam"), "by-association"
    actions = ["sts:AssumeRole", "sts:TagSession"]
    statement = {"Effect": "Allow", "Principal": {"Service": "pods.eks.amazonaws.com"}, "Action": actions}
    if name not in [role["RoleName"] for role in iam.list_roles()["Roles"]]:
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(document(statement)))
        clock.settle(story.sandbox)
    answer = story.sandbox.client("eks").create_pod_identity_association(
        clusterName="my-cluster",
        namespace="production",
        serviceAccount="my-app-sa",
        roleArn=ROLE_ARN.replace(ROLE, name),
    )
    return answer["association"]["associationId"]


def no_role(story: Story) -> None:
    iam = story.sandbox.client("iam")
    for policy in iam.list_attached_role_policies(RoleName=ROLE)["AttachedPolicies"]:
        iam.detach_role_policy(RoleName=ROLE, PolicyArn=policy["PolicyArn"])
    iam.delete_role(RoleName=ROLE)


def document(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def retrust(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Callable[[Story], None]:
    """Change the role's trust policy."""

    def change_it(story: Story) -> None:
        iam = story.sandbox.client("iam")
        trust = change(iam.get_role(RoleName=ROLE)["Role"]["AssumeRolePolicyDocument"])
        iam.update_assume_role_policy(RoleName=ROLE, PolicyDocument=json.dumps(trust))

    return change_it


def reworded(old: str, new: str) -> Callable[[Story], None]:
    """The trust policy with other words in it."""
    return retrust(lambda trust: json.loads(json.dumps(trust).replace(old, new)))


def denied(trust: dict[str, Any]) -> dict[str, Any]:
    denial = {"Sid": "NobodyForNow", "Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRoleWithWebIdentity"}
    return document(*trust["Statement"], denial)


def with_unjudged_condition(trust: dict[str, Any]) -> dict[str, Any]:
    """A condition that never holds, by an operator that the walk does not judge."""
    statement = trust["Statement"][0]
    issuer = statement["Principal"]["Federated"].partition(":oidc-provider/")[2]
    absent = {"Null": {f"{issuer}:sub": "true"}}
    return document({**statement, "Condition": {**statement["Condition"], **absent}})


def stranger(story: Story) -> dict[str, str]:
    """The keys of a user whom the cluster does not know."""
    iam = story.sandbox.client("iam")
    iam.create_user(UserName="stranger")
    key = iam.create_access_key(UserName="stranger")["AccessKey"]
    return {"access_key": key["AccessKeyId"], "secret_key": key["SecretAccessKey"]}


# by kubectl


def kubectl(story: Story, *words: str) -> None:
    story.run("kubectl", "--kubeconfig", "kubeconfig", "--namespace", "production", *words)


def annotate(story: Story, *words: str) -> None:
    """Each word is KEY=VALUE, or KEY- to take it away."""
    named = [f"eks.amazonaws.com/{word}" for word in words]
    kubectl(story, "annotate", "--overwrite", "serviceaccount", "my-app-sa", *named)


def annotated(*words: str) -> Callable[[Story], None]:
    return lambda story: annotate(story, *words)


def no_service_account(story: Story) -> None:
    kubectl(story, "delete", "serviceaccount", "my-app-sa")


def start_pod(story: Story, labels: dict[str, str] | None = None, **variables: str) -> None:
    """The pod my-app of page 6, anew, with more labels and variables."""
    pod = yaml.safe_load((story.folder / "my-app.yaml").read_text())
    pod["metadata"]["labels"] = labels or {}
    pod["spec"]["containers"][0]["env"] = [{"name": name, "value": value} for name, value in variables.items()]
    (story.folder / "broken.yaml").write_text(yaml.safe_dump(pod))
    kubectl(story, "delete", "pod", "my-app")
    kubectl(story, "apply", "--filename", "broken.yaml")


def pod_while(*words: str) -> Callable[[Story], None]:
    """The pod is started while the service account is annotated otherwise."""

    def start(story: Story) -> None:
        annotate(story, *words)
        start_pod(story)
        annotate(story, f"role-arn={ROLE_ARN}", "audience-")

    return start


def pod_while_associated(story: Story) -> None:
    key = associated(story)
    start_pod(story)
    story.sandbox.client("eks").delete_pod_identity_association(clusterName="my-cluster", associationId=key)


# A finding is known by its check and by words of its cause.
BREAKS: dict[tuple[str, str], Callable[[Story], Any]] = {
    ("oidc_provider", "no OIDC provider"): no_provider,
    ("audience", "does not accept the audience"): other_audience,
    ("service_account", "does not exist"): no_service_account,
    ("annotation", "has no annotation"): annotated("role-arn-"),
    ("annotation", "not the ARN of an IAM role"): annotated("role-arn=my-app"),
    ("annotation", "in partition"): annotated(f"role-arn={ROLE_ARN.replace('arn:aws:', 'arn:aws-cn:')}"),
    ("annotation", "in account"): annotated(f"role-arn={ROLE_ARN.replace('123456789012', '210987654321')}"),
    ("annotation", "pods get tokens for"): annotated("audience=vault"),
    ("pod_identity", "EKS uses the association"): associated,
    ("role", "does not exist"): no_role,
    ("role", "differs from the path"): annotated(f"role-arn={ROLE_ARN.replace('role/', 'role/apps/')}"),
    ("trust_provider", "another cluster's"): reworded("/id/", "/id/OTHER"),
    ("trust_provider", "does not name"): retrust(
        lambda trust: document(
            {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
        )
    ),
    ("trust_action", "does not allow"): reworded("AssumeRoleWithWebIdentity", "AssumeRole"),
    ("trust_subject", "does not allow"): reworded(":production:", ":staging:"),
    ("trust_subject", "key is not"): retrust(
        lambda trust: json.loads(re.sub(r'"(oidc\.eks[^"]*:sub)"', r'"https://\1"', json.dumps(trust)))
    ),
    ("trust_audience", "does not allow"): reworded(f'"{AUDIENCE}"', '"vault"'),
    ("trust_audience", "key is not"): retrust(
        lambda trust: json.loads(re.sub(r'"(oidc\.eks[^"]*:aud)"', r'"https://\1"', json.dumps(trust)))
    ),
    ("trust_denial", "Deny statement"): retrust(denied),
    ("pods", "has no AWS_ROLE_ARN"): pod_while("role-arn-"),
    ("pods", "has AWS_ROLE_ARN"): pod_while(f"role-arn={ROLE_ARN}-before"),
    ("pods", "with a pod identity association"): pod_while_associated,
    ("pods", "its projected tokens"): pod_while("audience=vault"),
    ("pods", "the label"): lambda story: start_pod(story, {"eks.amazonaws.com/skip-pod-identity-webhook": "true"}),
    ("pods", "has AWS_ACCESS_KEY_ID"): lambda story: start_pod(story, AWS_ACCESS_KEY_ID="from-before"),
    ("exchange", "denies this token"): retrust(with_unjudged_condition),
}
# Nothing is broken here; the walk itself goes wrong, by these options.
LOOKS: dict[tuple[str, str], Callable[[Story], dict[str, str]]] = {
    ("...", "..."): stranger,
    ("cluster", "the cluster does not exist"): lambda story: {"cluster_name": "my-clutser"},
}
# What does not happen to a sandbox whose clocks, keys and issuer are right. The words are held against the source all the same.
RARE = {
    ("cluster", "has no OIDC issuer yet"),
    ("token", "signs tokens for another issuer"),
    ("exchange", "the token has expired"),
    ("exchange", "cannot reach the keys of the issuer"),
    ("exchange", "does not accept the issuer"),
    ("exchange", "not activated in this region"),
    ("exchange", "STS refused the token"),
}


def key_of(block: Block) -> tuple[str, str]:
    """Where a finding stands in the three tables.

    Raises:
        AssertionError: it stands in none, or twice.
    """
    found = parts(block)
    keys = [key for key in [*BREAKS, *LOOKS, *RARE] if key[0] == found["check"] and key[1] in found["cause"]]
    assert len(keys) == 1, f"{block.place}: {keys} say how this comes about"
    return keys[0]


def take(block: Block, story: Story) -> None:
    """What is looked at wrongly is looked at now; what is broken waits for its cure."""
    key = key_of(block)
    if key in LOOKS:
        see(block, story, LOOKS[key](story))
    elif key in BREAKS:
        story.findings.append(block)


def mend(block: Block, story: Story) -> None:
    """Break what each finding tells of, see that it is found so, and that the cure mends it."""
    assert story.findings, "a cure of nothing"
    while story.findings:
        finding = story.findings.pop(0)
        BREAKS[key_of(finding)](story)
        see(finding, story, {})
        act(block, story)
        chain = walk(story, exchange=True)
        assert chain["ok"], f"{finding.place} is not mended: {chain['broken']}"


def see(finding: Block, story: Story, options: dict[str, str]) -> None:
    """The walk finds what the page shows."""
    chain = walk(story, exchange=True, **options)
    wanted = parts(finding)
    assert chain["broken"], f"{finding.place}: nothing is broken"
    assert all(is_like(wanted[key], chain["broken"][key]) for key in wanted), (finding.place, chain["broken"])


def walk(story: Story, **options: Any) -> dict[str, Any]:
    result = story.run_module("eks_irsa_info", {**IDENTITY, **options})
    assert not result["failed"], result
    return result


def act(block: Block, story: Story) -> None:
    """Run the commands of a cure, or its tasks, which are of our modules and run in this process. One of them changes something."""
    if block.language == "bash":
        story.run("bash", "-euo", "pipefail", "-c", block.text)
        return
    changed = []
    for task in yaml.safe_load(block.text):
        module = next(name for name in task if name.startswith("kumo.eks."))
        result = story.run_module(module.removeprefix("kumo.eks."), task[module])
        assert not result["failed"], f"{block.place}: {result}"
        changed.append(result["changed"])
    assert any(changed), f"{block.place}: this cure changes nothing"
