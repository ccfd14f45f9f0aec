"""Text from people on its way into a game's own syntax.

A value that reaches a console, a command line or a ``key value`` file must not be able to become a second command. These
helpers say what is allowed; plugins use them in patterns and when they build commands.
"""

from gantry_plugin.wire import is_control

PLAIN_TEXT = r"""[^"';\\%$\x00-\x1f\x7f]*"""
"""A pattern for names that are safe in Quake-like consoles and in ``key = value`` files: no quotes, semicolons, backslashes,
percent signs, dollar signs or control characters."""


def is_plain(text: str) -> bool:
    """Whether a text fits :data:`PLAIN_TEXT`."""
    return not any(character in "\"';\\%$" or is_control(character) for character in text)
