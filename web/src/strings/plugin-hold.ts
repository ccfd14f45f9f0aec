/** What a server's page says while its game's plugin is on hold. */
export const pluginHold = {
  title: 'The game’s plugin is on hold',
  onNode: (name: string, version: string) => `${name} ${version} kept failing on the node, so it is not asked for a while: players and figures are missing, and what it is needed for is refused. The game itself runs on.`,
  here: (name: string, version: string) => `${name} ${version} kept failing in the control plane, so it is not asked for a while: its forms and actions are missing. The game itself runs on.`,
  next: (at: string) => `It is tried again at ${at}.`,
  due: 'It is tried again with the next call.',
  unasked: 'Not asked while its plugin is on hold',
  unaskedHelp: 'The game’s plugin is not asked for a while, and by itself again after that. Players show up here then.',
  look: 'See how the plugin runs',
}
