"""Builds the documentation site in tests/output/docs/html, without the network, and checks it.

Usage: build.py [--serve]. A warning of Sphinx is an error. What has not changed since the last build is not read again.
"""

from __future__ import annotations

import http.server
import os
import sys
import time
from functools import partial
from pathlib import Path

from accessible import finish_pages
from assemble import assemble
from check import check_site
from languages import finish_languages
from places import DOCTREES, HTML, ROOT, SOURCE
from reference import write_reference
from sphinx.cmd.build import build_main

STRICT = ["--fail-on-warning", "--keep-going", "--nitpicky", "--quiet"]


def build() -> int:
    """Build and check; 0 is a site without warnings and broken links."""
    started = time.monotonic()
    write_reference()
    assemble()
    jobs = ["--jobs", str(os.cpu_count() or 1)]
    folders = ["-c", str(Path(__file__).parent), "-d", str(DOCTREES), str(SOURCE), str(HTML)]
    status = build_main(["-b", "html", *STRICT, *jobs, *folders])
    finish_pages(HTML)
    finish_languages()
    wrong = check_site()
    print("\n".join(wrong), file=sys.stderr)
    pages = len(list(HTML.rglob("*.html")))
    print(f"{pages} pages in {HTML.relative_to(ROOT)}, {time.monotonic() - started:.0f} s")
    if not (status or wrong):
        print("documentation site: no warnings, no broken links")
    return 1 if status or wrong else 0


def serve() -> None:
    """Serve the site on the loopback interface, on a free port, until it is interrupted."""
    handler = partial(http.server.SimpleHTTPRequestHandler, directory=str(HTML))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        print(f"http://127.0.0.1:{server.server_port}/ (Ctrl+C stops it)", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print()


if __name__ == "__main__":
    failed = build()
    if "--serve" in sys.argv[1:] and not failed:
        serve()
    sys.exit(failed)
