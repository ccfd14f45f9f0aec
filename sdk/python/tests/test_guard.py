import unittest
from typing import Any
from unittest.mock import patch

from componentize_py_types import Err
from gantry_plugin import Failure, as_failure, query
from gantry_plugin.guard import guard
from gantry_plugin.plans import PlansPart
from wit_world.imports import log, types


class Refusing(PlansPart):
    def run(self, server: Any) -> Any:
        raise Failure("no_port", "There is none.")


class Broken(PlansPart):
    def run(self, server: Any) -> Any:
        raise ZeroDivisionError("oh")


class Guard(unittest.TestCase):
    def test_a_failure_becomes_the_record_of_the_contract_and_is_no_line_of_the_log(self) -> None:
        with self.assertRaises(Err) as raised:
            guard("plans", Refusing, ["run"])().run(None)
        self.assertEqual(raised.exception.value, types.Failure("no_port", "There is none.", None))

    def test_a_defect_is_written_to_the_log_with_its_place_before_the_instance_ends(self) -> None:
        # Within a component whatever looks for a file ends the instance.
        no_files = patch("os.stat", side_effect=AssertionError("a call looks for a file"))
        with no_files, patch.object(log, "write") as write, self.assertRaises(ZeroDivisionError):
            guard("plans", Broken, ["run"])().run(None)
        self.assertEqual({call.args[0] for call in write.call_args_list}, {log.Level.ERROR})
        words = "\n".join(call.args[1] for call in write.call_args_list)
        self.assertRegex(words, r"(?s)^plans\.run raised ZeroDivisionError: oh\n.*    at run \(.*test_guard\.py:\d+\)")
        self.assertFalse(any("\n" in call.args[1] for call in write.call_args_list))

    def test_a_part_without_a_function_that_it_needs_is_refused_while_it_is_built(self) -> None:
        with self.assertRaisesRegex(TypeError, "Refusing needs a function install"):
            guard("plans", Refusing, ["install"])
        self.assertEqual(guard("blueprints", object, ["validate"])().validate(None), [])

    def test_what_the_host_refuses_can_be_caught_as_a_failure(self) -> None:
        said = types.Failure("timeout", "Nothing came.", None)

        def refuses() -> None:
            raise Err(said)

        from gantry_plugin.failure import throwing

        with self.assertRaises(Failure) as raised:
            throwing(refuses)()
        self.assertEqual((raised.exception.code, raised.exception.message), ("timeout", "Nothing came."))
        self.assertIsNone(as_failure(ValueError("a defect")))
        with self.assertRaises(NotImplementedError):
            query.datagram("game", b"", 1, 1)
