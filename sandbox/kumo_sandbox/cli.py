"""The command line: start, inspect, disturb and stop the sandbox."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import time
from collections.abc import Sequence
from importlib import metadata
from typing import Any

import requests

from kumo_sandbox.faults import KINDS
from kumo_sandbox.quotas import parse_quotas
from kumo_sandbox.server_process import serve, start_server
from kumo_sandbox.state_dir import Failure, StateDir
from kumo_sandbox.toolchain import binaries
from kumo_sandbox.toolchain.command import run_binaries


def find_default_state() -> str:
    home = os.environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state")
    return os.environ.get("KUMO_SANDBOX_STATE") or f"{home}/kumo-sandbox"


def find_version() -> str:
    """The version of the installed package; it also runs from sources that are not installed."""
    try:
        return metadata.version("kumo-sandbox")
    except metadata.PackageNotFoundError:
        return "not installed"


def start_sandbox(options: argparse.Namespace, state_dir: StateDir) -> None:
    """Start a server in the background; one that runs already is left alone."""
    if state_dir.read_facts() is None and not (options.no_kubernetes or options.no_build):
        binaries.ensure()
    with state_dir.lock():
        facts = state_dir.read_facts() or start_server(options, state_dir)
    print(f"The sandbox answers at {facts['endpoint']}, its state is in {state_dir.folder}.")
    print('Point your shell to it: eval "$(kumo-sandbox env)"; stop it: kumo-sandbox down')


def stop_sandbox(options: argparse.Namespace, state_dir: StateDir) -> None:
    """Stop the server and all that it started, and forget its state."""
    if not state_dir.folder.exists():
        print(f"No sandbox ran with the state folder {state_dir.folder}.")
        return
    with state_dir.lock():
        stopped = state_dir.stop()
        state_dir.delete()
    print("The sandbox is stopped." if stopped else f"No sandbox ran with the state folder {state_dir.folder}.")


def print_environment(options: argparse.Namespace, state_dir: StateDir) -> None:
    """Print the environment that points AWS clients to the sandbox."""
    values = state_dir.require_facts()["env"]
    print(json.dumps(values) if options.format == "json" else "\n".join(f"export {k}={v}" for k, v in values.items()))


def print_status(options: argparse.Namespace, state_dir: StateDir) -> None:
    """Show clusters, what hangs on them, and their control planes."""
    facts = state_dir.request("GET", "status")
    if options.json:
        print(json.dumps(facts, indent=2))
        return
    print(f"{facts['endpoint']}  speed {facts['speed']}  IAM {'' if facts['enforce_iam'] else 'not '}enforced")
    planes = {row["arn"]: row for row in facts["control_planes"]}
    for cluster in facts["clusters"]:
        print(f"{cluster['name']}  {cluster['region']}  {cluster['version']}  {cluster['status']}")
        if cluster["arn"] in planes:
            print(f"  control plane {format_plane(planes[cluster['arn']])}")
        for kind in ("nodegroups", "fargate_profiles", "addons"):
            for name, state in cluster[kind].items():
                print(f"  {kind[:-1].replace('_', ' ')} {name}  {state}")


def format_plane(row: dict[str, Any]) -> str:
    """A control plane in a line: where it answers, and what it takes."""
    if not row["started"]:
        return f"{row['endpoint']}  starts when somebody connects"
    pids = "  ".join(f"{name} {pid}" for name, pid in row["processes"].items())
    return f"{row['endpoint']}  {row['resident_mib']:.0f} MiB  {pids}"


def print_kubeconfig(options: argparse.Namespace, state_dir: StateDir) -> None:
    """Print the path of a cluster administrator's kubeconfig, for looking around."""
    print(state_dir.request("GET", "kubeconfig", params={"cluster": options.cluster})["path"])


def print_calls(options: argparse.Namespace, state_dir: StateDir) -> None:
    """List the calls that were made, or make the IAM policy that allows them."""
    from kumo_sandbox.recorder import build_policy

    rows = state_dir.request("GET", "calls", params={"service": options.service, "operation": options.operation})
    if options.policy:
        print(json.dumps(build_policy(rows), indent=2))
    elif options.json:
        print(json.dumps(rows, indent=2))
    else:
        for row in rows:
            moment = time.strftime("%H:%M:%S", time.localtime(row["time"]))
            print(f"{moment}  {row['status']}  {row['service']}:{row['operation']}  {row['principal']}")
    if options.clear:
        state_dir.request("DELETE", "calls")


def change_faults(options: argparse.Namespace, state_dir: StateDir) -> None:
    """Add, list or clear faults."""
    if options.action == "add":
        keys = ("kind", "service", "operation", "count", "every", "code", "message", "resource", "seconds", "changing")
        state_dir.request("POST", "faults", json={key: getattr(options, key) for key in keys})
    elif options.action == "clear":
        state_dir.request("DELETE", "faults")
    for row in state_dir.request("GET", "faults"):
        print(
            f"{row['id']}  {row['kind']}  {row['service']}:{row['operation']}  used {row['used']} of {row['count'] or 'any'}"
        )


def change_clock(options: argparse.Namespace, state_dir: StateDir) -> None:
    """Show the clock, change its speed, or let it jump forward."""
    wanted = {"advance": options.advance, **({"speed": options.speed} if options.speed else {})}
    print(json.dumps(state_dir.request("PUT", "clock", json=wanted)))


def reset_account(options: argparse.Namespace, state_dir: StateDir) -> None:
    """Forget every resource, call and fault."""
    state_dir.request("POST", "reset")
    print("The account is empty.")


