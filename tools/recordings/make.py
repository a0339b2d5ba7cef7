"""Makes the pictures in docs/images: recordings of `make demo` and of an upgrade on the sandbox, and the pages of an audit and of the cost.

All of it is run as it is shown, without the tasks that are skipped. tests/output/recordings keeps what asciinema can play.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from drawing import draw
from screenshots import photograph
from support import browser
from terminal import Line, join, record, save

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES, IMAGES, CASTS = ROOT / "docs/examples", ROOT / "docs/images", ROOT / "tests/output/recordings"
CLUSTER = "-e eks_cluster_name=my-cluster -e eks_region=ap-northeast-1"
FROM, TO = "1.34", "1.35"
UPGRADE = f"ansible-playbook kumo.eks.upgrade{{check}} {CLUSTER} \\\n  -e eks_upgrade_version={TO}"
SPEED = "60"  # how fast the clock is during the upgrade; make demo sets its own
PAGES = {"audit": ("-e eks_audit_rule_set=cis", 900), "cost": ("", 700)}  # more words, and the height of the picture
# What is skipped says nothing, and warnings about the inventory have nothing to do with the cluster.
SETTINGS = ("DISPLAY_SKIPPED_HOSTS", "LOCALHOST_WARNING", "INVENTORY_UNPARSED_WARNING")

Environment = dict[str, str]


def main() -> None:
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        environment = build_environment(scratch / "state")
        with start_sandbox(environment):
            keep("demo", record("make demo", ROOT, environment, name_places(scratch)), "make demo")
        with start_sandbox(environment, "--speed", SPEED):
            environment = read_environment(environment)
            keep("upgrade", record_upgrade(scratch, environment), f"Upgrade from {FROM} to {TO}")
            pages = {page: write_page(page, scratch, environment) for page in PAGES}
        with browser.start(scratch / "profile") as chromium:
            for page, path in pages.items():
                (IMAGES / f"{page}.png").write_bytes(photograph(chromium, path, PAGES[page][1]))


def build_environment(state: Path) -> Environment:
    """The environment of this process with a separate sandbox, without AWS and without the make that has called it."""
    own = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "MAKE", "MFLAGS"))}
    path = f"{ROOT / '.venv/bin'}:{own['PATH']}"
    settings = {f"ANSIBLE_{name}": "false" for name in SETTINGS}
    return {
        **own,
        **settings,
        "KUMO_SANDBOX_STATE": str(state),
        "PATH": path,
        "ANSIBLE_HOME": str(state.parent / "ansible"),
    }


def name_places(scratch: Path) -> dict[str, str]:
    """Paths of this machine, and what they are called in a recording."""
    return {str(scratch / "state"): "~/.local/state/kumo-sandbox", str(ROOT): "~/kumo.eks", str(Path.home()): "~"}


@contextmanager
def start_sandbox(environment: Environment, *options: str) -> Iterator[None]:
    """A sandbox; without options, what is recorded starts it."""
    try:
        if options:
            run(["kumo-sandbox", "up", *options], environment)
        yield
    finally:
        run(["kumo-sandbox", "down"], environment)


def run(command: list[str], environment: Environment, folder: Path = ROOT) -> str:
    return subprocess.run(command, cwd=folder, env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout


def read_environment(environment: Environment) -> Environment:
    """An environment whose AWS is the sandbox."""
    return environment | json.loads(run(["kumo-sandbox", "env", "--format", "json"], environment))


def write_page(name: str, scratch: Path, environment: Environment) -> Path:
    """The page of the cluster by the playbook of this name."""
    path = scratch / f"{name}.html"
    words = f"{CLUSTER} {PAGES[name][0]} -e eks_{name}_html_file={path}".split()
    run(["ansible-playbook", f"kumo.eks.{name}", *words], environment)
    return path


def record_upgrade(scratch: Path, environment: Environment) -> list[Line]:
    """The plan of an upgrade of the guide's cluster, and the upgrade."""
    config = scratch / "cluster-config.yaml"
    text, changes = re.subn(
        r"^  version: .*$", f'  version: "{FROM}"', (EXAMPLES / config.name).read_text(), flags=re.M
    )
    assert changes == 1, text
    config.write_text(text)
    run(["ansible-playbook", "kumo.eks.site", "-e", f"eks_cluster_config={config}"], environment)
    commands = [UPGRADE.format(check=check) for check in (" --check", "")]
    return join(*(record(command, EXAMPLES, environment, name_places(scratch)) for command in commands))


def keep(name: str, lines: list[Line], title: str) -> None:
    save(lines, CASTS / f"{name}.cast")
    (IMAGES / f"{name}.svg").write_text(draw(lines, title))


if __name__ == "__main__":
    sys.exit(main())
