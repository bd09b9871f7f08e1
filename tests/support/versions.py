"""Other versions of the product, each in a folder of its own."""

import shutil
import subprocess
from pathlib import Path

_ROOT = Path(__file__).parents[2]
MIGRATION = "0002_reason_of_an_undo"
_SICK = '''"""Starts, listens, and answers that something is wrong."""


def application(_environment, start_response):
    start_response("500 Internal Server Error", [("Content-Length", "0")])
    return [b""]
'''


def next_version(folder: Path) -> Path:
    """Return the folder of a version with one migration more: that of the example in CONTRIBUTING.md."""
    tree = _copied(folder)
    recipe = _ROOT / "tests/recipes/migration.patch"
    subprocess.run(
        ["git", "apply", recipe], cwd=tree, check=True, env={"GIT_DIR": "/dev/null", "PATH": "/usr/bin:/bin"}
    )
    assert (tree / f"app/store/migrations/{MIGRATION}.py").exists()
    return tree


def sick_version(folder: Path) -> Path:
    """Return the folder of a version that starts, and answers each request with 500."""
    tree = _copied(folder)
    (tree / "app/wsgi.py").write_text(_SICK)
    return tree


def _copied(folder: Path) -> Path:
    shutil.copytree(_ROOT / "app", folder / "app", ignore=shutil.ignore_patterns("__pycache__"))
    return folder
