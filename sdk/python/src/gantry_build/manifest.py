"""``plugin.toml``: what a plugin says of itself, and how that travels inside the component."""

import json
import tomllib
from pathlib import Path
from typing import Any

SECTION = b"gantry:manifest"
"""Name of the custom section that hosts read."""
WANTED = ("id", "name", "version", "contract")


class Mistake(Exception):
    """What is wrong with an author's files: shown without a stack."""


def read_manifest(folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """The manifest of the plugin in ``folder``, and its table ``build``. Hosts check all of it; here it has to be whole."""
    path = folder / "plugin.toml"
    try:
        manifest = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise Mistake(f"{path} cannot be read: {error}") from error
    missing = [key for key in WANTED if not isinstance(manifest.get(key), str)]
    if missing:
        raise Mistake(f"{path} needs {', '.join(missing)}, each as text")
    build = manifest.pop("build", {})
    manifest.setdefault("capabilities", [])
    return manifest, build


def with_manifest(component: bytes, manifest: dict[str, Any]) -> bytes:
    """The component with its manifest: section id 0, the length of what follows, the name with its length, the data."""
    data = json.dumps(manifest, ensure_ascii=False, separators=(",", ":")).encode()
    body = _leb128(len(SECTION)) + SECTION + data
    return component + b"\0" + _leb128(len(body)) + body


def _leb128(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
