import { describe, expect, it } from 'vitest'
import { aServer } from '../../mock-api/data'
import type { Observed, OperationView } from '~/api/types'
import { mayHavePlayers, refusal, serverStatus } from './server-status'

const anOperation = (kind: OperationView['kind']): OperationView => ({ id: 'o1', serverId: 's1', kind, state: 'running', requestedAt: '2026-01-01T00:00:00Z' }) as OperationView

describe('a server’s status', () => {
  it('is what the node saw', () => {
    expect(serverStatus(aServer({ observed: { state: 'running', since: '2026-01-01T00:00:00Z', reason: null, crashes: 0 } })).key).toBe('running')
  })
  it('says first that it is suspended', () => {
    const held = aServer({ holds: [{ by: 'administrator', reason: 'unpaid' }] })
    expect(serverStatus(held)).toMatchObject({ key: 'held', reason: 'Suspended: unpaid' })
  })
  it('does not claim that it runs while the node is away', () => {
    const server = aServer()
    expect(serverStatus({ ...server, node: { ...server.node, connected: false } })).toMatchObject({ key: 'unknown', shape: 'dashed' })
  })
  it('is restoring for as long as that goes on, whatever the node sees of the process', () => {
    const operation = { ...anOperation('restore'), requestedAt: '2026-01-01T00:00:00Z' }
    for (const state of ['running', 'stopping', 'offline', 'starting'] as const) {
      const server = aServer({ operation, observed: { state, since: '2026-01-01T00:00:09Z', reason: null, crashes: 0 } })
      expect(serverStatus(server)).toMatchObject({ key: 'restoring', since: '2026-01-01T00:00:00Z' })
      expect(mayHavePlayers(server)).toBe(false)
    }
    expect(serverStatus(aServer({ operation: { ...operation, state: 'succeeded' } })).key).toBe('running')
  })
  it('counts nobody of a process that does not answer yet', () => {
    const players = (state: Observed) => mayHavePlayers(aServer({ observed: { state, since: '2026-01-01T00:00:00Z', reason: null, crashes: 0 } }))
    expect([players('starting'), players('running'), players('stopping'), players('offline')]).toEqual([false, true, true, false])
  })
  it('tells a server that is down for a drain from one that somebody stopped', () => {
    const drain = { deadline: '2026-01-01T00:00:00Z', backup: false, state: 'drained', trouble: [] } as const
    const down = { state: 'offline', since: '2026-01-01T00:00:09Z', reason: null, crashes: 0 } as const
    const shown = (server: Parameters<typeof aServer>[0]) => serverStatus(aServer({ observed: down, desired: 'running', ...server })).word
    expect(shown({ drain: { ...drain, trouble: [] } })).toBe('Drained')
    expect(shown({ drain: { ...drain, trouble: [] }, desired: 'stopped' })).toBe('Offline')
    expect(shown({ drain: { ...drain, trouble: [] }, observed: { ...down, state: 'stopping' } })).toBe('Stopping')
    expect(shown({ drain: null })).toBe('Offline')
  })
  it('is deleting once that is what people want', () => expect(serverStatus(aServer({ desired: 'deleted' })).key).toBe('deleting'))
  it('never tells two states by colour alone', () => {
    const looks = (['running', 'starting', 'stopping', 'offline', 'crashed', 'uninstalled'] as const).map((state) =>
      serverStatus(aServer({ observed: { state, since: '2026-01-01T00:00:00Z', reason: null, crashes: 0 } })),
    )
    expect(new Set(looks.map((look) => look.shape)).size).toBe(looks.length)
    expect(new Set(looks.map((look) => look.word)).size).toBe(looks.length)
  })
})

describe('an action', () => {
  const actions = [
    { action: 'start' as const, allowed: true, reason: null },
    { action: 'stop' as const, allowed: false, reason: 'It is not running.' },
  ]
  it('repeats the reason that the API gave', () => expect(refusal(actions, 'stop')).toBe('It is not running.'))
  it('has no reason when it is allowed', () => expect(refusal(actions, 'start')).toBeNull())
  it('is refused when the API does not name it', () => expect(refusal(actions, 'kill')).not.toBeNull())
})
