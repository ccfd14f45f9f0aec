import json
import tempfile
import unittest
from pathlib import Path

from gantry_build import source
from gantry_build.manifest import Mistake, with_manifest

CONTRACT = {
    "exports": {"plans": ["run"], "console-events": ["parse"]},
    "imports": {"log": ["write"], "query": ["datagram"]},
}


class Source(unittest.TestCase):
    def setUp(self) -> None:
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = Path(scratch.name)

    def written(self, text: str) -> Path:
        path = self.folder / "plugin.py"
        path.write_text(text, encoding="utf-8")
        return path

    def test_classes_are_parts(self) -> None:
        entry = self.written("class Plans: ...\nclass ConsoleEvents: ...\nclass _Own: ...\n")
        self.assertEqual(source.parts(entry, CONTRACT), ["plans", "console-events"])

    def test_a_misspelt_part_is_named(self) -> None:
        with self.assertRaisesRegex(Mistake, "Consoleevents.*ConsoleEvents"):
            source.parts(self.written("class Consoleevents: ...\n"), CONTRACT)
        with self.assertRaisesRegex(Mistake, "no part"):
            source.parts(self.written("plans = 1\n"), CONTRACT)

    def test_only_what_is_imported_is_an_import(self) -> None:
        self.written("from gantry_plugin import make\nimport gantry_plugin.types\n")
        self.assertEqual(source.imports(self.folder, CONTRACT), ["log"])
        for line in ["import gantry_plugin.query", "from gantry_plugin import query", "from gantry_plugin.query import Reply"]:
            self.written(f"def later():\n    {line}\n")
            self.assertEqual(source.imports(self.folder, CONTRACT), ["log", "query"], line)

    def test_the_manifest_is_a_section_at_the_end(self) -> None:
        whole = with_manifest(b"component", {"id": "x" * 200})
        self.assertTrue(whole.startswith(b"component\0\xe1\x01\x0fgantry:manifest"), whole[:40])
        self.assertEqual(json.loads(whole[whole.index(b"{") :]), {"id": "x" * 200})
