# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A secret in every place that takes one, in tasks that succeed, fail and are killed: it is in no output, log, argument or file."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import secrets
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import yaml
from charts import NEVER_READY, SETTINGS, WORKLOAD, write_chart
from conftest import CLUSTER, HELM_4, serve_files, serve_registry, until
from moto.core.responses import ActionResult
from moto.ecr.responses import ECRResponse
from moto.sts.models import sts_backends

from kumo_sandbox import Sandbox
from kumo_sandbox.principals import ACCOUNT

pytestmark = [pytest.mark.extended]

BIN = Path(sys.executable).parent
TOKEN = "k8s-aws-v1."
NAMES = (
    "inline secret item file set set_list string repository known registry wrong search url broken kubeconfig argument"
    " user_data other_data refused_data settings"
).split()
# A registry knows its user by a hash, so this one is not made up anew.
REGISTRY_PASSWORD = "open-sesame"
REGISTRY_HASH = "$2y$05$abcdefghijklmnopqrstuutXu9KzOt.1yBoZUeFWoT/914/JfszCO"
JOURNAL = """
import json, os

def sendv(*words):
    pass

def send(**fields):
    with open(os.environ["KUMO_JOURNAL"], "a", encoding="utf-8") as file:
        file.write(json.dumps(fields) + "\\n")
"""
HELM_MODULES = ("eks_helm", "eks_helm_info", "eks_helm_rollback", "eks_helm_repository", "eks_helm_search")
FAILS = '{{ fail (printf "no good: %s" .Values.settings.inlineToken) }}'
REFUSED = """
apiVersion: v1
kind: Service
metadata: {name: refused}
spec: {type: {{ .Values.settings.inlineToken | quote }}, ports: [{port: 80}]}
"""


@dataclass
class Watch:
    """What the processes of the commands that this test runs have in their arguments and their environments."""

    mark: str
    arguments: set[bytes] = field(default_factory=set)
    environments: set[bytes] = field(default_factory=set)

    def look(self) -> None:
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                environment = (folder / "environ").read_bytes()
                if self.mark.encode() in environment:
                    self.environments.add(environment)
                    self.arguments.add((folder / "cmdline").read_bytes())


@pytest.fixture
def watch() -> Iterator[Watch]:
    seen, stop = Watch(f"KUMO_WATCHED={secrets.token_hex(8)}"), threading.Event()

    def repeat() -> None:
        while not stop.wait(0.03):
            seen.look()

    watcher = threading.Thread(target=repeat)
    watcher.start()
    yield seen
    stop.set()
    watcher.join()


@pytest.fixture
def markers() -> dict[str, str]:
    """A secret for each place, with what has to be escaped somewhere."""
    made = {name: f"mark-{name}-{secrets.token_hex(6)}" for name in NAMES}
    return {**made, "item": made["item"] + "\\end", "secret": made["secret"] + '"end', "registry": REGISTRY_PASSWORD}


@pytest.fixture
def given(tmp_path: Path) -> Path:
    """The user's own folder (0700), the only place where secrets may be."""
    folder = tmp_path / "given"
    folder.mkdir(mode=0o700)
    return folder


