# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each failure that a user can meet has a kind, and docs/errors.md a section for it. The source is read, none of it is run."""

from __future__ import annotations

import ast
import importlib.util
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import botocore.session
import pytest
import yaml

from ansible_collections.kumo.eks.plugins.module_utils.aws import error_kinds as aws_kinds
from ansible_collections.kumo.eks.plugins.module_utils.core import errors
from ansible_collections.kumo.eks.plugins.module_utils.core.error_kinds import (
    ISSUE_CODES,
    KINDS,
    PAGE,
    add_see,
    build_help,
    copy_first_help,
)
from ansible_collections.kumo.eks.plugins.module_utils.kubernetes import errors as kubernetes_errors

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted((ROOT / "plugins").rglob("*.py"))
# What stays inside: nobody outside of its room sees it, or it is an error of programming
INTERNAL = {
    "NotApplicable",  # a verdict of an audit
    "Undecided",
    "NotImplementedError",
    "ValueError",  # its caller makes a ValidationError of it
    "RuntimeError",
    "StepFailed",  # has the result of a module
    "UnknownValues",
    "TableReplaced",
    "MaxRetryError",  # of urllib3, for its own retries
    "Stopped",  # helm-stopped
    "Unusable",  # the filter says it
    "NoCredentialsError",  # of botocore
    "SystemExit",  # of the plugin of kubectl, which shows what botocore says
}
OF_PLUGINS = {"AnsibleActionFail", "AnsibleFilterError", "AnsibleParserError", "AnsibleLookupError"}
BUILDERS = {"build_unreachable", "build_refusal", "build_failure", "next"}  # next: one of several failures
WITHOUT = {"playbooks/tasks/upgrade_wave_check.yml"}  # reasons that the report of a wave shows


def read_page() -> set[str]:
    """The anchors of the page."""
    heads = re.findall(r"^### (.*)$", (ROOT / "docs/errors.md").read_text(), re.MULTILINE)
    return {head.lower().replace(" ", "-") for head in heads}


def load_doc():
    spec = importlib.util.spec_from_file_location("errors_doc", ROOT / "tools/errors_doc.py")
    doc = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(doc)
    return doc


def list_calls() -> Iterator[tuple[str, ast.Call]]:
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                yield f"{path.relative_to(ROOT)}:{node.lineno}", node


def list_raised() -> Iterator[tuple[str, str, ast.Call]]:
    """Place, name and call of each exception that is made where it is raised."""
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and isinstance(node.exc.func, ast.Name):
                yield f"{path.relative_to(ROOT)}:{node.lineno}", node.exc.func.id, node.exc


def read_classes() -> dict[str, str]:
    """The kind of each class below EksError, by its name; that of a class that says none is its parent's."""
    parents, kinds = {}, {}
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef):
                parents[node.name] = [base.id for base in node.bases if isinstance(base, ast.Name)]
                kinds[node.name] = next(
                    (
                        one.value
                        for one in node.body
                        if isinstance(one, ast.Assign) and getattr(one.targets[0], "id", "") == "kind"
                    ),
                    None,
                )

    def find(name: str) -> str | None:
        if name == "EksError" or name not in parents:
            return "" if name == "EksError" else None
        above = next((kind for kind in map(find, parents[name]) if kind is not None), None)
        own = kinds[name]
        own = own.value if isinstance(own, ast.Constant) else own and kubernetes_errors.REFUSED
        return above if above is None else own or above

    return {name: kind for name in parents if (kind := find(name)) is not None}


CLASSES = read_classes()


def test_the_page_is_what_the_code_says():
    doc, words = load_doc(), yaml.safe_load((ROOT / "tools/errors.yml").read_text())
    assert (ROOT / "docs/errors.md").read_text() == doc.build_page(), "run .venv/bin/python tools/errors_doc.py"
    assert set(words["kinds"]) == set(KINDS) and set(words["issues"]) == set(ISSUE_CODES)
    assert sorted(kind for kinds in words["groups"].values() for kind in kinds) == sorted(KINDS)


def test_each_kind_and_code_has_its_anchor_at_the_address_of_the_repository():
    assert {*KINDS, *(code.lower() for code in ISSUE_CODES)} == read_page()
    repository = yaml.safe_load((ROOT / "galaxy.yml").read_text())["repository"]
    assert f"{repository}/blob/main/docs/errors.md" == PAGE and (ROOT / "docs/errors.md").is_file()


