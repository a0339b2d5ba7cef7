"""The command line: start, look at, spoil and stop the sandbox."""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import requests

from kumo_sandbox.faults import KINDS
from kumo_sandbox.state_dir import PATIENCE, Failure, Place
from kumo_sandbox.toolchain import binaries


def default_state() -> str:
    home = os.environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state")
    return os.environ.get("KUMO_SANDBOX_STATE") or f"{home}/kumo-sandbox"


def up(words: argparse.Namespace, place: Place) -> None:
    """Start a server in the background; one that runs already is left alone."""
    if place.facts() is None and not words.no_kubernetes:
        binaries.ensure()
    with place.alone():
        facts = place.facts() or start(words, place)
    print(f"The sandbox answers at {facts['endpoint']}, its state is in {place.folder}.")
    print('Lead your shell there: eval "$(kumo-sandbox env)"; stop it: kumo-sandbox down')


def start(words: argparse.Namespace, place: Place) -> dict[str, Any]:
    command = [sys.executable, "-m", "kumo_sandbox.cli", "serve", "--state", str(place.folder), "--speed", words.speed]
    command += ["--port", str(words.port), "--region", words.region]
    command += ["--refuse-unsupported"] if words.refuse_unsupported else []
    command += ["--no-kubernetes"] if words.no_kubernetes else []
    command += ["--enforce-iam"] if words.enforce_iam else []
    server = None
    try:
        with place.log.open("w") as out, undisturbed():
            server = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True)
        return wait_for(server, place)
    except BaseException:  # whoever interrupts `up` wants no server either
        if server:
            server.kill()
            server.wait()
        place.clear()
        raise


@contextmanager
def undisturbed() -> Iterator[None]:
    """An interruption waits until the block has ended."""
    came: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, frame: came.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if came:
        raise KeyboardInterrupt


def wait_for(server: subprocess.Popen[bytes], place: Place) -> dict[str, Any]:
    """What the server writes when it answers."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and server.poll() is None:
        facts = place.facts()
        if facts and facts["pid"] == server.pid:
            return facts
        time.sleep(0.1)
    raise Failure(f"the server did not start; the end of {place.log}:\n" + place.log.read_text()[-2000:])


def serve(words: argparse.Namespace, place: Place) -> None:
    """Run the server in the foreground until it is told to stop."""
    from kumo_sandbox.sandbox import Sandbox

    place.claim()
    sandbox = Sandbox(
        words.speed,
        not words.no_kubernetes,
        words.refuse_unsupported,
        words.port,
        str(place.clusters),
        words.region,
        words.enforce_iam,
    )
    try:
        sandbox.start()
    except (OSError, SystemExit) as error:
        raise Failure(f"port {words.port} cannot be had: {error}; give another --port") from error
    place.write({"pid": os.getpid(), "endpoint": sandbox.endpoint, "env": sandbox.env})
    try:
        signal.sigwait({signal.SIGTERM, signal.SIGINT})
    finally:
        sandbox.stop()


def down(words: argparse.Namespace, place: Place) -> None:
    """Stop the server and all that it started, and forget its state."""
    if not place.folder.exists():
        print(f"No sandbox ran with the state folder {place.folder}.")
        return
    with place.alone():
        stopped = place.stop()
        place.forget()
    print("The sandbox is stopped." if stopped else f"No sandbox ran with the state folder {place.folder}.")


def env(words: argparse.Namespace, place: Place) -> None:
    """Print the environment that leads AWS clients to the sandbox."""
    values = place.needed()["env"]
    print(json.dumps(values) if words.format == "json" else "\n".join(f"export {k}={v}" for k, v in values.items()))


def status(words: argparse.Namespace, place: Place) -> None:
    """Show clusters, what hangs on them, and their control planes."""
    facts = place.ask("GET", "status")
    if words.json:
        print(json.dumps(facts, indent=2))
        return
    print(f"{facts['endpoint']}  speed {facts['speed']}  IAM {'' if facts['enforce_iam'] else 'not '}enforced")
    planes = {row["arn"]: row for row in facts["control_planes"]}
    for cluster in facts["clusters"]:
        print(f"{cluster['name']}  {cluster['region']}  {cluster['version']}  {cluster['status']}")
        if cluster["arn"] in planes:
            print(f"  control plane {plane(planes[cluster['arn']])}")
        for kind in ("nodegroups", "fargate_profiles", "addons"):
            for name, state in cluster[kind].items():
                print(f"  {kind[:-1].replace('_', ' ')} {name}  {state}")


def plane(row: dict[str, Any]) -> str:
    """A control plane in a line: where it answers, and what it takes."""
    if not row["started"]:
        return f"{row['endpoint']}  starts when somebody connects"
    pids = "  ".join(f"{name} {pid}" for name, pid in row["processes"].items())
    return f"{row['endpoint']}  {row['resident_mib']:.0f} MiB  {pids}"


def kubeconfig(words: argparse.Namespace, place: Place) -> None:
    """Print the path of a cluster administrator's kubeconfig, for looking around."""
    print(place.ask("GET", "kubeconfig", params={"cluster": words.cluster})["path"])


def calls(words: argparse.Namespace, place: Place) -> None:
    """List the calls that were made, or make the IAM policy that allows them."""
    from kumo_sandbox.recorder import policy

    rows = place.ask("GET", "calls", params={"service": words.service, "operation": words.operation})
    if words.policy:
        print(json.dumps(policy(rows), indent=2))
    elif words.json:
        print(json.dumps(rows, indent=2))
    else:
        for row in rows:
            moment = time.strftime("%H:%M:%S", time.localtime(row["time"]))
            print(f"{moment}  {row['status']}  {row['service']}:{row['operation']}  {row['principal']}")
    if words.clear:
        place.ask("DELETE", "calls")


