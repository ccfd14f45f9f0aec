/** The version of its plugin that runs a server. Its settings page imports the words itself. */

export const release = {
  title: 'Version of the plugin',
  help: 'A server stays at the version that it was made with until it is moved. What runs takes another in when it starts again.',
  runs: (plugin: string, version: string) => `It runs ${plugin} ${version}.`,
  only: 'There is no other version to move to.',
  later: (version: string) => `Version ${version} is there`,
  choose: 'Move to version',
  current: (version: string) => `${version} (current)`,
  move: 'Move server',
  moved: (version: string) => `Moved to version ${version}`,
  movedAtRestart: (version: string) => `Version ${version} is taken in at the next restart`,
  busy: 'Something is being done to the server. Wait until that has ended.',
}
