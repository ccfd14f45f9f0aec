/** What the mock's games offer: the arena all of it, the voxel worlds nothing. */
import type { OfferedAction, OfferedActionsView, ServerView, Variable } from '../src/api/types'

const base = { help: '', group: '', defaultValue: null, required: true, viewable: 'members', editable: 'members', needsReinstall: false, needsRestart: false } as const
const text = (key: string, label: string, maxLength: number): Variable => ({ ...base, key, label, kind: { type: 'text', minLength: 1, maxLength, pattern: null, patternHelp: null } })
const action = (id: string, title: string, icon: string, help: string, form: Variable[] = [], confirm: string | null = null): OfferedAction => ({ id, title, icon, help, form, confirm, audience: 'members', available: 'running' })

const MAPS = ['oa_dm1', 'oa_dm2', 'oa_dm3', 'oa_ctf2']
const ARENA = [
  action('say', 'Say something', 'megaphone', 'Everybody in the arena reads it.', [text('text', 'Message', 120)]),
  action('kick', 'Kick a player', 'user-x', 'The player may come back.', [{ ...text('player', 'Name', 35), help: 'As it stands on the page of players.' }, { ...base, key: 'reason', label: 'Reason', required: false, kind: { type: 'text', minLength: 0, maxLength: 80, pattern: null, patternHelp: null } }]),
  action('map', 'Change the map', 'map', 'The match on the present map ends.', [{ ...base, key: 'map', label: 'Map', defaultValue: 'oa_dm1', kind: { type: 'one_of', choices: MAPS.map((value) => ({ value, label: value, help: null })) } }], 'The match that is being played ends at once.'),
  action('restart-match', 'Begin the match anew', 'rotate-ccw', 'The same map from the beginning, all scores at zero.', [], 'Everybody’s scores are lost.'),
  action('join-password', 'Set the password to join', 'shield', 'Whoever plays stays; whoever comes needs it.', [{ ...base, key: 'password', label: 'Password', kind: { type: 'secret', minLength: 4, maxLength: 24, pattern: null, patternHelp: null } }, { ...text('note', 'Note', 60), help: 'For whom it is.', required: false }]),
  action('unknown-icon', 'Something with a title that is rather longer than others', 'no-such-icon', 'A plain button.'),
]

export function offerOf(server: ServerView): OfferedActionsView {
  if (!server.blueprint.id.startsWith('openarena')) return { items: [], broadcast: null }
  const reason = server.holds.length > 0 ? 'The server is suspended.' : server.observed.state === 'running' ? null : 'The server is not running.'
  const possible = { allowed: reason === null, code: reason === null ? null : ('conflict' as const), reason }
  return { items: ARENA.map((one) => ({ action: one, ...possible })), broadcast: possible }
}

export const doneBy = (id: string, form: Record<string, string>): string[] => {
  switch (id) {
    case 'kick':
      return [`${form.player ?? ''} was kicked.`]
    case 'map':
      return [`The match goes on at ${form.map ?? ''}.`]
    default:
      return []
  }
}
