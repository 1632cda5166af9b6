"""The report: one HTML page that needs nothing but itself.

Style, script and figures are inside; the page fetches nothing and stores nothing, so it works as a file, in
an e-mail, and in MLflow's sandboxed frame. Texts of the list reach the page as JSON and are shown as text; a
content security policy allows exactly the two inline blocks written here, by their digests.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from occurisk.explanation.explained_list import ExplainedList
from occurisk.report.explanation_payload import About, as_json, payload

# In this order: each uses those before it.
SCRIPT_PARTS = ("tools", "overview", "axis_map", "list", "detail", "search", "start")


def render(explained: ExplainedList, about: About) -> str:
    """Draw the report of an explained list.

    Parameters
    ----------
    explained : ExplainedList
    about : About
        Name of the list, model version, language.

    Returns
    -------
    str
        A complete HTML document; about 3 kB per occupation.
    """
    document = payload(explained, about)
    style, script = _resource("page.css"), page_script()
    environment = Environment(autoescape=True, undefined=StrictUndefined)
    # Ours, or escaped by `as_json`: the three blocks that must not be escaped again.
    return environment.from_string(_resource("page.html.j2")).render(
        about=about,
        text=document["text"],
        style=Markup(style),  # noqa: S704
        script=Markup(script),  # noqa: S704
        data=Markup(as_json(document)),  # noqa: S704
        style_hash=_csp_hash(style),
        script_hash=_csp_hash(script),
    )


@cache
def page_script() -> str:
    """Join the parts of the script: one function, so that nothing of it is visible from outside."""
    parts = "\n".join(_resource(f"{name}.js") for name in SCRIPT_PARTS)
    return f'"use strict";\n(() => {{\n{parts}}})();\n'


@cache
def _resource(name: str) -> str:
    folder = files("occurisk.report").joinpath("templates", "explanation")
    return folder.joinpath(name).read_text(encoding="utf-8")


def _csp_hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
