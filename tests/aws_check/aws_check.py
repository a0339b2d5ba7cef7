"""Creates the guide's cluster in a real account and in the sandbox, deletes it again, and tells what differs.

Usage: aws_check.py --account ID [--region REGION] [--teardown]

The account must be named: without it nothing is created, and the price by the hour is shown. Everything that is created
has the tag kumo-aws-check. The teardown is run whatever happens: after a failure, an interruption, and the time limit.
Each call and its answer are recorded, without secrets and account numbers, in tests/output/aws-check. Each difference is a
line that belongs into sandbox/fidelity.md. Exits with 1 where a run failed or something was left.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import boto3
import yaml
from account import TAG, delete_logs, list_left
from botocore.exceptions import BotoCoreError, ClientError
from comparison import compare, read_calls
from prices import format_prices
from side import BIN, Side

ROOT = Path(__file__).resolve().parents[2]
GUIDE = ROOT / "docs" / "examples" / "cluster-config.yaml"
IDENTITIES = [
    {
        "metadata": {"name": "s3-reader", "namespace": "default"},
        "attachPolicyARNs": ["arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"],
    }
]


class Refused(Exception):
    """The check does not begin."""


def read_arguments(words: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--account", default="", help="the account's number, which confirms that it may cost something")
    parser.add_argument("--region", default=os.environ.get("AWS_REGION") or "ap-northeast-1")
    parser.add_argument("--name", default="kumo-aws-check", help="of the cluster (default: %(default)s)")
    parser.add_argument("--minutes", type=float, default=120, help="after which it is torn down (default: %(default)s)")
    parser.add_argument("--teardown", action="store_true", help="only delete what an earlier check has left")
    parser.add_argument("--folder", type=Path, default=ROOT / "tests" / "output" / "aws-check")
    parser.add_argument("--speed", default="1", help="of the sandbox' clock; another one than 1 compares no durations")
    return parser.parse_args(words)


def build_config(session: boto3.session.Session, name: str, region: str) -> dict[str, Any]:
    """The guide's ClusterConfig with the check's name and tag, a service account, and EKS' default version."""
    config = yaml.safe_load(GUIDE.read_text())
    found = session.client("eks").describe_cluster_versions(defaultOnly=True)["clusterVersions"]
    version = found[0]["clusterVersion"]
    config["metadata"] |= {"name": name, "region": region, "version": version, "tags": {TAG: name}}
    config["iam"] = {"withOIDC": True, "serviceAccounts": IDENTITIES}
    return config


def confirm(session: boto3.session.Session, words: argparse.Namespace, config: dict[str, Any]) -> None:
    """Show what it costs, and refuse without the account's number, or beside what an earlier check left."""
    account = session.client("sts").get_caller_identity()["Account"]
    print(
        f"The guide's cluster in account {account}, {words.region}, for at most {words.minutes:.0f} minutes and a teardown:"
    )
    print(format_prices(config, words.region), flush=True)
    if words.account != account:
        given = f"--account is {words.account}" if words.account else "--account is missing"
        raise Refused(f"{given}. Nothing was created. To create the cluster in this account: --account {account}")
    if not words.teardown and (left := list_left(session, words.name)):
        raise Refused(f"An earlier check has left {', '.join(left)}. Delete it first: --account {account} --teardown")


def start_sandbox(folder: Path, words: argparse.Namespace) -> dict[str, str]:
    """Start a sandbox; the environment that leads to it."""
    state = ["--state", str(folder / "state")]
    up = ["up", *state, "--no-kubernetes", "--speed", words.speed, "--region", words.region]
    env = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
    subprocess.run([str(BIN / "kumo-sandbox"), *up], check=True, stdout=subprocess.DEVNULL, env=env)
    command = [str(BIN / "kumo-sandbox"), "env", *state, "--format", "json"]
    found = subprocess.run(command, check=True, capture_output=True, text=True, env=env).stdout
    return {**env, **json.loads(found)}


def stop_sandbox(folder: Path) -> None:
    """Stop the folder's sandbox where one runs."""
    command = [str(BIN / "kumo-sandbox"), "down", "--state", str(folder / "state")]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def check(session: boto3.session.Session, words: argparse.Namespace, config: dict[str, Any]) -> list[str]:
    """Both sides at the same time. Returns what went wrong; the differences are printed and written."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_args: (print("Interrupted: tearing down.", flush=True), stop.set()))
    deadline = time.monotonic() + 60 * words.minutes
    aws_env = {**os.environ, "AWS_REGION": words.region}
    aws = Side("AWS", words.folder / "aws", aws_env, config, stop, deadline)
    if words.teardown:
        (words.folder / "aws").mkdir(parents=True, exist_ok=True)
        (words.folder / "aws" / "cluster-config.yaml").write_text(yaml.safe_dump(config))
        aws.tear_down()
    else:
        _compare_sides(aws, words, config, stop, deadline)
    delete_logs(session, words.name)
    left = list_left(session, words.name)
    return aws.errors + [f"AWS: {item} is left" for item in left]


def _compare_sides(
    aws: Side, words: argparse.Namespace, config: dict[str, Any], stop: threading.Event, deadline: float
) -> None:
    folder = words.folder / "sandbox"
    sandbox = Side("sandbox", folder, start_sandbox(folder, words), config, stop, deadline)
    try:
        threads = [threading.Thread(target=side.work) for side in (aws, sandbox)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        stop_sandbox(folder)
    aws.errors += sandbox.errors
    if aws.recording.exists() and sandbox.recording.exists():
        recordings = [read_calls(side.recording) for side in (aws, sandbox)]
        _report(compare(*recordings, durations=words.speed == "1"), words.folder)


def _report(lines: list[str], folder: Path) -> None:
    text = "".join(f"- {line}\n" for line in lines)
    (folder / "differences.md").write_text(text)
    print(f"{text}{len(lines)} differences, in {folder / 'differences.md'}", flush=True)


def main(words: list[str] | None = None) -> int:
    """Run the check; the exit code."""
    given = read_arguments(words)
    session = boto3.session.Session(region_name=given.region)
    try:
        config = build_config(session, given.name, given.region)
        confirm(session, given, config)
    except (Refused, BotoCoreError, ClientError) as error:
        print(f"{error}", file=sys.stderr)
        return 2
    stop_sandbox(given.folder / "sandbox")  # of a check that was killed
    if not given.teardown:
        shutil.rmtree(given.folder, ignore_errors=True)
    errors = check(session, given, config)
    for error in errors:
        print(error, file=sys.stderr)
    print("failed" if errors else "ended well: nothing is left in the account")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
