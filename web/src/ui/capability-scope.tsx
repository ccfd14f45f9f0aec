/**
 * How far a capability goes, in one line: what an administrator decides by, so it is never shortened.
 */
import { plugins as p } from '~/strings/plugins'

type Scope = { hosts: string[]; names: string[]; quotaKib?: number | null }

export function CapabilityScope({ hosts, names, quotaKib }: Scope) {
  const listed = [...hosts, ...names]
  if (listed.length === 0 && typeof quotaKib !== 'number') return null
  return (
    <span className="mt-0.5 block break-words font-mono text-xs text-text">
      {listed.length > 0 && p.scope(listed)}
      {typeof quotaKib === 'number' && p.quota(quotaKib)}
    </span>
  )
}
