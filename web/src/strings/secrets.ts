/** Secrets that plugins ask for by name. */

export const secrets = {
  title: (name: string) => `Secrets of ${name}`,
  help: 'The plugin reads what is stored under these names, in the control plane alone and where it was granted. Nobody is shown a secret again.',
  open: 'Secrets',
  none: 'It asks for none',
  notSet: 'Nothing is stored',
  set: 'Stored',
  notAsked: 'The plugin no longer asks for it.',
  store: 'Store',
  replace: 'Replace',
  remove: 'Remove',
  removeOne: (name: string) => `Remove ${name}`,
  storeOne: (name: string) => `Store ${name}`,
  replaceOne: (name: string) => `Replace ${name}`,
  value: (name: string) => `Secret for ${name}`,
  cancel: 'Cancel',
  stored: (name: string) => `${name} is stored`,
  removed: (name: string) => `${name} was removed`,
} as const
