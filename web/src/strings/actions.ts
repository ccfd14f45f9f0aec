/** What is said about the actions of a game's plugin. Fetched with their menu; the first page does without. */
export const actions = {
  label: 'Actions',
  noCommands: 'This game reads no commands.',
  useActions: 'What can be done to it stands under Actions, above.',
  broadcast: 'Message to players',
  broadcastHelp: 'Everybody who plays reads it.',
  broadcastField: 'Message',
  send: 'Send',
  atIt: 'The game is at it. That may take minutes; you may close this, and it goes on.',
  done: (title: string) => `${title}: done`,
  failed: (title: string) => `${title}: not done`,
  said: 'The game says',
}
