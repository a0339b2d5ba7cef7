# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every block of the README and of the guide does what its page says, in the order in which a reader meets them.

The kinds of block, the word after the language:

- ``playbook``: is written to a file and run; ``changed=0`` says that it finds nothing to do
- ``run``: is run by bash
- ``output``: each line is in what the block before it printed; ``...`` is anything
- ``file=NAME``: is written to that file, where the blocks after it find it
- ``clusterconfig``: a part of a ClusterConfig, which the filter kumo.eks.cluster_config takes
- ``replaced``: commands that our steps replace; they are not run but must be what their tools take
- ``command``: runs a playbook whose commands other pages run; playbook and variables must exist
- ``setup``: make targets, what is installed, and the folder to work in; they must exist
- ``use``: a part of a file that shows how something is written; it must be YAML whose names exist
- ``drawing``: nothing to run
- a diagram in Mermaid has no kind; tools/docs_site draws it
- ``finding``: what kumo.eks.eks_irsa_info says of a broken check; the check is broken so, and found so
- ``cure``: tasks or commands that mend what the findings before it tell of
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import blocks
import broken
import pytest
import replaced
import yaml
from blocks import Block
from conftest import ROOT, Story
from support.account.comparison import compare
from support.account.listing import leave_out_remains, list_account
from support.least_rights import CLUSTER_POLICY, USER, create_user, delete_user, list_denied

from ansible_collections.kumo.eks.plugins.filter.cluster_config import FilterModule
from kumo_sandbox.recorder import build_policy

README = ROOT / "README.md"
FLEETS = ROOT / "docs/fleets.md"  # tests/integration/test_inventory.py runs its inventories
NEIGHBOUR = "https://oidc.eks.ap-northeast-1.amazonaws.com/id/NEIGHBOUR"
GUIDE = sorted((ROOT / "docs/guide").glob("[0-9]*.md"))
TASKS = sorted((ROOT / "docs/tasks").glob("*.md"))
LAST = next(number for number, page in enumerate(GUIDE) if page.stem == "13-teardown")
PAGES = [*GUIDE[:LAST], *TASKS, *GUIDE[LAST:]]  # the tasks are about the guide's cluster
ERRORS = ROOT / "docs/errors.md"
KINDS = {
    ("yaml", "playbook"),
    ("bash", "run"),
    ("text", "output"),
    ("json", "output"),
    ("yaml", "file"),
    ("python", "file"),
    ("yaml", "clusterconfig"),
    ("bash", "replaced"),
    ("bash", "setup"),
    ("yaml", "use"),
    ("text", "drawing"),
    ("mermaid", ""),
    ("bash", "command"),
    ("text", "finding"),
    ("yaml", "cure"),
    ("bash", "cure"),
}
CHARTS = "https://kubernetes.github.io/ingress-nginx"
CONFIG_HEAD = {
    "apiVersion": "eksctl.io/v1alpha5",
    "kind": "ClusterConfig",
    "metadata": {"name": "my-cluster", "region": "ap-northeast-1"},
}


def test_no_block_is_of_an_unknown_kind():
    pages = [README, ROOT / "docs/guide/README.md", ERRORS, *PAGES]
    found = [block for page in pages for block in blocks.read(page)]
    assert [f"{b.place} {b.language} {b.kind}" for b in found if (b.language, b.kind) not in KINDS] == []
    assert {("yaml", "playbook"), ("bash", "run"), ("bash", "replaced")} <= {(b.language, b.kind) for b in found}


@pytest.mark.parametrize(
    "page", [README, ROOT / "docs/guide/README.md", ERRORS, FLEETS, *PAGES], ids=lambda page: page.name
)
def test_what_is_only_shown_is_written_right(page: Path, story: Story):
    for block in blocks.read(page):
        check = SHOWN.get(block.kind)
        if check:
            check(block, story)


