/** What a plugin asks for, in words: as it stands, and beside what the version before it had. */
import { Check, X } from 'lucide-react'
import type { PluginView, Schemas } from '~/api/types'
import { plugins as p } from '~/strings/plugins'
import { Badge } from '~/ui/badge'
import { CapabilityScope } from '~/ui/capability-scope'
import { Checkbox } from '~/ui/field'

export type Ask = Schemas['AskView']
export const inWords = (name: string): string => p.words[name] ?? name

export function Capabilities({ plugin }: { plugin: PluginView }) {
  if (plugin.capabilities.length === 0) return <p className="text-sm">{p.noCapabilities}</p>
  return (
    <ul className="flex flex-col gap-2">
      {plugin.capabilities.map((capability) => (
        <li key={capability.name} className="flex items-start gap-2 text-sm">
          {capability.granted ? <Check aria-hidden className="mt-0.5 size-4 shrink-0 text-ok" /> : <X aria-hidden className="mt-0.5 size-4 shrink-0 text-dim" />}
          <span className="min-w-0">
            {inWords(capability.name)} <span className="text-xs text-dim">({capability.granted ? p.granted : p.refused})</span>
            <span className="block text-xs text-dim">{capability.reason}</span>
            <CapabilityScope {...capability} />
          </span>
        </li>
      ))}
    </ul>
  )
}

type GrantProps = { asks: Ask[]; current: string; version: string; granted: ReadonlySet<string>; onChange: (name: string, on: boolean) => void }

/** Each request of an update with a box to tick, and how it stood in the current version. */
export const Asks = ({ asks, current, version, granted, onChange }: GrantProps) => (
  <ul className="flex flex-col divide-y divide-line">
    {asks.map((ask) => (
      <li key={ask.name} className="grid gap-x-6 gap-y-2 py-3 first:pt-0 last:pb-0 sm:grid-cols-2">
        <div className="min-w-0">
          <Checkbox
            checked={granted.has(ask.name)}
            onChange={(on) => onChange(ask.name, on)}
            label={<>{inWords(ask.name)} <Badge tone={ask.change === 'same' ? 'neutral' : 'warn'}>{p.change[ask.change]}</Badge></>}
            help={<>{ask.reason} <span className="sr-only">{p.wants(version)}: </span><CapabilityScope {...ask} /></>}
          />
        </div>
        {ask.change !== 'same' && (
          <div className="min-w-0 rounded-md bg-background px-3 py-2 text-sm">
            <p className="text-xs font-medium text-dim">{p.hadBefore(current)}</p>
            {ask.had ? <CapabilityScope {...ask.had} /> : <p className="text-sm text-dim">{p.notAsked}</p>}
          </div>
        )}
      </li>
    ))}
  </ul>
)
