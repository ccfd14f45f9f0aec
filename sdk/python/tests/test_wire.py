import unittest

from gantry_plugin.rules import is_plain
from gantry_plugin.wire import Reader, read, text


class Wire(unittest.TestCase):
    def test_a_reader_ends_without_an_error_of_the_plugin(self) -> None:
        self.assertEqual(read(b"\1\2\3", lambda reader: (reader.u16_be(), reader.byte())), (0x0102, 3))
        self.assertIsNone(read(b"\1", Reader.u16_be))
        self.assertIsNone(read(b"ab", Reader.until_zero))
        self.assertIsNone(read(b"ab", lambda reader: reader.expect(b"ac") or "there"))

    def test_an_error_of_the_parser_itself_is_not_swallowed(self) -> None:
        with self.assertRaises(ZeroDivisionError):
            read(b"", lambda _: 1 // 0)

    def test_text_loses_control_characters_and_keeps_latin_1(self) -> None:
        self.assertEqual(text(b"a\x1b[31mb\n", 10), "a[31mb")
        self.assertEqual(text(b"c\xe9", 10), "c\u00e9")
        self.assertEqual(text(b"abcdef", 3), "abc")
        self.assertEqual(text(b"\xc0\xaf", 10), "\u00c0\u00af")

    def test_a_second_command_is_not_plain(self) -> None:
        self.assertTrue(is_plain("Friday night, 8 pm (EU)"))
        for each in ["a;quit", 'a"b', "a\nquit", "$rcon", "a\\b", "%n"]:
            self.assertFalse(is_plain(each), each)