@pytest.fixture
def least_rights(story: Story) -> Iterator[None]:
    """The reader is a user with docs/iam-policy.json and no more, and IAM decides."""
    story.user = create_user(story.sandbox, CLUSTER_POLICY)
    story.sandbox.set_enforce_iam(True)
    yield
    story.sandbox.set_enforce_iam(False)
    story.user = {}
    delete_user(story.sandbox)


def test_the_readme_leaves_nothing(story: Story, least_rights: None):
    """Its commands are run with the policy that it names, in an account with another cluster's OIDC provider, whose tags are read."""
    iam = story.sandbox.client("iam")
    neighbour = iam.create_open_id_connect_provider(Url=NEIGHBOUR, ClientIDList=["sts.amazonaws.com"])
    so_far, before = len(story.sandbox.calls()), leave_out_remains(list_account(story.sandbox.client))
    follow(blocks.read(README), story)
    by_reader = [call for call in story.sandbox.calls()[so_far:] if call["principal"].endswith(f":user/{USER}")]
    story.readme_calls += by_reader
    assert {"CreateCluster", "DeleteCluster"} <= {call["operation"] for call in by_reader}
    assert list_denied(by_reader) == []
    assert compare(leave_out_remains(list_account(story.sandbox.client)), before) == []
    iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=neighbour["OpenIDConnectProviderArn"])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_of_the_guide(
    page: Path, story: Story, run_module: Callable[..., dict[str, Any]], monkeypatch: pytest.MonkeyPatch
):
    for name, value in story.sandbox.env.items():
        monkeypatch.setenv(name, value)
    story.run_module = run_module
    follow(blocks.read(page), story)
    assert story.findings == [], "findings without a cure"


def test_the_iam_policy_is_what_the_readme_calls(story: Story):
    """``make iam-policy`` writes it; the order of actions and statements does not matter."""
    written = json.loads((ROOT / "docs/iam-policy.json").read_text())
    assert in_order(written) == in_order(build_policy(story.readme_calls)), "make iam-policy writes it anew"


def in_order(value: Any) -> Any:
    """The same with its lists sorted."""
    if isinstance(value, dict):
        return {key: in_order(item) for key, item in value.items()}
    return sorted((in_order(item) for item in value), key=json.dumps) if isinstance(value, list) else value


