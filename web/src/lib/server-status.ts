/**
 * One word, shape and colour for a server, out of axes that stay separate in the API: who holds it, whether its node
 * answers, what is being done, what the node saw. The order of the questions is the order of what a person must know.
 */
import type { ActionView, Observed, OperationView, ServerAction, ServerView } from '~/api/types'
import { s } from '~/strings'
import type { GlyphShape, GlyphTone } from '~/ui/glyph'

export type StatusLook = { key: string; word: string; shape: GlyphShape; tone: GlyphTone; since: string | null; reason: string | null }

const OBSERVED: Record<Observed, Pick<StatusLook, 'word' | 'shape' | 'tone'>> = {
  running: { word: s.status.running, shape: 'disc', tone: 'ok' },
  starting: { word: s.status.starting, shape: 'turning', tone: 'info' },
  stopping: { word: s.status.stopping, shape: 'half', tone: 'warn' },
  offline: { word: s.status.offline, shape: 'ring', tone: 'dim' },
  crashed: { word: s.status.crashed, shape: 'triangle', tone: 'bad' },
  uninstalled: { word: s.status.uninstalled, shape: 'dashed', tone: 'dim' },
  deleted: { word: s.status.deleted, shape: 'cross', tone: 'dim' },
}

export const isActive = (operation: OperationView | null | undefined): boolean => operation?.state === 'pending' || operation?.state === 'running'

const does = (server: ServerView, ...kinds: OperationView['kind'][]): boolean => isActive(server.operation) && kinds.some((kind) => kind === server.operation?.kind)

/** Whether the game is being put on disk at this moment. */
export const isInstalling = (server: ServerView): boolean => does(server, 'install', 'reinstall')
/** Whether the files of a backup are being put in place of what is there, from stopping the game for it on. */
export const isRestoring = (server: ServerView): boolean => does(server, 'restore')

/** Whether it is to run, and is down for nothing but that its node is drained. */
const isDrained = (server: ServerView): boolean => Boolean(server.drain) && server.desired === 'running' && server.observed.state === 'offline'

/** Whether somebody may be playing: who is counted while a game comes up, or goes down for a restore, was counted before. */
export const mayHavePlayers = (server: ServerView): boolean => server.node.connected && !isRestoring(server) && (server.observed.state === 'running' || server.observed.state === 'stopping')

export function serverStatus(server: ServerView): StatusLook {
  const { observed } = server
  const reason = observed.reason ?? null
  if (server.desired === 'deleted') return { key: 'deleting', word: s.status.deleting, shape: 'turning', tone: 'bad', since: null, reason }
  const hold = server.holds[0]
  if (hold) return { key: 'held', word: s.status.held, shape: 'pause', tone: 'warn', since: null, reason: s.status.heldReason(hold.reason) }
  if (!server.node.connected) return { key: 'unknown', word: s.status.unknown, shape: 'dashed', tone: 'warn', since: null, reason: s.status.unknownReason }
  const begun = { shape: 'turning', tone: 'info', since: server.operation?.requestedAt ?? null, reason: server.operation?.progress?.step ?? null } as const
  if (isRestoring(server)) return { key: 'restoring', word: s.status.restoring, ...begun }
  if (isInstalling(server)) return { key: 'installing', word: s.status.installing, ...begun }
  if (isDrained(server)) return { key: 'drained', word: s.status.drained, shape: 'ring', tone: 'dim', since: observed.since, reason: s.status.drainedReason }
  return { key: observed.state, ...OBSERVED[observed.state], since: observed.since, reason }
}

/** Why an action is refused at this moment, in the API's own words; null when it is not. */
export function refusal(actions: readonly ActionView[], action: ServerAction): string | null {
  const view = actions.find((candidate) => candidate.action === action)
  return view?.allowed ? null : (view?.reason ?? s.server.noReason)
}
