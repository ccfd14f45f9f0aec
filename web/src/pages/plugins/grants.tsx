/** An administrator decides what a version may do: one that waits, side by side with the current one, or the current one. */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { client, take } from '~/api/client'
import { keys } from '~/api/queries'
import type { PluginView } from '~/api/types'
import { FormDialog } from '~/forms/form-dialog'
import { s } from '~/strings'
import { plugins as p } from '~/strings/plugins'
import { Button } from '~/ui/button'
import { toast } from '~/ui/toast'
import { Asks, inWords, type Ask } from './capabilities'

type Props = { plugin: PluginView; onClose: () => void }

/** What is asked of the person: the waiting version's requests, or the current one's as they stand. */
function question(plugin: PluginView): { digest: string; version: string; asks: Ask[] } {
  if (plugin.waiting) return plugin.waiting
  return { digest: plugin.digest, version: plugin.version, asks: plugin.capabilities.map((one) => ({ ...one, change: 'same' as const, had: null })) }
}

export function GrantsDialog({ plugin, onClose }: Props) {
  const queries = useQueryClient()
  const { digest, version, asks } = question(plugin)
  const waiting = plugin.waiting
  const [granted, setGranted] = useState<ReadonlySet<string>>(() => new Set(asks.filter((ask) => ask.granted).map((ask) => ask.name)))
  const changed = (title: string) => () => {
    void queries.invalidateQueries({ queryKey: keys.plugins })
    void queries.invalidateQueries({ queryKey: keys.blueprints })
    toast({ title })
    onClose()
  }
  const grant = useMutation({
    mutationFn: () => take(client.POST('/api/plugins/{id}/grants', { params: { path: { id: plugin.id } }, body: { digest, capabilities: [...granted] } })),
    onSuccess: changed(waiting ? p.grantedNow(plugin.name, version) : p.grantsSaved),
  })
  const decline = useMutation({
    mutationFn: () => take(client.DELETE('/api/plugins/{id}/releases/{digest}', { params: { path: { id: plugin.id, digest } } })),
    onSuccess: changed(p.declined),
  })
  const same = !waiting && asks.every((ask) => ask.granted === granted.has(ask.name))
  return (
    <FormDialog
      size="lg"
      title={waiting ? p.reviewTitle(plugin.name, version) : p.grantsTitle(plugin.name, version)}
      description={waiting ? p.grantAll : p.grantsHelp}
      verb={waiting ? p.grant : p.saveGrants}
      busy={grant.isPending}
      error={grant.error ?? decline.error}
      disabledReason={same ? s.common.nothingChanged : null}
      onSubmit={() => grant.mutate()}
      onClose={onClose}
    >
      <Asks asks={asks} current={plugin.version} version={version} granted={granted} onChange={(name, on) => setGranted((all) => new Set(on ? [...all, name] : [...all].filter((one) => one !== name)))} />
      {waiting && waiting.noLonger.length > 0 && (
        <p className="text-sm text-dim">{p.noLonger}: {waiting.noLonger.map((one) => inWords(one.name)).join(', ')}</p>
      )}
      {waiting && <div><Button variant="dangerGhost" busy={decline.isPending} onClick={() => decline.mutate()}>{p.decline}</Button></div>}
    </FormDialog>
  )
}
