/** Lists that a game's plugin looks up. The field that shows them imports the words itself, so that the first page does not carry them. */

export const catalog = {
  loading: 'Looking it up',
  failed: 'The list could not be had.',
  typeIt: 'You can type what you want instead.',
  again: 'Try again',
  none: 'Nothing in the list matches.',
  takesAny: 'What you typed is taken as it is.',
  notListed: 'Choose one of the list.',
  more: (n: number) => `${String(n)} more: type to narrow the list`,
  listed: (n: number) => (n === 1 ? '1 choice' : `${String(n)} choices`),
  list: (label: string) => `Choices for ${label}`,
  open: (label: string) => `Show the choices for ${label}`,
} as const

/** What the plugin looked up for its plan. */
export const review = {
  lookedUp: 'Looked up',
  lookedUpHelp: 'What the plugin found with those who publish the game. It stays with the server until it is installed again.',
} as const
