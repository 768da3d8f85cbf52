"""The page at the sandbox's address: what is here, in plain words."""

from collections.abc import Iterable
from html import escape

from dojo_integration.sandbox import control
from dojo_integration.sandbox.operations import OPERATIONS

_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Dojo sandbox</title>
<h1>Dojo sandbox</h1>
<p>This plays Dojo for the venue on this machine. No card is charged and nothing leaves the desk.</p>
<p>The WebSocket gateway is at <code>/epos</code>.</p>
<h2>Dojo's API</h2>
<ul>
{operations}
</ul>
<h2>Controls, from this machine only</h2>
<ul>
{controls}
</ul>
</html>
"""


def page() -> str:
    return _PAGE.format(
        operations=_items(f"{one.method} {one.path}" for one in OPERATIONS), controls=_items(control.names())
    )


def _items(lines: Iterable[str]) -> str:
    return "\n".join(f"<li><code>{escape(line)}</code></li>" for line in lines)
