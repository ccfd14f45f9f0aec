/** Which version of its plugin runs a server, whether a later one is there, and moving to another. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { ArrowUpCircle } from 'lucide-react'
import { useEffect, useId, useState } from 'react'
import { useLive } from '~/actions/context'
import { client, take } from '~/api/client'
import { serverReleaseQuery } from '~/api/plugin-queries'
import { keys } from '~/api/queries'
import type { ServerView } from '~/api/types'
import { release as r } from '~/strings/release'
import { Button } from '~/ui/button'
import { Card } from '~/ui/card'
import { Skeleton } from '~/ui/empty'
import { Select } from '~/ui/field'
import { Notice, ProblemCard } from '~/ui/problem'
import { toast } from '~/ui/toast'

export function ServerRelease({ server }: { server: ServerView }) {
  const queries = useQueryClient()
  const live = useLive()
  useEffect(() => live.follow('plugins'), [live])
  const { data, error, refetch } = useQuery(serverReleaseQuery(server.id, server.blueprint.pluginVersion))
  const [chosen, setChosen] = useState<string | null>(null)
  const id = useId()
  const move = useMutation({
    mutationFn: (digest: string) => take(client.POST('/api/servers/{id}/release', { params: { path: { id: server.id } }, body: { digest } })),
    onSuccess: (moved) => {
      queries.setQueryData(keys.server(server.id), moved)
      void queries.invalidateQueries({ queryKey: keys.servers })
      void queries.invalidateQueries({ queryKey: ['release', server.id] })
      setChosen(null)
      toast({ title: moved.waiting.includes('release') ? r.movedAtRestart(moved.blueprint.pluginVersion) : r.moved(moved.blueprint.pluginVersion) })
    },
  })
  const may = server.permissions.includes('server.reinstall')
  const later = data?.later
  // A list that was read before somebody else's move may name what is no choice any more.
  const choice = data?.choices.find((one) => one.digest === chosen) ?? later ?? data?.choices[0]
  return (
    <Card title={r.title} help={r.help}>
      {error && !data ? (
        <ProblemCard error={error} onRetry={refetch} />
      ) : !data ? (
        <Skeleton className="h-10" />
      ) : (
        <div className="flex flex-col gap-4">
          <p className="text-sm">{r.runs(server.blueprint.plugin, data.version)} {data.choices.length === 0 && <span className="text-dim">{r.only}</span>}</p>
          {later && <Notice tone="info" title={r.later(later.version)} icon={<ArrowUpCircle aria-hidden />} />}
          {move.error && <ProblemCard error={move.error} />}
          {choice && may && (
            <form
              className="flex flex-wrap items-end gap-3"
              onSubmit={(event) => {
                event.preventDefault()
                if (!move.isPending) move.mutate(choice.digest)
              }}
            >
              <div className="min-w-0">
                <label htmlFor={id} className="mb-1.5 block text-sm font-medium">{r.choose}</label>
                <Select id={id} value={choice.digest} onChange={(event) => setChosen(event.target.value)}>
                  {data.choices.map((one) => <option key={one.digest} value={one.digest}>{one.isCurrent ? r.current(one.version) : one.version}</option>)}
                </Select>
              </div>
              <Button type="submit" busy={move.isPending} disabledReason={server.operation ? r.busy : null}>{r.move}</Button>
            </form>
          )}
        </div>
      )}
    </Card>
  )
}
