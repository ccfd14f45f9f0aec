import unittest
from unittest.mock import patch

from gantry_plugin import query
from gantry_plugin.collector import Player
from gantry_plugin.wire import read
from teeworlds.info import TOKEN_REQUEST, collect, number, parse

# Recorded from Debian's teeworlds-server 0.7.5 with one player, but for the tokens.
RECORDED = (
    b"!Gtry\xd5\x01k\x99\xff\xff\xff\xffinf3\x010.7.5\0Hello world\0\0dm1\0DM\0"
    b"\0\x01\x01\x08\x01\x08Gr\xc3\xbc\xc3\x9fe 'x'\0CLAN\0@\0\0"
)


class Info(unittest.TestCase):
    def test_a_request_is_as_long_as_the_game_demands(self) -> None:
        self.assertEqual(len(TOKEN_REQUEST), 520)
        self.assertTrue(TOKEN_REQUEST.startswith(b"\x04\0\0\xff\xff\xff\xff\x05Gtry"))

    def test_the_servers_token_goes_into_the_question_and_the_answer_is_a_sample(self) -> None:
        answers = [[query.Reply(payload, 1_500)] for payload in (b"\x04\0\0Gtry\x05S\xb5\xd2\x0e", RECORDED)]
        with patch.object(query, "datagram", side_effect=answers) as asked:
            sample = collect()
        self.assertEqual(asked.call_args.args[1], b"!S\xb5\xd2\x0eGtry\xff\xff\xff\xffgie3\x01")
        self.assertEqual(sample.latency_ms, 1.5)
        self.assertEqual(sample.player_list, [Player("Grüße 'x'", None, 0, None, None)])

    def test_numbers_of_all_lengths_and_signs_are_read(self) -> None:
        for given, value in [
            (b"\x00", 0),
            (b"\x40", -1),
            (b"\x3f", 63),
            (b"\x80\x01", 64),
            (b"\xc0\x01", -65),
            (b"\xbf\xff\xff\xff\x0f", 2**31 - 1),
            (b"\xff\xff\xff\xff\x0f", -(2**31)),
            (b"\x80", None),
        ]:
            self.assertEqual(read(given, number), value)

    def test_a_strangers_bytes_are_never_a_defect(self) -> None:
        for cut in range(len(RECORDED)):
            sample = read(RECORDED[:cut], parse)
            # What ends before the first player is an answer with nobody.
            self.assertTrue(sample is None or sample.player_list == [], cut)
