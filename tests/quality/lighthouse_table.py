"""What Lighthouse says of the main pages, as a table."""

import json
import os
import subprocess
import tempfile
from pathlib import Path

from support import browsers

CATEGORIES = {"performance": "Performance", "accessibility": "Accessibility", "best-practices": "Best practices"}
FIGURES = {
    "largest-contentful-paint": "LCP",
    "cumulative-layout-shift": "CLS",
    "total-blocking-time": "TBT",
    "total-byte-weight": "Sent",
}
PAGES = {
    "Dashboard": "/",
    "Invoices": "/invoices",
    "Invoice": "/invoices/1",
    "Customer": "/customers/1",
    "Payments": "/payments",
}
DEVICES = {"a telephone": [], "a desk": ["--preset=desktop"]}


def measured(program, address, cookies, preview):
    """Return what Lighthouse reports, with the page and the device."""
    header = json.dumps({"Cookie": "; ".join(f"{one['name']}={one['value']}" for one in cookies)})
    pages = PAGES | {"Preview of an import": preview}
    return [
        (name, device, _report(program, address + path, header, options))
        for name, path in pages.items()
        for device, options in DEVICES.items()
    ]


def _report(program, url, header, options):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "report.json"
        subprocess.run(
            [
                program, url, "--quiet", "--output=json", f"--output-path={path}", f"--extra-headers={header}",
                f"--only-categories={','.join(CATEGORIES)}", "--chrome-flags=--headless=new --no-sandbox", *options,
            ],
            env={**os.environ, "CHROME_PATH": browsers.installed_chromium(headless_shell=False) or ""},
            check=True,
            timeout=180,
        )  # fmt: skip
        report = json.loads(path.read_text(encoding="utf-8"))
        assert report["finalDisplayedUrl"] == url, f"{url} led to {report['finalDisplayedUrl']}"
        return report


def table(reports):
    """Return the table in Markdown."""
    if not reports:
        return "Not measured: Lighthouse could not be installed."
    names = ["page", "on", *CATEGORIES.values(), *FIGURES.values(), "Requests", "Console errors"]
    lines = ["| " + " | ".join(names) + " |", "|---" * len(names) + "|"]
    lines += ["| " + " | ".join([name, device, *_cells(report)]) + " |" for name, device, report in reports]
    return "\n".join([*lines, "", f"Lighthouse {reports[0][2]['lighthouseVersion']}."])


def _cells(report):
    audits = report["audits"]
    scores = [f"{report['categories'][one]['score'] * 100:.0f}" for one in CATEGORIES]
    figures = [audits[one]["displayValue"].replace("\xa0", " ").removeprefix("Total size was ") for one in FIGURES]
    requests = len(audits["network-requests"]["details"]["items"])
    errors = len(audits["errors-in-console"]["details"]["items"])
    return [*scores, *figures, str(requests), str(errors)]