def change_iam(options: argparse.Namespace, state_dir: StateDir) -> None:
    """Show whether IAM decides who may do what, or switch it."""
    if options.enforce:
        state_dir.request("PUT", "iam", json={"enforced": options.enforce == "on"})
    print(
        "IAM is enforced."
        if state_dir.request("GET", "iam")["enforced"]
        else "IAM is not enforced: every call is allowed."
    )


def change_quotas(options: argparse.Namespace, state_dir: StateDir) -> None:
    """Show the account's quotas, or change them as Service Quotas does."""
    if options.set:
        state_dir.request("PUT", "quotas", json=parse_quotas(options.set))
    for name, number in state_dir.request("GET", "quotas").items():
        print(f"{name}  {number}")


def print_token(options: argparse.Namespace, state_dir: StateDir) -> None:
    """Sign a service account's token with the key of the cluster's issuer, without its API server."""
    keys = ("cluster", "namespace", "account", "audience", "seconds")
    print(state_dir.request("POST", "token", json={key: getattr(options, key) for key in keys})["token"])


def fetch_charts(options: argparse.Namespace, state_dir: StateDir) -> None:
    """Fetch the chart ingress-nginx where it is missing; print the URL of the sandbox's chart repository."""
    from kumo_sandbox.toolchain import charts as chart_repository

    chart_repository.ensure()
    print(f"{state_dir.require_facts()['endpoint']}{chart_repository.PATH}")


def build_parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser("kumo-sandbox", description=__doc__)
    top.add_argument("--version", action="version", version=f"%(prog)s {find_version()}")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name: str, act: Any) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=act.__doc__.splitlines()[0], description=act.__doc__)
        made.add_argument("--state", default=find_default_state(), help="state folder (default: %(default)s)")
        made.set_defaults(act=act)
        return made

    for name, act in (("up", start_sandbox), ("serve", serve)):
        made = command(name, act)
        made.add_argument("--port", type=int, default=0, help="port on 127.0.0.1 (default: a free one)")
        made.add_argument("--speed", default="1", help='of the clock: 1 is true, N is faster, or "instant"')
        made.add_argument(
            "--region",
            default="ap-northeast-1",
            help="of `env`, and its partition the account's (default: %(default)s)",
        )
        made.add_argument("--refuse-unsupported", action="store_true", help="refuse versions AWS no longer offers")
        made.add_argument("--enforce-iam", action="store_true", help="let IAM decide who may do what")
        made.add_argument("--quota", action="append", default=[], metavar="NAME=NUMBER", help="raise or lower a quota")
        made.add_argument(
            "--latency", type=float, default=0.0, help="seconds until a call is answered (default: %(default)s)"
        )
        made.add_argument("--no-kubernetes", action="store_true", help="clusters without a control plane behind them")
        made.add_argument(
            "--no-build",
            action="store_true",
            help="start at once; what first talks to a cluster's API server builds missing programs, or waits for who does",
        )
    command("down", stop_sandbox)
    command("env", print_environment).add_argument(
        "--format", choices=["shell", "json"], default="shell", help="(default: %(default)s)"
    )
    command("status", print_status).add_argument("--json", action="store_true", help="as JSON")
    made = command("calls", print_calls)
    for flag, text in (("json", "as JSON"), ("clear", "forget them afterwards"), ("policy", "as an IAM policy")):
        made.add_argument(f"--{flag}", action="store_true", help=text)
    for flag in ("service", "operation"):
        made.add_argument(f"--{flag}", default="", help=f"only this {flag}")
    made = command("faults", change_faults)
    made.add_argument("action", choices=["add", "list", "clear"])
    made.add_argument("--kind", choices=KINDS, default="throttle", help="(default: %(default)s)")
    made.add_argument("--service", default="eks", help='endpoint prefix, "*" for all (default: %(default)s)')
    made.add_argument("--operation", default="*", help="API operation (default: all)")
    made.add_argument("--count", type=int, default=1, help="how often, 0 for ever (default: %(default)s)")
    made.add_argument("--every", type=int, default=1, help="only every so many calls (default: %(default)s)")
    made.add_argument("--seconds", type=float, default=1.0, help="how late a slow answer is (default: %(default)s)")
    made.add_argument("--changing", action="store_true", help="only calls that change something")
    for flag in ("code", "message", "resource"):
        made.add_argument(f"--{flag}", default="")
    made = command("clock", change_clock)
    made.add_argument("--speed", default="", help="new speed")
    made.add_argument("--advance", type=float, default=0, help="seconds to jump forward")
    command("kubeconfig", print_kubeconfig).add_argument("cluster", help="its name")
    command("charts", fetch_charts)
    command("reset", reset_account)
    command("iam", change_iam).add_argument("--enforce", choices=["on", "off"], default="", help="switch it")
    command("quotas", change_quotas).add_argument(
        "--set", action="append", default=[], metavar="NAME=NUMBER", help="change this one; may be repeated"
    )
    made = command("token", print_token)
    for flag in ("cluster", "namespace", "account"):
        made.add_argument(flag)
    made.add_argument("--audience", default="sts.amazonaws.com", help="(default: %(default)s)")
    made.add_argument("--seconds", type=int, default=3600, help="lifetime, below 0 expired (default: %(default)s)")
    return top


def main(argv: Sequence[str] | None = None) -> int:
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments[:1] == ["binaries"]:
        return run_binaries(arguments[1:])
    # `serve` waits for its signals; blocked here, before threads start, they reach it alone.
    if arguments[:1] == ["serve"]:
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    options = build_parser().parse_args(arguments)
    try:
        options.act(options, StateDir(options.state))
    except (Failure, binaries.BinariesError, requests.RequestException, ValueError) as error:
        print(f"kumo-sandbox: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