@pytest.fixture
def session(kubernetes_sandbox: Sandbox) -> Iterator[dict[str, str]]:
    """The keys of a role's session, as options of a task; the role may do everything in the cluster."""
    iam, eks, sts = (kubernetes_sandbox.client(name) for name in ("iam", "eks", "sts"))
    trust = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    arn = iam.create_role(RoleName="deployer", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    allow_in_cluster(eks, arn)
    keys = sts.assume_role(RoleArn=arn, RoleSessionName="test")["Credentials"]
    yield {
        "access_key": keys["AccessKeyId"],
        "secret_key": keys["SecretAccessKey"],
        "session_token": keys["SessionToken"],
    }
    eks.delete_access_entry(clusterName=CLUSTER, principalArn=arn)
    iam.delete_role(RoleName="deployer")


def allow_in_cluster(eks: Any, arn: str) -> None:
    eks.create_access_entry(clusterName=CLUSTER, principalArn=arn)
    policy = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"
    eks.associate_access_policy(
        clusterName=CLUSTER, principalArn=arn, policyArn=policy, accessScope={"type": "cluster"}
    )


@pytest.fixture
def environment(
    kubernetes_sandbox: Sandbox, helm_home: dict[str, str], tmp_path: Path, watch: Watch, helm_program: Path
) -> dict[str, str]:
    """A user's environment without AWS keys; the journal is a file."""
    fake = tmp_path / "fake" / "systemd"
    fake.mkdir(parents=True)
    (fake / "__init__.py").write_text("")
    (fake / "journal.py").write_text(JOURNAL)
    (fake / "daemon.py").write_text("def booted():\n    return True\n")
    name, value = watch.mark.split("=")
    keep = {key: text for key, text in os.environ.items() if not key.startswith(("AWS_", "ANSIBLE_", "PYTHON"))}
    sandbox = {key: text for key, text in kubernetes_sandbox.env.items() if key not in KEYS}
    for folder in ("home", "tmp"):
        (tmp_path / folder).mkdir()
    return {
        **keep,
        **sandbox,
        **helm_home,
        name: value,
        "HOME": str(tmp_path / "home"),
        "TMPDIR": str(tmp_path / "tmp"),
        "PYTHONPATH": str(fake.parent),
        "KUMO_JOURNAL": str(tmp_path / "journal"),
        "ANSIBLE_NOCOLOR": "1",
        "ANSIBLE_LOG_PATH": str(tmp_path / "ansible.log"),
        "ANSIBLE_INJECT_INVOCATION": "1",
    }


KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")


@pytest.fixture
def play(given: Path, tmp_path: Path, environment: dict[str, str]) -> Callable[..., subprocess.Popen[str]]:
    """Start ansible-playbook on tasks, with variables from a file of the user."""

    def run(tasks: list[dict[str, Any]], variables: dict[str, Any], **more: str) -> subprocess.Popen[str]:
        (given / "variables.json").write_text(json.dumps(variables))
        shown = [{"name": "Show the result", "ansible.builtin.debug": {"var": "result"}}]
        book = {
            "name": "Secrets",
            "hosts": "localhost",
            "connection": "local",
            "gather_facts": False,
            "vars": {"ansible_python_interpreter": sys.executable},
            "vars_files": [str(given / "variables.json")],
            "tasks": [each for task in tasks for each in ({**task, "register": "result"}, *shown)],
        }
        path = tmp_path / "book.yml"
        path.write_text(yaml.safe_dump([book], sort_keys=False))
        words = [str(BIN / "ansible-playbook"), str(path), "-vvv", "--diff"]
        pipe = subprocess.PIPE
        return subprocess.Popen(
            words,
            env={**environment, **more},
            stdin=subprocess.DEVNULL,
            stdout=pipe,
            stderr=subprocess.STDOUT,
            text=True,
        )

    return run


def spell_all(text: str) -> set[str]:
    """A secret as it is, and as JSON, Python, a URL and base64 write it."""
    encoded = base64.b64encode(text.encode()).decode().rstrip("=")[:-1]
    return {
        text,
        json.dumps(text)[1:-1],
        json.dumps(json.dumps(text)[1:-1])[1:-1],
        repr(text)[1:-1],
        quote(text),
        encoded,
    }


@pytest.fixture
def search(tmp_path: Path, given: Path, watch: Watch, markers: dict[str, str], session: dict[str, str]):
    """Where secrets are, in an output and everywhere else: search(output, also=[...]) -> lines like "known: on the screen"."""

    def find(output: str, also: dict[str, str]) -> list[str]:
        known = {**markers, **{name: session[name] for name in ("secret_key", "session_token")}, **also, "token": TOKEN}
        places = [("on the screen", output.encode())]
        places += [("in an argument", text) for text in watch.arguments]
        places += [
            (str(path.relative_to(tmp_path)), path.read_bytes())
            for path in tmp_path.rglob("*")
            if path.is_file() and not path.is_relative_to(given)
        ]
        found = {
            f"{name}: {where}"
            for name, secret in known.items()
            for where, text in places
            if any(spelling.encode() in text for spelling in spell_all(secret))
        }
        # The credentials that Helm's own processes sign in with are in the environment, which only their user can read.
        in_environments = {name for name in markers for text in watch.environments if markers[name].encode() in text}
        return sorted(found | {f"{name}: in an environment" for name in in_environments})

    return find


def build_release(chart: Path, given: Path, markers: dict[str, str], key: str) -> dict[str, Any]:
    """Options of a release that gets secrets in every way; one of them under this key, which need not look like one."""
    texts = {"settings": {"fileToken": markers["file"], "plain": "to-be-shown"}}
    (given / "values.yaml").write_text(yaml.safe_dump(texts))
    return {
        "chart": str(chart),
        "values": {"settings": {"inlineToken": markers["inline"], "list": [{"apiKey": markers["item"]}]}},
        "secret_values": {"settings": {key: markers["secret"]}},
        "values_files": [str(given / "values.yaml")],
        "set_values": [f"settings.setToken={markers['set']},settings.setTokens={{{markers['set_list']},x}}"],
        "set_strings": [f"settings.stringToken={markers['string']}"],
    }


@pytest.fixture
def run_cases(play, session, helm_program) -> Callable[[list[tuple[str, dict[str, Any], bool]]], str]:
    """Run tasks (module, options, whether it succeeds) in a playbook; all that it prints."""

    def run(cases: list[tuple[str, dict[str, Any], bool]]) -> str:
        tasks, variables = [], {}
        for number, (module, options, succeeds) in enumerate(cases):
            own = {} if module not in HELM_MODULES else {"binary_path": str(helm_program)}
            variables[f"case_{number}"] = {**own, **session, "region": "ap-northeast-1", **options}
            wrong = "result is failed" if succeeds else "result is not failed"
            call = {f"kumo.eks.{module}": f"{{{{ case_{number} }}}}"}
            tasks.append({"name": f"Case {number}", **call, "failed_when": wrong})
        with play(tasks, variables) as process:
            output = process.communicate()[0]
        assert process.returncode == 0, output[-6000:]
        return output

    return run


@HELM_4
def test_no_secret_of_a_release_is_anywhere(run_cases, search, markers, given, tmp_path, namespace, watch):
    chart = write_chart(tmp_path / "ingress-nginx", templates={**WORKLOAD, "settings": SETTINGS})
    fails, refused = (
        str(write_chart(tmp_path / name / "ingress-nginx", templates={**WORKLOAD, "bad": text}))
        for name, text in (("fails", FAILS), ("refused", REFUSED))
    )
    at = {"cluster_name": CLUSTER, "namespace": namespace}
    web = {**at, "name": "web", "create_namespace": True, **build_release(chart, given, markers, "anything")}
    plain = {**at, "name": "plain", **build_release(chart, given, markers, "anyToken")}
    item = {key: value for key, value in web.items() if key not in ("cluster_name", "create_namespace")}
    (given / "broken.yaml").write_text(f"settings: {{brokenToken: {markers['broken']}\n  a: [\n")
    (given / "broken2.yaml").write_text(f"settings:\n  brokenToken: {markers['broken']}\n a: [\n")
    user = {"name": "u", "user": {"token": markers["kubeconfig"], "exec": {"args": ["--secret", markers["argument"]]}}}
    (given / "kubeconfig").write_text(yaml.safe_dump({"apiVersion": "v1", "kind": "Config", "users": [user]}))
    slow = {"wait": True, "wait_timeout": 4, "values": {**web["values"], **NEVER_READY}}
    details = {**at, "name": "plain", "details": ["history", "manifest", "notes"]}
    output = run_cases(
        [
            ("eks_helm", web, True),
            ("eks_helm", {"cluster_name": CLUSTER, "releases": [item]}, True),
            ("eks_helm", {**web, "chart": fails}, False),
            ("eks_helm", {**web, "chart": refused}, False),
            ("eks_helm", {**web, **slow}, False),
            ("eks_helm", {**web, "values_files": [str(given / "broken.yaml")]}, False),
            ("eks_helm", {**web, "values_files": [str(given / "broken2.yaml")]}, False),
            ("eks_helm", {**web, "values": f"a {markers['inline']}"}, False),
            ("eks_helm", {**web, "wait_timeout": "long"}, False),
            ("eks_helm", {"cluster_name": CLUSTER, "releases": [f"a {markers['inline']}"]}, False),
            ("eks_helm", {**web, "binary_path": "/dev/null"}, False),
            ("eks_helm", {**web, "state": "absent"}, True),
            ("eks_helm", plain, True),
            ("eks_helm_info", details, True),
            ("eks_helm", {**plain, "values": {"settings": {"inlineToken": "another"}}}, True),
            ("eks_helm_rollback", {**at, "name": "plain", "revision": 1}, True),
            ("eks_helm", {**at, "name": "plain", "state": "absent"}, True),
            ("eks_preflight", {"helm_releases": f"a {markers['inline']}"}, False),
            ("eks_preflight", {"helm_releases": [f"a {markers['inline']}", {"values": markers["inline"]}]}, False),
            ("eks_kubeconfig", {"cluster_name": CLUSTER, "path": str(given / "kubeconfig")}, True),
        ]
    )
    assert "to-be-shown" in output
    assert "\n".join(search(output, {})) == ""
    journal = (tmp_path / "journal").read_text()
    assert "Invoked with" in journal and "eks_helm" in journal
    assert any(b"upgrade" in text for text in watch.arguments)


@HELM_4
def test_no_password_of_a_source_is_anywhere(
    run_cases, search, markers, given, tmp_path, packages, programs, namespace, helm_home
):
    at = {"cluster_name": CLUSTER, "namespace": namespace, "name": "web", "create_namespace": True}
    folder = given / "registry"
    folder.mkdir()
    with (
        serve_files(packages, "reader", markers["repository"]) as url,
        serve_files(packages, "reader", markers["known"]) as other,
        serve_files(packages, "reader", markers["search"]) as third,
        serve_registry(programs, packages, folder, "reader", REGISTRY_PASSWORD, REGISTRY_HASH) as registry,
    ):
        place = f"oci://{registry}/charts/ingress-nginx"
        source = {**at, "chart": "ingress-nginx", "repository": url, "username": "reader"}
        oci = {**at, "chart": place, "plain_http": True, "username": "reader", "version": "4.1.0"}
        known = {"name": "known", "url": other, "username": "reader", "password": markers["known"]}
        searched = {"repository": third, "username": "reader"}
        with_user = f"http://reader:{markers['url']}@127.0.0.1:1/charts"
        word = f"name=x url={with_user} password={markers['wrong']}"
        output = run_cases(
            [
                ("eks_helm_repository", {**known, "name": "added"}, True),
                ("eks_helm_repository", {"repositories": [known]}, True),
                ("eks_helm_repository", {"name": "added", "update": True}, True),
                ("eks_helm_repository", {**known, "name": "wrong", "password": markers["wrong"]}, False),
                ("eks_helm_repository", {"name": "user", "url": with_user}, False),
                ("eks_helm_repository", {"repositories": [{"name": "user", "url": with_user}]}, False),
                ("eks_helm_repository", {"repositories": [word]}, False),
                ("eks_helm_search", {**searched, "password": markers["search"]}, True),
                ("eks_helm_search", {**searched, "password": markers["wrong"]}, False),
                ("eks_helm_search", {"repository": with_user}, False),
                ("eks_helm", {**source, "password": markers["repository"]}, True),
                ("eks_helm", {**source, "password": markers["wrong"]}, False),
                ("eks_helm", {**oci, "password": REGISTRY_PASSWORD}, True),
                ("eks_helm", {**oci, "password": markers["wrong"]}, False),
                ("eks_helm", {**at, "chart": "x/ingress-nginx", "repositories": [{**known, "name": "x"}]}, True),
                (
                    "eks_helm",
                    {**at, "chart": "x/ingress-nginx", "repositories": [{"name": "x", "url": with_user}]},
                    False,
                ),
                ("eks_helm", {**at, "chart": with_user + "/x.tgz"}, False),
                ("eks_helm", {**at, "chart": "x", "repository": with_user}, False),
                ("eks_preflight", {"helm_repositories": [with_user, {"name": "user", "url": with_user}]}, False),
                ("eks_preflight", {"helm_repositories": with_user}, False),
            ]
        )
    kept = Path(helm_home["HELM_CONFIG_HOME"]) / "repositories.yaml"  # where Helm itself keeps them
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert "Invoked with" in (tmp_path / "journal").read_text()
    left = search(output, {})
    assert "\n".join(line for line in left if line != f"known: {kept.relative_to(tmp_path)}") == ""


@HELM_4
def test_no_password_of_ecr_is_anywhere(
    run_cases, search, markers, given, tmp_path, packages, programs, namespace, monkeypatch, watch
):
    """Amazon ECR gives the password: the registry is one of this machine, which knows the user AWS by it."""
    token = base64.b64encode(f"AWS:{REGISTRY_PASSWORD}".encode()).decode()
    answer = ActionResult({"authorizationData": [{"authorizationToken": token, "proxyEndpoint": "https://ecr"}]})
    monkeypatch.setattr(ECRResponse, "get_authorization_token", lambda response: answer)
    at = {"cluster_name": CLUSTER, "namespace": namespace, "create_namespace": True}
    folder, stranger = given / "registry", given / "stranger"
    for path in (folder, stranger):
        path.mkdir()
    with (
        serve_registry(programs, packages, folder, "AWS", REGISTRY_PASSWORD, REGISTRY_HASH) as registry,
        serve_registry(programs, packages, stranger, "reader", REGISTRY_PASSWORD, REGISTRY_HASH) as other,
    ):
        oci = {"name": "web", "plain_http": True, "version": "4.1.0", "ecr_login": True}
        chart = {place: f"oci://{place}/charts/ingress-nginx" for place in (registry, other)}
        output = run_cases(
            [
                ("eks_helm", {**at, **oci, "chart": chart[registry]}, True),
                ("eks_helm", {"cluster_name": CLUSTER, "releases": [{**oci, "chart": chart[registry]}]}, True),
                ("eks_helm", {**at, **oci, "chart": chart[other]}, False),
                ("eks_helm", {**at, **oci, "chart": "oci://127.0.0.1:1/charts/x"}, False),
            ]
        )
    assert "cannot sign in to" in output
    assert any(b"--password-stdin" in text for text in watch.arguments)
    assert "\n".join(search(output, {"ecr token": token})) == ""


def build_groups(eks: Any, iam: Any, markers: dict[str, str]) -> dict[str, dict[str, Any]]:
    """Node groups with secrets in what their instances read."""
    cluster = eks.describe_cluster(name=CLUSTER)["cluster"]
    subnets = cluster["resourcesVpcConfig"]["subnetIds"]
    scaling = {"min_size": 0, "max_size": 1, "desired_size": 0}
    role = iam.get_role(RoleName="eksNodeRole")["Role"]["Arn"]
    one = {"name": "secretive", "node_role": role, "subnets": subnets, "scaling_config": scaling}
    script = "#!/bin/bash\nset -e\nagent --key '{}' --name \"x\"\n"
    registry = {"container-registry": {"credentials": [{"registry": "r.test", "password": markers["settings"]}]}}
    config = {"spec": {"kubelet": {"config": {"maxPods": 50}}}}
    return {
        "new": {**one, "template": {"user_data": script.format(markers["user_data"])}},
        "changed": {**one, "template": {"user_data": script.format(markers["other_data"]), "node_config": config}},
        "refused": {**one, "template": {"user_data": f"key={markers['refused_data']}\nhello"}},
        "wrong": {**one, "template": {"user_data": script.format(markers["refused_data"])}, "ami_type": "none"},
        "bottlerocket": {
            **one,
            "name": "bottled",
            "ami_type": "BOTTLEROCKET_x86_64",
            "template": {"bottlerocket_settings": registry},
        },
    }


@HELM_4
def test_no_user_data_is_anywhere(run_cases, search, markers, kubernetes_sandbox, tmp_path):
    at = {"cluster_name": CLUSTER}
    groups = build_groups(kubernetes_sandbox.client("eks"), kubernetes_sandbox.client("iam"), markers)
    output = run_cases(
        [
            ("eks_nodegroup", {**at, **groups["new"]}, True),
            ("eks_nodegroup", {**at, "nodegroups": [groups["changed"], groups["bottlerocket"]]}, True),
            ("eks_nodegroup", {**at, **groups["refused"]}, False),
            ("eks_nodegroup", {**at, "nodegroups": [groups["wrong"]]}, False),
            ("eks_nodegroup", {**at, "defaults": groups["new"], "nodegroups": [{"name": "a", "labels": "x"}]}, False),
            ("eks_preflight", {**at, "nodegroups": [groups["new"]], "check_account": True}, True),
            ("eks_preflight", {**at, "nodegroup_defaults": {"template": groups["new"]["template"]}}, True),
            ("eks_preflight", {**at, "nodegroups": [groups["refused"]], "check_account": True}, False),
            ("eks_nodegroup", {**at, "name": "secretive", "state": "absent"}, True),
            ("eks_nodegroup", {**at, "name": "bottled", "state": "absent"}, True),
        ]
    )
    journal = (tmp_path / "journal").read_text()
    assert "Invoked with" in journal and "eks_nodegroup" in journal and "eks_preflight" in journal
    assert "SHA-256" in output and "begins with 'key'" in output
    assert "\n".join(search(output, {})) == ""


@HELM_4
def test_a_broken_repository_file_is_not_shown(run_cases, search, markers, helm_home):
    path = Path(helm_home["HELM_CONFIG_HOME"]) / "repositories.yaml"
    path.write_text(f"repositories:\n- name: x\n  password: {markers['known']}\n y: [\n")
    output = run_cases([("eks_helm_repository", {"name": "x", "url": "http://127.0.0.1:1"}, False)])
    assert "is not valid" in output
    path.unlink()
    assert search(output, {}) == []


@pytest.fixture
def web_identity(kubernetes_sandbox: Sandbox, given: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """A service account's token that is exchanged for a role's credentials: the token, and the environment that says so."""
    iam, eks = kubernetes_sandbox.client("iam"), kubernetes_sandbox.client("eks")
    issuer = eks.describe_cluster(name=CLUSTER)["cluster"]["identity"]["oidc"]["issuer"]
    made = iam.create_open_id_connect_provider(Url=issuer, ClientIDList=["sts.amazonaws.com"])
    provider = made["OpenIDConnectProviderArn"]
    trust = {"Effect": "Allow", "Principal": {"Federated": provider}, "Action": "sts:AssumeRoleWithWebIdentity"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    arn = iam.create_role(RoleName="runner", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    allow_in_cluster(eks, arn)
    token = kubernetes_sandbox.issuer_token(CLUSTER, "default", "runner")
    (given / "token").write_text(token)
    yield token, {"AWS_ROLE_ARN": arn, "AWS_WEB_IDENTITY_TOKEN_FILE": str(given / "token")}
    eks.delete_access_entry(clusterName=CLUSTER, principalArn=arn)
    iam.delete_role(RoleName="runner")
    iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=provider)


def find_helm(namespace: str) -> int | None:
    """The process of a Helm that waits in this namespace."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            words = path.read_bytes().decode().split("\0")
            if words[1:2] == ["upgrade"] and {namespace, "--wait"} <= set(words):
                return int(path.parent.name)
    return None


def find_parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/status").read_text().partition("PPid:")[2].split()[0])


@HELM_4
@pytest.mark.parametrize("victim", ["module", "playbook"])
def test_no_secret_is_left_by_what_was_killed(
    play, search, markers, given, tmp_path, namespace, helm_program, web_identity, victim
):
    """Killed with SIGKILL, with credentials from a web identity. Ansible itself leaves a module's file unless it pipelines."""
    token, environment = web_identity
    chart = write_chart(tmp_path / "ingress-nginx", templates={**WORKLOAD, "settings": SETTINGS})
    release = build_release(chart, given, markers, "anything")
    values = {**release["values"], **NEVER_READY}
    options = {**release, "cluster_name": CLUSTER, "region": "ap-northeast-1", "name": "web", "namespace": namespace}
    options |= {"binary_path": str(helm_program), "create_namespace": True, "values": values, "wait": True}
    options |= {"wait_timeout": 20 if victim == "playbook" else 300}
    task = {"name": "Killed", "kumo.eks.eks_helm": "{{ release }}"}
    with play([task], {"release": options}, ANSIBLE_PIPELINING="1", **environment) as process:
        helm = until(lambda: find_helm(namespace), "wait for Helm")
        os.kill(find_parent(helm) if victim == "module" else process.pid, signal.SIGKILL)
        until(lambda: not Path(f"/proc/{helm}").exists(), "wait for Helm's end")
        output = process.communicate()[0]
    until(lambda: not list(tmp_path.rglob("eks-helm-*")), "wait for an empty folder")
    made = sts_backends[ACCOUNT]["aws"].assumed_roles
    assert made
    exchanged = {f"exchanged {number}": row.secret_access_key for number, row in enumerate(made)}
    sessions = {f"session {number}": row.session_token for number, row in enumerate(made)}
    assert "\n".join(search(output, {**exchanged, **sessions, "web identity": token})) == ""
