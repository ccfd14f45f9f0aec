import unittest
from dataclasses import replace
from typing import Any, cast
from unittest.mock import patch

from componentize_py_types import Err
from gantry_plugin import Failure, make
from gantry_plugin.collector import Player, Sample
from gantry_plugin.guard import guard
from gantry_plugin.plans import ConsoleProbe, Image_Recipe, Image_Reference, PlansPart, Probe_Collector, Probe_Udp, Recipe, UdpProbe
from gantry_plugin.shape import answer_of, misfit
from gantry_plugin.types import ConfigEdit, Format
from wit_world.imports import log

RUN = make.run_spec(make.image("a:1"), ["sh"])
SAMPLE = Sample(None, None, None, None, None, False, [], None, [], None)


def run(**rest: Any) -> str | None:
    return misfit(answer_of("plans.run"), replace(RUN, **rest), "it")


def collected(**rest: Any) -> str | None:
    return misfit(answer_of("collector.collect"), replace(SAMPLE, **rest), "it")


class Shape(unittest.TestCase):
    def test_what_the_builders_make_fits(self) -> None:
        self.assertIsNone(run(ready=[Probe_Udp(UdpProbe("game", b"x")), Probe_Collector()], extra=[("a", "b")]))
        kinds = [make.text("a", "A", "x", 9), make.boolean("b", "B", True), make.number("c", "C", 1, 0, 9)]
        self.assertIsNone(misfit(answer_of("blueprints.list"), [make.blueprint("g", "G", variables=kinds)], "it"))
        self.assertIsNone(misfit(answer_of("plans.install"), make.install_plan(), "it"))
        players = [Player("Ada", None, -(2**63), 3, None)]
        self.assertIsNone(collected(players=1, latency_ms=1, player_list=players))
        self.assertIsNone(misfit(answer_of("hooks.handle"), "anything", "it"))

    def test_each_kind_of_value_that_does_not_fit_is_told_with_the_way_to_it(self) -> None:
        ways: list[tuple[dict[str, Any], str]] = [
            ({"terminal": 1}, "it.terminal is 1, where True or False belongs"),
            ({"working_directory": None}, "it.working_directory is None, where a str belongs"),
            ({"working_directory": "a\ud800"}, "it.working_directory has a surrogate in it, which is no text"),
            ({"command": ("sh",)}, "it.command is a tuple of 1, where a list belongs"),
            ({"command": ["sh", 5]}, "it.command[1] is 5, where a str belongs"),
            ({"extra": [["a", "b"]]}, "it.extra[0] is a list of 2, where a tuple of 2 belongs"),
            ({"extra": [("a", 1)]}, "it.extra[0][1] is 1, where a str belongs"),
            ({"ready_timeout_ms": "5"}, "it.ready_timeout_ms is a str of 1, where an int from 0 to 4294967295 belongs"),
            ({"ready_timeout_ms": 5.0}, "it.ready_timeout_ms is 5.0, where an int from 0 to 4294967295 belongs"),
            ({"ready_timeout_ms": 2**32}, "it.ready_timeout_ms is 4294967296, where an int from 0 to 4294967295 belongs"),
            ({"image": "a"}, "it.image is a str of 1, where one of Image_Reference, Image_Recipe belongs"),
            ({"image": Image_Reference(cast(Any, 5))}, "it.image.value is 5, where a str belongs"),
            ({"image": Image_Recipe(Recipe("x", cast(Any, None)))}, "it.image.value.files is None, where a list belongs"),
            ({"ready": [ConsoleProbe("x")]}, "it.ready[0] is a ConsoleProbe, where one of Probe_Console, Probe_Tcp, Probe_Udp, Probe_Http, Probe_Collector belongs"),
            ({"ready": [Probe_Udp(UdpProbe("a", cast(Any, bytearray(b"x"))))]}, "it.ready[0].value.payload is a bytearray, where bytes belongs"),
            ({"edits": [ConfigEdit("a", cast(Any, "ini"), [], True)]}, "it.edits[0].format is a str of 3, where a Format belongs"),
            ({"edits": [ConfigEdit("a", Format.INI, cast(Any, [5]), True)]}, "it.edits[0].edits[0] is 5, where an Edit, which has at, belongs"),
        ]
        for rest, words in ways:
            self.assertEqual(run(**rest), words)
        self.assertEqual(collected(latency_ms="1"), "it.latency_ms is a str of 1, where a float belongs")
        self.assertEqual(
            collected(player_list=[Player("a", None, 2**63, None, None)]),
            "it.player_list[0].score is 9223372036854775808, where an int from -9223372036854775808 to 9223372036854775807 belongs",
        )

    def test_an_answer_that_does_not_fit_is_written_to_the_log_before_the_instance_ends_without_the_text_of_it(self) -> None:
        class Wrong(PlansPart):
            def run(self, server: Any) -> Any:
                return replace(RUN, ready_timeout_ms=cast(Any, "hunter2"))

        with patch.object(log, "write") as write, self.assertRaises(TypeError):
            guard("plans", Wrong, ["run"])().run(None)
        lines = [call.args for call in write.call_args_list]
        self.assertEqual({level for level, _ in lines}, {log.Level.ERROR})
        words = "its answer.ready_timeout_ms is a str of 7, where an int from 0 to 4294967295 belongs"
        self.assertEqual(lines[0][1], f"plans.run does not fit the contract: {words}")
        self.assertRegex(lines[1][1], r"^    at run \(.*test_shape\.py:\d+\)$")
        self.assertEqual(len(lines), 2)

    def test_a_failure_that_does_not_fit_is_told_too(self) -> None:
        class Refusing(PlansPart):
            def run(self, server: Any) -> Any:
                raise Failure("no_port", cast(Any, 5))

        with patch.object(log, "write"), self.assertRaises(TypeError) as raised:
            guard("plans", Refusing, ["run"])().run(None)
        self.assertNotIsInstance(raised.exception, Err)
        self.assertEqual(str(raised.exception), "its failure.message is 5, where a str belongs")