@pytest.mark.extended
def test_the_guides_own_sandbox(story: Story, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(story, "state", story.folder / "sandbox")
    try:
        follow(blocks.read(ROOT / "docs/guide/README.md"), story)
        assert "The sandbox is stopped" in story.output
    finally:
        story.run("kumo-sandbox", "down")


@pytest.mark.parametrize("name", ["cluster-config.yaml", "production-values.yaml"])
def test_the_guides_files_are_the_examples(name: str):
    shown = [
        block for page in PAGES for block in blocks.read(page) if block.kind == "file" and block.options["name"] == name
    ]
    assert [yaml.safe_load(block.text) for block in shown] == [
        yaml.safe_load((ROOT / "docs/examples" / name).read_text())
    ]


def follow(page: list[Block], story: Story) -> None:
    """Do what the blocks say, one after the other."""
    for block in page:
        act = ACTS.get(block.kind)
        if act:
            try:
                act(block, story)
            except AssertionError as error:
                raise AssertionError(f"{block.place}: {error}") from error


def at_hand(text: str, story: Story) -> str:
    """The text with the sandbox's own chart repository, which has the same chart, in the place of one on the internet."""
    return text.replace(CHARTS, story.sandbox.chart_repository) if CHARTS in text else text


def run_playbook(block: Block, story: Story) -> None:
    path = story.folder / f"{Path(block.page).stem}-{block.line}.yml"
    path.write_text(f"---\n{at_hand(block.text, story)}")
    recap = story.playbook(path)
    changed = block.options.get("changed")
    assert changed is None or recap["changed"] == int(changed), story.output
    assert changed is not None or recap["changed"] > 0, f"this playbook changed nothing\n{story.output}"


def run_shell(block: Block, story: Story) -> None:
    story.run("bash", "-euo", "pipefail", "-c", block.text)


def compare_output(block: Block, story: Story) -> None:
    printed = [line.rstrip() for line in story.output.splitlines()]
    for line in block.text.splitlines():
        words = [re.escape(word).replace(r"\.\.\.", ".*") for word in line.split()]
        if words in ([], [".*"]):
            continue
        pattern = re.compile(r"\s*" + r"\s+".join(words))
        assert any(pattern.fullmatch(text) for text in printed), f"no line is {line!r} in\n{story.output}"


def write_file(block: Block, story: Story) -> None:
    (story.folder / block.options["name"]).write_text(block.text)


def take_config(block: Block, story: Story) -> None:
    text = yaml.safe_dump({**CONFIG_HEAD, **yaml.safe_load(block.text)})
    assert FilterModule().filters()["cluster_config"](text)


def check_shape(block: Block, story: Story) -> None:
    assert replaced.check(block.text, story.tools) > 0, block.place


def check_setup(block: Block, story: Story) -> None:
    """Each line is a make target that there is, an installation of what this collection is and needs, or prepares the shell and a folder."""
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    needs = (ROOT / "requirements.txt").read_text()
    known = {
        ("make",): lambda rest: rest[0] in targets,
        ("ansible-galaxy", "collection", "install"): lambda rest: rest == ["kumo.eks"],
        ("export",): lambda rest: rest[0].startswith("PATH=$PWD/.venv/bin:"),
        ("mkdir", "-p"): lambda rest: rest[0].startswith("~/"),
        ("cp", "-r"): lambda rest: (ROOT / rest[0]).exists(),
        ("cd",): lambda rest: rest[0].startswith("~/"),
        ("pip", "install"): lambda rest: all(re.search(rf"^{name}\b", needs, re.MULTILINE) for name in rest),
    }
    for words in replaced.commands(block.text):
        checks = [check(words[len(start) :]) for start, check in known.items() if tuple(words[: len(start)]) == start]
        assert checks == [True], f"{block.place}: {' '.join(words)}"


def check_use(block: Block, story: Story) -> None:
    """It is YAML, and what it names of this collection is there."""
    assert yaml.safe_load(block.text), block.place
    groups = yaml.safe_load((ROOT / "meta/runtime.yml").read_text())["action_groups"]
    for name in re.findall(r"kumo\.eks\.([a-z_]+)", block.text):
        plugins = [f"plugins/{kind}/{{}}.py" for kind in ("modules", "filter", "inventory", "lookup")]
        kinds = (*plugins, "roles/{}", "playbooks/{}.yml")
        assert name in groups or any((ROOT / kind.format(name)).exists() for kind in kinds), f"{block.place}: {name}"


def check_command(block: Block, story: Story) -> None:
    """It runs a playbook of this collection, with variables that some task reads."""
    text = block.text.replace("\\\n", " ")
    sources = [*ROOT.glob("playbooks/**/*.yml"), *ROOT.glob("roles/**/*.yml")]
    known = {word for path in sources for word in re.findall(r"\beks_\w+", path.read_text())}
    commands = list(replaced.commands(text))
    assert commands, block.place
    for words in commands:
        names = [word.removeprefix("kumo.eks.") for word in words if word.startswith("kumo.eks.")]
        assert words[0] == "ansible-playbook" and len(names) == 1, f"{block.place}: {' '.join(words)}"
        assert (ROOT / f"playbooks/{names[0]}.yml").exists(), f"{block.place}: {names[0]}"
        assert set(re.findall(r"\beks_\w+(?==)", " ".join(words))) <= known, block.place


ACTS = {
    "playbook": run_playbook,
    "run": run_shell,
    "output": compare_output,
    "file": write_file,
    "finding": broken.take,
    "cure": broken.mend,
}
SHOWN = {
    "clusterconfig": take_config,
    "replaced": check_shape,
    "setup": check_setup,
    "use": check_use,
    "command": check_command,
}
