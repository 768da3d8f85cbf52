"""The page at the sandbox's address: what is here, in plain words."""

from html import escape

from dojo_integration.sandbox.operations import OPERATIONS

_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Dojo sandbox</title>
<h1>Dojo sandbox</h1>
<p>This plays Dojo for the venue on this machine. No card is charged and nothing leaves the desk.</p>
<p>The WebSocket gateway is at <code>/epos</code>.</p>
<p>The controls are at <code>/_control/</code>, from this machine only.</p>
<h2>Operations</h2>
<ul>
{operations}
</ul>
</html>
"""


def page() -> str:
    rows = (f"<li><code>{escape(one.method)} {escape(one.path)}</code></li>" for one in OPERATIONS)
    return _PAGE.format(operations="\n".join(rows))
