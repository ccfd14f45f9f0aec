"""What an author's modules have and need, read without running them: the classes of the entry are the plugin's parts, and the
modules of the SDK that are imported are what the component imports."""

import ast
from pathlib import Path
from typing import Any

from gantry_build.manifest import Mistake

PACKAGE = "gantry_plugin"


def class_name(interface: str) -> str:
    """``console-events`` as ``ConsoleEvents``: what the entry can have."""
    return "".join(word.capitalize() for word in interface.split("-"))


def module_name(interface: str) -> str:
    """``console-events`` as ``console_events``: the module that has its types."""
    return interface.replace("-", "_")


def parts(entry: Path, contract: dict[str, Any]) -> list[str]:
    """Names of the contract's interfaces for which the entry has a class. Any other class is taken for a misspelt one."""
    classes = [node.name for node in _tree(entry).body if isinstance(node, ast.ClassDef)]
    known = {class_name(interface): interface for interface in contract["exports"]}
    strange = [name for name in classes if name not in known and not name.startswith("_")]
    if strange:
        raise Mistake(f"{entry} has a class {strange[0]}, which is no part of a plugin; parts are {', '.join(known)}")
    if not classes:
        raise Mistake(f"{entry} has no part; parts are classes, named {', '.join(known)}")
    return [known[name] for name in classes if name in known]


def imports(folder: Path, contract: dict[str, Any]) -> list[str]:
    """The interfaces that some module calls. The log is always among them: defects are written there."""
    callable_ones = {module_name(interface): interface for interface in contract["imports"]}
    used = {module for path in folder.rglob("*.py") for module in _sdk_modules(_tree(path))}
    return sorted({"log"} | {callable_ones[name] for name in used if name in callable_ones})


def _sdk_modules(tree: ast.Module) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module == PACKAGE:
            names = [f"{PACKAGE}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            names = [node.module]
        else:
            continue
        found.update(name.split(".")[1] for name in names if name.startswith(f"{PACKAGE}."))
    return found


def _tree(path: Path) -> ast.Module:
    try:
        return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
    except (OSError, SyntaxError, UnicodeDecodeError) as error:
        raise Mistake(f"{path} cannot be read: {error}") from error
