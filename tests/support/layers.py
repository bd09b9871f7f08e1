"""The drawing of the app's layers in docs/architecture.md, made from the contracts of import-linter.

`python -m tests.support.layers` writes it anew.
"""

import ast
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "architecture.md"
BEGIN, END = "<!-- layers: made by tests/support/layers.py -->", "<!-- end of layers -->"
_WIDTH = 30


def drawing() -> str:
    """Return the layers from top to bottom, each importing only from those below it, with what they are for."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = {one["containers"][0]: one["layers"] for one in contracts if one["type"] == "layers"}
    return "\n".join(["```", *_lines("app", layers, 0), "```"])


def page_with(drawn: str) -> str:
    """Return the page with this drawing in the place of its own."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{drawn}\n{END}{after}"


def _lines(package: str, layers: dict[str, list[str]], depth: int) -> list[str]:
    found = []
    for layer in layers.get(package, []):
        for name in layer.split(" | "):
            module = f"{package}.{name}"
            label = f"{'  ' * depth}{name}"
            found.append(f"{label:<{_WIDTH}}{_sentence(module)}")
            found += _lines(module, layers, depth + 1)
    return found


def _sentence(module: str) -> str:
    path = ROOT / Path(*module.split("."))
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    text = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""
    return text.split("\n")[0]


if __name__ == "__main__":
    PAGE.write_text(page_with(drawing()), encoding="utf-8")
