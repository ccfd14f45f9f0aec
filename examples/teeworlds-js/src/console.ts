/** Who came and who left, from lines like `[2026-01-02 03:04:05][game]: leave player='0:Alice'`. */
import type { Event, Found } from "@gantry/plugin";

export function parse(lines: string[]): Found[] {
  return lines.flatMap((line, index) => {
    const found = event(line);
    return found ? [{ line: index, event: found }] : [];
  });
}

// Time and channel come from the game, so a line of chat cannot look like one of the channel `game`.
const LINE = /^\[([^\]]{19})\]\[(game|chat)\]: (.*)$/su;

function event(line: string): Event | undefined {
  const [, , channel, said] = LINE.exec(line) ?? [];
  if (said === undefined) return undefined;
  return channel === "game" ? game(said) : chat(said);
}

/**
 * `team_join player='0:Alice' team=0` as somebody joins; with `team=0->1` somebody only changes sides. A name may hold quotes,
 * so its end is looked for from the right.
 */
function game(said: string): Event | undefined {
  const [, joined] = /^team_join player='\d{1,3}:(.*)' team=-?\d{1,9}$/su.exec(said) ?? [];
  if (joined !== undefined) return { tag: "joined", val: joined };
  const [, left] = /^leave player='\d{1,3}:(.*)'$/su.exec(said) ?? [];
  return left === undefined ? undefined : { tag: "left", val: left };
}

/**
 * `1:0:Alice: hello`: to whom, the speaker's number, the name, the words. What the game itself says has no numbers. A colon and
 * a space within the name are taken for its end; nothing but the display hangs on it.
 */
function chat(said: string): Event | undefined {
  const [, name, words] = /^-?\d{1,9}:-?\d{1,9}:(.*?): (.*)$/su.exec(said) ?? [];
  return name === undefined || words === undefined ? undefined : { tag: "chat", val: [name, words] };
}
