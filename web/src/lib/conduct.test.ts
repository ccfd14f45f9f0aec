import { describe, expect, it } from 'vitest'
import type { Schemas } from '~/api/types'
import { busiest, chosen, holds, recordName, releases, stops, stoppedTimes, summary } from './conduct'

const figures: Schemas['PluginFigures'] = { calls: 1, declined: 0, stopped: {}, refused: 0, broken: 0, cpuMs: 0, memoryPeakBytes: 0, hostCalls: 0, logBytes: 0 }
const hold = (serverId: string | null, until: string): Schemas['PluginHold'] => ({ serverId, call: 'collector.collect', reason: 'it crashed', since: '2026-01-01T00:00:00Z', until, times: 1 })
const release = (digest: string, some: Schemas['PluginHold'][] = [], servers: Schemas['ServerFigures'][] = []): Schemas['PluginConduct'] => ({ plugin: 'arena', version: '1.0.0', digest, figures: { ...figures, cpuMs: 100 }, holds: some, servers })
const line = (kind: Schemas['PluginLineKind'], text: string, call = 'collector.collect'): Schemas['PluginLine'] => ({ at: '2026-01-01T00:00:00Z', kind, call, serverId: null, text })

const view: Schemas['ConductView'] = {
  silent: [],
  servers: { s1: 'Friday night' },
  places: [
    { nodeId: 'n2', nodeName: 'fra-10', releases: [release('old'), release('new', [hold('s1', '2026-01-01T00:00:30Z'), hold('s2', '2026-01-01T00:10:00Z'), hold(null, '2026-01-01T00:01:00Z')])] },
    { nodeId: 'n1', nodeName: 'fra-9', releases: [release('new')] },
    { releases: [release('new')] },
  ],
}

describe('how a plugin fares', () => {
  it('lists what is in use first, and the control plane before nodes in the order people count', () =>
    expect(releases(view, 'new').map((one) => [one.place, one.inUse])).toEqual([['Control plane', true], ['fra-9', true], ['fra-10', true], ['fra-10', false]]))
  it('tells of holds for all before those of servers, whose names may be gone', () =>
    expect(holds(view, 'new').map((one) => [one.hold.serverId, one.server])).toEqual([[null, null], ['s2', null], ['s1', 'Friday night']]))
  it('says what stopped calls, and passes on what it does not know', () => {
    expect(stops({ trap: 3, cpu_time: 1_200, warp: 1 })).toBe('1,200 CPU time, 3 crash, 1 warp')
    expect([stops({}), stoppedTimes({ trap: 3, cpu_time: 4 })]).toEqual(['', 7])
  })
  it('shows the few servers that cost most of what is in use', () => {
    const busy = (serverId: string, cpuMs: number) => ({ serverId, figures: { ...figures, cpuMs } })
    const many = [busy('s1', 40), ...[9, 8, 7, 6, 5].map((ms) => busy(`more-${String(ms)}`, ms))]
    const places = [{ nodeId: 'n1', nodeName: 'fra-1', releases: [release('new', [], many), release('old', [], [busy('s1', 99)])] }, { nodeId: 'n2', nodeName: 'fra-2', releases: [release('new', [], [busy('s2', 60)])] }]
    const shown = busiest({ ...view, places }, 'new')
    expect(shown.map((one) => [one.serverId, one.name, one.place, one.share])).toEqual([['s2', null, 'fra-2', 0.6], ['s1', 'Friday night', 'fra-1', 0.4], ...[9, 8, 7].map((ms) => [`more-${String(ms)}`, null, 'fra-1', ms / 100])])
    expect(busiest(view, 'new')).toEqual([])
  })
  it('calls the file of a record by its plugin and content', () => expect(recordName('arena', { id: '0123456789abcdef' })).toBe('arena-0123456789ab.jsonl'))
  it('finds lines by kind, words and call, latest first', () => {
    const lines = [line('debug', 'hello'), line('warn', 'Slow answer'), line('stopped', 'it crashed', 'actions.perform')]
    expect(chosen(lines, 'all', '').map((one) => one.text)).toEqual(['it crashed', 'Slow answer', 'hello'])
    expect(chosen(lines, 'worse', ' answer slow ').map((one) => one.text)).toEqual(['Slow answer'])
    expect(chosen(lines, 'stops', 'PERFORM')).toHaveLength(1)
    expect(chosen(lines, 'stops', 'hello')).toHaveLength(0)
  })
  it('sums holds up for a list by version, each server once', () => {
    const one = (serverId: string | null, nodeName: string | null) => ({ ...hold(serverId, ''), pluginId: 'p', version: '1.0.0', nodeName, nodeId: null })
    const text = (of: Schemas['HoldView'][]) => summary(of, 'p').map((one) => one.text)
    expect(text([one('s1', 'fra-1'), one('s1', 'fra-1'), one('s2', 'fra-2')])).toEqual(['Version 1.0.0 is on hold for 2 servers on fra-1 and on fra-2'])
    expect(text([one(null, null)])).toEqual(['Version 1.0.0 is on hold for all servers in the control plane'])
    expect(text([one(null, 'fra-1'), one('s1', 'fra-2')])).toEqual(['Version 1.0.0 is on hold for all servers on fra-1 and 1 server on fra-2'])
    expect(text(['a', 'b', 'c', 'd'].map((node) => one('s1', node)))).toEqual(['Version 1.0.0 is on hold for 1 server on a, on b and in 2 more places'])
    expect(summary([one('s1', 'a'), { ...one(null, null), version: '1.10.0' }, { ...one('s2', 'a'), version: '1.9.0' }], 'p').map((of) => of.version)).toEqual(['1.10.0', '1.9.0', '1.0.0'])
    expect(summary([one(null, null)], 'q')).toEqual([])
  })
})