def faults(words: argparse.Namespace, place: Place) -> None:
    """Add, list or clear faults."""
    if words.action == "add":
        keys = ("kind", "service", "operation", "count", "every", "code", "message", "resource")
        place.ask("POST", "faults", json={key: getattr(words, key) for key in keys})
    elif words.action == "clear":
        place.ask("DELETE", "faults")
    for row in place.ask("GET", "faults"):
        print(
            f"{row['id']}  {row['kind']}  {row['service']}:{row['operation']}  used {row['used']} of {row['count'] or 'any'}"
        )


def clock(words: argparse.Namespace, place: Place) -> None:
    """Show the clock, change its speed, or let it jump forward."""
    wanted = {"advance": words.advance, **({"speed": words.speed} if words.speed else {})}
    print(json.dumps(place.ask("PUT", "clock", json=wanted)))


def reset(words: argparse.Namespace, place: Place) -> None:
    """Forget every resource, call and fault."""
    place.ask("POST", "reset")
    print("The account is empty.")


def iam(words: argparse.Namespace, place: Place) -> None:
    """Show whether IAM decides who may do what, or switch it."""
    if words.enforce:
        place.ask("PUT", "iam", json={"enforced": words.enforce == "on"})
    print("IAM is enforced." if place.ask("GET", "iam")["enforced"] else "IAM is not enforced: every call is allowed.")


def token(words: argparse.Namespace, place: Place) -> None:
    """Sign a service account's token with the key of the cluster's issuer, without its API server."""
    keys = ("cluster", "namespace", "account", "audience", "seconds")
    print(place.ask("POST", "token", json={key: getattr(words, key) for key in keys})["token"])


def charts(words: argparse.Namespace, place: Place) -> None:
    """Fetch the chart ingress-nginx where it is missing; print the URL of the sandbox's chart repository."""
    from kumo_sandbox.toolchain import charts as chart_repository

    chart_repository.ensure()
    print(f"{place.needed()['endpoint']}{chart_repository.PATH}")


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser("kumo-sandbox", description=__doc__)
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(act: Any, name: str = "") -> argparse.ArgumentParser:
        made = commands.add_parser(name or act.__name__, help=act.__doc__.splitlines()[0], description=act.__doc__)
        made.add_argument("--state", default=default_state(), help="state folder (default: %(default)s)")
        made.set_defaults(act=act)
        return made

    for act in (up, serve):
        made = command(act)
        made.add_argument("--port", type=int, default=0, help="port on 127.0.0.1 (default: a free one)")
        made.add_argument("--speed", default="1", help='of the clock: 1 is true, N is faster, or "instant"')
        made.add_argument("--region", default="ap-northeast-1", help="region of `env` (default: %(default)s)")
        made.add_argument("--refuse-unsupported", action="store_true", help="refuse versions AWS no longer offers")
        made.add_argument("--enforce-iam", action="store_true", help="let IAM decide who may do what")
        made.add_argument("--no-kubernetes", action="store_true", help="clusters without a control plane behind them")
    command(down)
    command(env).add_argument("--format", choices=["shell", "json"], default="shell", help="(default: %(default)s)")
    command(status).add_argument("--json", action="store_true", help="as JSON")
    made = command(calls)
    for flag, text in (("json", "as JSON"), ("clear", "forget them afterwards"), ("policy", "as an IAM policy")):
        made.add_argument(f"--{flag}", action="store_true", help=text)
    for flag in ("service", "operation"):
        made.add_argument(f"--{flag}", default="", help=f"only this {flag}")
    made = command(faults)
    made.add_argument("action", choices=["add", "list", "clear"])
    made.add_argument("--kind", choices=KINDS, default="throttle", help="(default: %(default)s)")
    made.add_argument("--service", default="eks", help='endpoint prefix, "*" for all (default: %(default)s)')
    made.add_argument("--operation", default="*", help="API operation (default: all)")
    made.add_argument("--count", type=int, default=1, help="how often, 0 for ever (default: %(default)s)")
    made.add_argument("--every", type=int, default=1, help="only every so many calls (default: %(default)s)")
    for flag in ("code", "message", "resource"):
        made.add_argument(f"--{flag}", default="")
    made = command(clock)
    made.add_argument("--speed", default="", help="new speed")
    made.add_argument("--advance", type=float, default=0, help="seconds to jump forward")
    command(kubeconfig).add_argument("cluster", help="its name")
    command(charts)
    command(reset)
    command(iam).add_argument("--enforce", choices=["on", "off"], default="", help="switch it")
    made = command(token)
    for flag in ("cluster", "namespace", "account"):
        made.add_argument(flag)
    made.add_argument("--audience", default="sts.amazonaws.com", help="(default: %(default)s)")
    made.add_argument("--seconds", type=int, default=3600, help="lifetime, below 0 expired (default: %(default)s)")
    return top


def main(argv: Sequence[str] | None = None) -> int:
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments[:1] == ["binaries"]:
        return binaries.main(arguments[1:])
    # `serve` waits for its signals; blocked here, before threads start, they reach it alone.
    if arguments[:1] == ["serve"]:
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    words = parser().parse_args(arguments)
    try:
        words.act(words, Place(words.state))
    except (Failure, binaries.BinariesError, requests.RequestException) as error:
        print(f"kumo-sandbox: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
