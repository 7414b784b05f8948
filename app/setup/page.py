"""The pages of `autofix setup`: plain HTML without scripts, and nothing of a secret in them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from html import escape
from typing import Any

from app.setup.registration import Registered, Wanted

_STYLE = """
:root { color-scheme: light dark; --line: #d0d7de; --dim: #59636e; --go: #1a7f37; --bad: #cf222e; --back: #f6f8fa }
@media (prefers-color-scheme: dark) {
  :root { --line: #3d444d; --dim: #9198a1; --go: #2ea043; --bad: #f85149; --back: #151b23 }
}
body { margin: 0; font: 16px/1.5 system-ui, sans-serif; background: var(--back) }
main { max-width: 40rem; margin: 4rem auto; padding: 2rem 2.5rem; background: Canvas; color: CanvasText;
       border: 1px solid var(--line); border-radius: 12px }
h1 { margin: 0 0 .5rem; font-size: 1.6rem; line-height: 1.25 }
h2 { margin: 1.75rem 0 .5rem; font-size: 1rem }
p, ol { margin: .5rem 0 } ol { padding-left: 1.4rem } li { margin: .4rem 0 }
.dim { color: var(--dim) } .bad { color: var(--bad) }
table { width: 100%; border-collapse: collapse; font-size: .95rem }
td { padding: .35rem 0; border-top: 1px solid var(--line); vertical-align: top }
td:first-child { width: 40%; color: var(--dim) }
code { font: .9em ui-monospace, monospace; overflow-wrap: anywhere }
.go { display: inline-block; margin-top: 1.5rem; padding: .6rem 1.2rem; font: 600 1rem system-ui, sans-serif;
      color: #fff; background: var(--go); border: 0; border-radius: 8px; text-decoration: none; cursor: pointer }
"""


def start(wanted: Wanted, manifest: Mapping[str, Any], address: str) -> str:
    """What will be registered, and the button that leads to GitHub."""
    hook = manifest["hook_attributes"]
    about = {
        "Owner": f"the organization {wanted.organization}" if wanted.organization else "your own account",
        "Name": f"{manifest['name']} (GitHub lets you change it)",
        "Webhooks go to": hook["url"] if hook["active"] else "nowhere yet: set the address later",
    }
    granted = {
        name.replace("_", " "): "read and write" if level == "write" else level
        for name, level in manifest["default_permissions"].items()
    }
    return _page(
        "Register your Autofix App",
        f"""<h1>Register your Autofix App</h1>
<p>GitHub asks you to confirm, and leads you back here. The credentials then stay on this machine.</p>
{_table(about)}
<h2>What it may do in the repositories that you choose</h2>
{_table(granted)}
<p class="dim">It may change no workflows, secrets, settings or branch rules.</p>
<form action="{escape(address)}" method="post">
<input type="hidden" name="manifest" value="{escape(json.dumps(manifest))}">
<button class="go" type="submit">Continue on GitHub</button>
</form>""",
    )


def done(app: Registered, file: str, *, hooked: bool) -> str:
    """What was registered, and what comes next."""
    settings = (
        "" if hooked else "<li>Set the webhook's address in the App's settings, and tick <i>Active</i>.</li>"
    )
    return _page(
        "Autofix is registered",
        f"""<h1>{escape(app.slug)} is registered</h1>
<p>Its credentials are in <code>{escape(file)}</code>. You can close this page.</p>
<h2>Next</h2>
<ol>{settings}
<li>Install the App on a repository.</li>
<li>Add the settings of Sentry, Datadog or Bugsink to that file, and run <code>autofix serve</code>.</li>
<li>Propose the policy and the workflow: <code>autofix init OWNER/REPO</code></li>
<li>See what is missing: <code>autofix doctor OWNER/REPO</code></li></ol>
<a class="go" href="{escape(app.install_page())}" rel="noreferrer">Install the App</a>""",
    )


def failed(why: str, *, again: bool) -> str:
    """Why it did not work, and how to try again."""
    link = '<a class="go" href="/">Start again</a>' if again else ""
    return _page(
        "Autofix is not registered",
        f'<h1>That did not work</h1>\n<p class="bad">{escape(why[:1].upper() + why[1:])}.</p>\n{link}',
    )


def style_source() -> str:
    """The style sheet, for the page's content security policy."""
    return _STYLE


def _table(rows: Mapping[str, str]) -> str:
    cells = "".join(
        f"<tr><td>{escape(name)}</td><td>{escape(value)}</td></tr>" for name, value in rows.items()
    )
    return f"<table>{cells}</table>"


def _page(title: str, body: str) -> str:
    return f"""\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{escape(title)}</title>
<style>{_STYLE}</style>
</head>
<body><main>{body}</main></body>
</html>
"""
