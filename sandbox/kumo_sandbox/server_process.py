"""The process of the server: how `up` starts it and waits for it, and what it does itself."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from kumo_sandbox.quotas import parse_quotas
from kumo_sandbox.state_dir import PATIENCE, Failure, StateDir


def start_server(options: argparse.Namespace, state_dir: StateDir) -> dict[str, Any]:
    command = [
        sys.executable,
        "-m",
        "kumo_sandbox.cli",
        "serve",
        "--state",
        str(state_dir.folder),
        "--speed",
        options.speed,
    ]
    command += ["--port", str(options.port), "--region", options.region]
    command += ["--refuse-unsupported"] if options.refuse_unsupported else []
    command += ["--no-kubernetes"] if options.no_kubernetes else []
    command += ["--enforce-iam"] if options.enforce_iam else []
    command += ["--latency", str(options.latency)]
    command += [word for text in options.quota for word in ("--quota", text)]
    server = None
    try:
        with state_dir.log.open("w") as out, defer_interruptions():
            server = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True)
        return wait_for_server(server, state_dir)
    except BaseException:  # whoever interrupts `up` wants no server either
        if server:
            server.kill()
            server.wait()
        state_dir.clear()
        raise


@contextmanager
def defer_interruptions() -> Iterator[None]:
    """An interruption waits until the block has ended."""
    came: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, frame: came.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if came:
        raise KeyboardInterrupt


def wait_for_server(server: subprocess.Popen[bytes], state_dir: StateDir) -> dict[str, Any]:
    """What the server writes when it answers."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and server.poll() is None:
        facts = state_dir.read_facts()
        if facts and facts["pid"] == server.pid:
            return facts
        time.sleep(0.1)
    raise Failure(f"the server did not start; the end of {state_dir.log}:\n" + state_dir.log.read_text()[-2000:])


def serve(options: argparse.Namespace, state_dir: StateDir) -> None:
    """Run the server in the foreground until it gets SIGTERM or SIGINT."""
    from kumo_sandbox.sandbox import Sandbox

    state_dir.claim()
    sandbox = Sandbox(
        options.speed,
        not options.no_kubernetes,
        options.refuse_unsupported,
        options.port,
        str(state_dir.clusters),
        options.region,
        options.enforce_iam,
        parse_quotas(options.quota),
        latency=options.latency,
    )
    try:
        sandbox.start()
    except (OSError, SystemExit) as error:
        raise Failure(f"port {options.port} cannot be had: {error}; give another --port") from error
    sandbox.account.aws_context.load(options.region)
    state_dir.write_facts({"pid": os.getpid(), "endpoint": sandbox.endpoint, "env": sandbox.env})
    try:
        signal.sigwait({signal.SIGTERM, signal.SIGINT})
    finally:
        sandbox.stop()