def test_the_page_has_every_issue_code_of_the_api():
    """An enum of a new kind of resource counts, too, and no code is kept that no enum has."""
    model = botocore.session.get_session().get_service_model("eks")
    enums = [name for name in model.shape_names if name.endswith("IssueCode") or name == "ErrorCode"]
    assert {"NodegroupIssueCode", "AddonIssueCode", "ClusterIssueCode", "FargateProfileIssueCode"} < set(enums)
    codes = {code for name in enums for code in model.shape_for(name).enum}
    assert codes == set(ISSUE_CODES) and len(ISSUE_CODES) == len(codes)


@cache
def read_options(module: str) -> set[str]:
    """The options of a module, at all depths."""
    text = (ROOT / f"plugins/modules/{module}.py").read_text()
    found: set[str] = set()
    rest = [yaml.safe_load(re.search(r'^DOCUMENTATION = r"""(.*?)^"""', text, re.MULTILINE | re.DOTALL)[1])["options"]]
    while rest:
        options = rest.pop()
        found |= set(options)
        rest += [about["suboptions"] for about in options.values() if "suboptions" in about]
    return found


def list_texts() -> Iterator[tuple[str, str]]:
    """Place and text of each thing to do on the page."""
    words = yaml.safe_load((ROOT / "tools/errors.yml").read_text())
    for kind, about in words["kinds"].items():
        yield from ((kind, text) for text in about["rows"].values())
    yield from ((code, about["cure"]) for code, about in words["issues"].items())


def test_what_is_to_be_done_can_be_done():
    """Modules, roles and playbooks exist, and a module has the option that is said to be its own."""
    known = {path.stem for folder in ("plugins/modules", "playbooks") for path in (ROOT / folder).glob("*.*")}
    known |= {path.name for path in (ROOT / "roles").iterdir()}
    options = [
        (place, option, module)
        for place, text in list_texts()
        for option, module in re.findall(r"`([a-z_.]+)(?:: \w+)?` of `kumo\.eks\.(eks_\w+)`", text)
    ]
    named = {(place, name) for place, text in list_texts() for name in re.findall(r"kumo\.eks\.([a-z]\w+)", text)}
    assert [one for one in sorted(named) if one[1] not in known] == []
    assert len(options) > 12
    assert [one for one in options if not set(one[1].split(".")) <= read_options(one[2])] == []


def test_each_class_of_failures_has_a_kind():
    assert len(CLASSES) > 20
    wrong = {name: kind for name, kind in CLASSES.items() if name != "EksError" and kind not in KINDS}
    assert wrong == {}


def test_nothing_is_raised_without_a_kind():
    known = {*CLASSES, *INTERNAL, *OF_PLUGINS, *BUILDERS} - {"EksError"}
    assert [f"{place}: {name}" for place, name, dummy in list_raised() if name not in known] == []
    made = [place for place, call in list_calls() if getattr(call.func, "id", "") == "EksError"]
    assert made == []


def test_a_plugin_without_a_result_names_the_address():
    """An action has a result; a lookup or inventory raises what its caller has made with add_see."""
    for place, name, call in list_raised():
        if name in OF_PLUGINS:
            text = ast.unparse(call)
            assert "add_see" in text or "result=error.facts" in text or text.endswith("(message)"), place
    for name in ("inventory/eks.py", "lookup/eks_token.py", "filter/cluster_config.py"):
        assert (ROOT / "plugins" / name).read_text().count("add_see(") == 2


def test_a_module_that_fails_by_itself_says_the_kind():
    told = ("error.facts", "copy_first_help", "build_help", "build_error_facts", "_find_help")
    calls = [
        (place, ast.unparse(call))
        for place, call in list_calls()
        if isinstance(call.func, ast.Attribute) and call.func.attr in ("fail_json", "fail_json_aws")
    ]
    assert len(calls) > 8
    assert [place for place, text in calls if not any(word in text for word in told)] == []


def test_an_assertion_of_a_playbook_names_an_address():
    found = []
    for path in sorted([*ROOT.glob("playbooks/**/*.yml"), *ROOT.glob("roles/*/tasks/*.yml")]):
        for message in re.findall(r"fail_msg: (.*(?:\n {4,}(?!\w+:).*)*)", path.read_text()):
            anchor = re.search(re.escape(PAGE) + r"#([\w-]+)", message)
            found.append(path)
            assert (anchor and anchor[1] in KINDS) or str(path.relative_to(ROOT)) in WITHOUT, path
    assert len(found) > 8


# what is in the results


