"""axe-core over the page as it stands: what a screen reader or weak eyes could not use.

The script is a package of npm that only the tests need; `scripts/test` installs it by its lock file.
"""

import sys
from pathlib import Path

from tests.e2e.browser import Browser

SCRIPT = Path(sys.prefix) / "axe" / "node_modules" / "axe-core" / "axe.min.js"


def violations(page: Browser) -> list[str]:
    """Rule and first elements of each violation; empty where there is none.

    Raises:
        FileNotFoundError: axe-core is not installed; the text says how to.
    """
    if not SCRIPT.is_file():
        raise FileNotFoundError(f"{SCRIPT}: is missing; scripts/test installs axe-core through npm")
    if not page.evaluate("'axe' in window"):
        page.evaluate(f"{SCRIPT.read_text()}\n0")
    found = page.evaluate(
        "axe.run(document, {resultTypes: ['violations']}).then(result => result.violations.map(one =>"
        " `${one.id}: ${one.nodes.slice(0, 3).map(node => node.target.join(' ') + ' '"
        " + (node.any[0]?.message ?? '')).join('; ')}`))"
    )
    assert isinstance(found, list)
    return [str(one) for one in found]
