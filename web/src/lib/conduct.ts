/** How a plugin fares, made ready to be read: a row for each release in each place, its holds, and the lines of its log. */
import type { Schemas } from '~/api/types'
import { conduct as c } from '~/strings/conduct'

type Conduct = Schemas['ConductView']
type Hold = Schemas['PluginHold']
type Line = Schemas['PluginLine']

export type Release = {
  key: string
  nodeId: string | null
  place: string
  version: string
  digest: string
  inUse: boolean
  figures: Schemas['PluginFigures']
}

export type Held = { key: string; release: Release; hold: Hold; server: string | null }

/** The control plane, or the node by its name. */
export const placeOf = (name: string | null | undefined): string => name ?? c.here

/** All of them: those in use before others, the control plane before nodes. */
export function releases(conduct: Conduct, inUse: string): Release[] {
  const all = conduct.places.flatMap(({ nodeId, nodeName, releases: some }) =>
    some.map(({ version, digest, figures }) => ({ key: `${nodeId ?? ''} ${digest}`, nodeId: nodeId ?? null, place: placeOf(nodeName), version, digest, inUse: digest === inUse, figures })),
  )
  const order = (one: Release) => (one.inUse ? 0 : 2) + (one.nodeId === null ? 0 : 1)
  return all.sort((a, b) => order(a) - order(b) || a.place.localeCompare(b.place, undefined, { numeric: true }))
}

export type Busy = { key: string; serverId: string; name: string | null; place: string; figures: Schemas['PluginFigures']; share: number }

/** Servers that are shown. */
const BUSIEST = 5

/** The servers that the release in use spends most processor time on; `share` is of its time in that place, from 0 to 1. */
export function busiest(conduct: Conduct, inUse: string): Busy[] {
  const all = conduct.places.flatMap(({ nodeId, nodeName, releases: some }) =>
    some
      .filter(({ digest }) => digest === inUse)
      .flatMap(({ figures: { cpuMs }, servers = [] }) =>
        servers.map(({ serverId, figures }) => ({ key: `${nodeId ?? ''} ${serverId}`, serverId, name: conduct.servers[serverId] ?? null, place: placeOf(nodeName), figures, share: cpuMs > 0 ? figures.cpuMs / cpuMs : 0 })),
      ),
  )
  return all.sort((a, b) => b.figures.cpuMs - a.figures.cpuMs || b.figures.calls - a.figures.calls).slice(0, BUSIEST)
}

/** Every hold: those for all servers first, then those that last longest. */
export function holds(conduct: Conduct, inUse: string): Held[] {
  const known = new Map(releases(conduct, inUse).map((release) => [release.key, release]))
  const all = conduct.places.flatMap((place) =>
    place.releases.flatMap(({ digest, holds: some }) => {
      const release = known.get(`${place.nodeId ?? ''} ${digest}`)
      return release ? some.map((hold) => ({ key: `${release.key} ${hold.serverId ?? ''}`, release, hold, server: hold.serverId ? (conduct.servers[hold.serverId] ?? null) : null })) : []
    }),
  )
  return all.sort((a, b) => Number(Boolean(a.hold.serverId)) - Number(Boolean(b.hold.serverId)) || b.hold.until.localeCompare(a.hold.until))
}

/** What the file of a record is called, as the server calls it. */
export const recordName = (plugin: string, { id }: { id: string }): string => `${plugin}-${id.slice(0, 12)}.jsonl`

/** What stopped calls, most often first: "3 crash, 1 CPU time". */
export const stops = (stopped: Record<string, number>): string =>
  Object.entries(stopped)
    .sort(([, a], [, b]) => b - a)
    .map(([limit, times]) => `${times.toLocaleString('en')} ${c.limit[limit] ?? limit}`)
    .join(', ')

export const stoppedTimes = (stopped: Record<string, number>): number => Object.values(stopped).reduce((sum, times) => sum + times, 0)

export type Kinds = 'all' | 'worse' | 'stops'
const WITHIN: Record<Kinds, readonly Line['kind'][]> = { all: ['debug', 'info', 'warn', 'error', 'stopped'], worse: ['warn', 'error', 'stopped'], stops: ['stopped'] }

/** The lines of these kinds that have these words, latest first. */
export function chosen(lines: readonly Line[], kinds: Kinds, words: string): Line[] {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean)
  return lines.filter((line) => WITHIN[kinds].includes(line.kind) && wanted.every((word) => `${line.text} ${line.call}`.toLowerCase().includes(word))).reverse()
}

export type HeldVersion = { version: string; text: string }

/** What a list says of a plugin's holds: of each version that has any, for all servers or for how many, and where. */
export function summary(of: readonly Schemas['HoldView'][], plugin: string): HeldVersion[] {
  const held = of.filter((one) => one.pluginId === plugin)
  const versions = [...new Set(held.map((one) => one.version))].sort((a, b) => b.localeCompare(a, undefined, { numeric: true }))
  return versions.map((version) => ({ version, text: ofVersion(version, held.filter((one) => one.version === version)) }))
}

function ofVersion(version: string, held: readonly Schemas['HoldView'][]): string {
  const places = (some: readonly Schemas['HoldView'][]) => {
    const names = [...new Set(some.map((one) => (one.nodeName ? c.on(one.nodeName) : c.inControl)))]
    return names.length > 3 ? [...names.slice(0, 2), c.morePlaces(names.length - 2)] : names
  }
  const [all, some] = [held.filter((one) => !one.serverId), held.filter((one) => one.serverId)]
  return c.held(version, places(all), new Set(some.map((one) => one.serverId)).size, places(some))
}
