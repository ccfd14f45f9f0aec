"""The command. It reads the manifest and the source, composes a world of what the plugin has and uses, and lets componentize-py
run the modules once up to the end of their top level: a call begins where that ended."""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from gantry_build import source
from gantry_build.manifest import Mistake, read_manifest, with_manifest

SDK = Path(__file__).resolve().parent.parent
WORLD = "this-plugin"
ENTRY = "gantry_entry"
# Every component may have these; whatever else is imported is a capability.
ALWAYS = ("log", "bundle")


def build(folder: Path, out: Path) -> None:
    """Makes the plugin in ``folder`` a component."""
    manifest, options = read_manifest(folder)
    contract = json.loads((SDK / "gantry_plugin/contract.json").read_text(encoding="utf-8"))
    spoken = ".".join(contract["package"].split("@")[1].split(".")[:2])
    if manifest["contract"] != spoken:
        raise Mistake(f"plugin.toml says contract {manifest['contract']}; this SDK builds for {spoken}")
    modules = folder / options.get("source", "src")
    parts = source.parts(modules / "plugin.py", contract)
    imports = source.imports(modules, contract)
    _check_capabilities(imports, manifest)
    with tempfile.TemporaryDirectory(prefix="gantry-plugin-") as scratch:
        work = Path(scratch)
        _compose_world(work / "wit", contract, imports, parts)
        _write_entry(work / "entry", parts, contract, options.get("source", "src"))
        # Alone: where it is installed, the contract's types of other tools and of editors lie beside it.
        shutil.copytree(SDK / "gantry_plugin", work / "sdk/gantry_plugin", ignore=shutil.ignore_patterns("__pycache__", "wit"))
        # The interpreter within keeps what it compiles beside the sources, whatever it is told: beside these, not the author's.
        shutil.copytree(modules, work / "modules", ignore=shutil.ignore_patterns("__pycache__"))
        component = _componentize(work)
    out.write_bytes(with_manifest(component, manifest))


def _check_capabilities(imports: list[str], manifest: dict[str, Any]) -> None:
    """That the manifest asks for whatever is imported: a host would refuse it, later and elsewhere."""
    asked = {capability.get("name") for capability in manifest["capabilities"]}
    silent = [name for name in imports if name not in ALWAYS and name not in asked]
    if silent:
        raise Mistake(f"it uses {', '.join(silent)}; plugin.toml must ask for each as a capability, with a reason")


def _compose_world(wit: Path, contract: dict[str, Any], imports: list[str], parts: list[str]) -> None:
    # In a package the contract lies within, in a checkout beside.
    places = [SDK / "gantry_plugin/wit" / contract["wit"], SDK.parent.parent / "wit" / contract["wit"]]
    found = next((place for place in places if place.is_dir()), None)
    if found is None:
        raise Mistake(f"the contract {contract['wit']} is missing beside {SDK}; install the package anew")
    shutil.copytree(found, wit)
    lines = [f"import {name};" for name in imports] + [f"export {name};" for name in parts]
    (wit / f"{WORLD}.wit").write_text(f"world {WORLD} {{\n  " + "\n  ".join(lines) + "\n}\n", encoding="utf-8")


def _write_entry(folder: Path, parts: list[str], contract: dict[str, Any], modules: str) -> None:
    lines = ["import plugin", "from gantry_plugin.guard import guard", ""]
    for part in parts:
        functions = [source.module_name(function) for function in contract["exports"][part]]
        name = source.class_name(part)
        lines.append(f"{name} = guard({part!r}, plugin.{name}, {functions!r}, {modules!r})")
    folder.mkdir()
    (folder / f"{ENTRY}.py").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _componentize(work: Path) -> bytes:
    out = work / "component.wasm"
    # In this order: the guard knows which place is the author's.
    paths = [argument for each in ("entry", "modules", "sdk") for argument in ("--python-path", str(work / each))]
    # A plugin has no WASI: what CPython would import of it is replaced by what traps.
    command = ["-d", str(work / "wit"), "-w", WORLD, "componentize", "--stub-wasi", *paths, "-o", str(out), ENTRY]
    # Of a mistake in the plugin, the backtrace of the tool says nothing.
    environment = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"} | {"RUST_BACKTRACE": "0"}
    # It has no module that can be run; this is what its own script does.
    program = [sys.executable, "-c", "import sys; from componentize_py import script; sys.exit(script())", *command]
    ran = subprocess.run(program, capture_output=True, text=True, env=environment, check=False)
    if ran.returncode != 0:
        raise Mistake(f"the plugin could not be made a component:\n{ran.stdout}{ran.stderr}".rstrip())
    return out.read_bytes()


def main() -> int:
    """Reads the command line; the answer is the exit status."""
    parser = argparse.ArgumentParser(prog="gantry-plugin-python", description="Makes a plugin in Python a component.")
    parser.add_argument("folder", type=Path, metavar="PLUGIN_DIR")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="OUT.wasm")
    given = parser.parse_args()
    try:
        build(given.folder.resolve(), given.output)
    except Mistake as mistake:
        print(f"error: {mistake}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