def refuse(code: str, status: int = 400, text: str = "no", operation: str = "CreateCluster") -> Exception:
    response = {"Error": {"Code": code, "Message": text}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return aws_kinds.exceptions.ClientError(response, operation)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (refuse("ThrottlingException", 429), "throttled"),
        (refuse("RequestLimitExceeded", 503), "throttled"),
        (refuse("ResourceLimitExceededException"), "quota-exceeded"),
        (refuse("AddressLimitExceeded"), "quota-exceeded"),
        (refuse("ResourceInUseException", 409), "in-use"),
        (refuse("DependencyViolation"), "in-use"),
        (refuse("EntityAlreadyExists", 409), "already-exists"),
        (refuse("ResourceNotFoundException", 404), "not-found"),
        (refuse("ClientException", text="No cluster found for name: x."), "not-found"),
        (refuse("NoSuchEntity", 404), "not-found"),
        (refuse("AccessDeniedException", 403), "access-denied"),
        (refuse("UnauthorizedOperation", 403), "access-denied"),
        (refuse("InvalidRequestException", text="missing permissions for 'iam:PassRole'"), "access-denied"),
        (refuse("ExpiredToken", 403), "credentials-expired"),
        (refuse("InvalidClientTokenId", 403), "credentials-unknown"),
        (refuse("InvalidParameterException"), "request-refused"),
        (refuse("ServerException", 500), "aws-unavailable"),
        (refuse("NeverHeardOf", 502), "aws-unavailable"),
        (aws_kinds.exceptions.NoCredentialsError(), "no-credentials"),
        (aws_kinds.exceptions.ProfileNotFound(profile="x"), "no-credentials"),
        (aws_kinds.exceptions.EndpointConnectionError(endpoint_url="https://x"), "aws-unreachable"),
        (aws_kinds.exceptions.ParamValidationError(report="x"), "invalid-option"),
    ],
    ids=lambda value: value if isinstance(value, str) else str(value)[:60],
)
def test_the_kind_of_an_answer_of_aws(error: Exception, kind: str):
    assert aws_kinds.find_kind(error) == kind and kind in KINDS


def test_all_kinds_of_the_tables_are_on_the_page():
    tables = [kind for kind, dummy in (*aws_kinds.WORDS, *aws_kinds.TESTS)]
    tables += [*aws_kinds.LOCAL.values(), aws_kinds.OTHERS, *kubernetes_errors.KINDS.values()]
    tables += [kubernetes_errors.REFUSED, kubernetes_errors.UNTRUSTED]
    literals = [
        call.args[0].value
        for dummy, call in list_calls()
        if getattr(call.func, "id", "") == "build_help" and isinstance(call.args[0], ast.Constant)
    ]
    assert {*tables, *literals} - set(KINDS) == set()


def test_a_failure_has_its_kind_among_its_facts():
    assert errors.NotFound("x", changed=True).facts == {**build_help("not-found"), "changed": True}
    told_on = errors.HelmFailed("y", **errors.NotFound("x").facts)
    assert told_on.facts["error_kind"] == "not-found"


def test_a_failed_wait_leads_to_the_issue():
    issues = [{"code": "NeverHeardOf"}, {"errorCode": "NodeCreationFailure"}]
    assert errors.WaitFailed("x", issues).facts == {
        "error_kind": "wait-failed",
        "help": f"{PAGE}#nodecreationfailure",
    }
    assert errors.WaitFailed("x", issues[:1], status="FAILED").facts["help"] == f"{PAGE}#wait-failed"


def test_a_list_has_the_kind_of_its_first_failure():
    rows = [{"failed": False}, {"failed": True, **build_help("in-use")}, {"failed": True, **build_help("throttled")}]
    assert copy_first_help(rows) == build_help("in-use") and copy_first_help(rows[:1]) == {}


def test_a_message_ends_with_the_address():
    assert add_see("It is gone.", build_help("not-found")) == f"It is gone. See {PAGE}#not-found"


@pytest.mark.parametrize(("status", "kind"), [(0, "kubernetes-unreachable"), (401, "kubernetes-unauthorized")])
def test_the_kind_of_an_answer_of_kubernetes(status: int, kind: str):
    assert kubernetes_errors.KubernetesError("x", status).facts["error_kind"] == kind
    assert kubernetes_errors.KubernetesError("x", 500).facts["error_kind"] == "kubernetes-refused"
    untrusted = kubernetes_errors.build_unreachable("https://x", OSError("CERTIFICATE_VERIFY_FAILED"))
    assert untrusted.facts["error_kind"] == "kubernetes-untrusted"
