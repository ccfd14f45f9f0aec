"""Who came and who left, from lines like ``[2026-01-02 03:04:05][game]: leave player='0:Alice'``."""

import re

from gantry_plugin.console_events import Event, Event_Chat, Event_Joined, Event_Left, Found

# Time and channel come from the game, so a line of chat cannot look like one of the channel `game`.
LINE = re.compile(r"\[([^\]]{19})\]\[(game|chat)\]: (.*)", re.DOTALL | re.ASCII)
# As somebody joins; with `team=0->1` somebody only changes sides. A name may hold quotes, so its end is looked for from the
# right.
JOINED = re.compile(r"team_join player='\d{1,3}:(.*)' team=-?\d{1,9}", re.DOTALL | re.ASCII)
LEFT = re.compile(r"leave player='\d{1,3}:(.*)'", re.DOTALL | re.ASCII)
# To whom, the speaker's number, the name, the words. What the game itself says has no numbers. A colon and a space within the
# name are taken for its end; nothing but the display hangs on it.
CHAT = re.compile(r"-?\d{1,9}:-?\d{1,9}:(.*?): (.*)", re.DOTALL | re.ASCII)


def parse(lines: list[str]) -> list[Found]:
    events = ((index, event(line)) for index, line in enumerate(lines))
    return [Found(line=index, event=found) for index, found in events if found is not None]


def event(line: str) -> Event | None:
    match = LINE.fullmatch(line)
    if match is None:
        return None
    _, channel, said = match.groups()
    return game(said) if channel == "game" else chat(said)


def game(said: str) -> Event | None:
    if match := JOINED.fullmatch(said):
        return Event_Joined(match[1])
    if match := LEFT.fullmatch(said):
        return Event_Left(match[1])
    return None


def chat(said: str) -> Event | None:
    match = CHAT.fullmatch(said)
    return match and Event_Chat((match[1], match[2]))
