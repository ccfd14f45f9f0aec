/** Every change to Gantry. */
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { ScrollText, SearchX } from 'lucide-react'
import { useMemo, useState } from 'react'
import { auditQuery, locationsQuery, nodesQuery, pluginsQuery, serversQuery, usersQuery } from '~/api/queries'
import type { AuditView } from '~/api/types'
import { AuditTable, withPresent } from '~/layout/audit-table'
import { Page } from '~/layout/page'
import { kindWord, nameOf, sentence, type Names } from '~/lib/audit'
import { MoreSentinel } from '~/ui/more'
import { s } from '~/strings'
import { Card } from '~/ui/card'
import { Empty, SkeletonRows } from '~/ui/empty'
import { Input } from '~/ui/field'
import { ProblemCard } from '~/ui/problem'

/** How things are called now, as far as the other pages' lists go; the records know of the rest. */
function useKnown(rows: readonly AuditView[]): { names: Names; servers: ReadonlySet<string> } {
  const [servers, users] = [useInfiniteQuery(serversQuery()).data, useInfiniteQuery(usersQuery).data]
  const [nodes, locations, plugins] = [useQuery(nodesQuery).data, useQuery(locationsQuery).data, useQuery(pluginsQuery).data]
  return useMemo(() => {
    const there = servers?.pages.flatMap((page) => page.items) ?? []
    const people = users?.pages.flatMap((page) => page.items) ?? []
    const names = withPresent(rows, [...there, ...people, ...(nodes?.items ?? []), ...(locations?.items ?? []), ...(plugins?.items ?? [])])
    return { names, servers: new Set(there.map(({ id }) => id)) }
  }, [rows, servers, users, nodes, locations, plugins])
}

export function AuditPage() {
  const [text, setText] = useState('')
  const { data, error, refetch, isPending, hasNextPage, isFetchingNextPage, fetchNextPage } = useInfiniteQuery(auditQuery)
  const all = useMemo(() => data?.pages.flatMap((page) => page.items) ?? [], [data])
  const known = useKnown(all)
  const wanted = text.trim().toLowerCase()
  const words = (row: AuditView) => [row.action, sentence(row.action), row.actor?.name, kindWord(row.subjectKind), nameOf(row, known.names), row.subjectId, row.ip, row.requestId]
  const rows = wanted === '' ? all : all.filter((row) => words(row).some((part) => part?.toLowerCase().includes(wanted)))
  return (
    <Page width="full" title={s.audit.title} lead={s.audit.lead} tools={<Input type="search" aria-label={s.common.filter} placeholder={s.audit.filter} value={text} onChange={(event) => setText(event.target.value)} className="sm:w-64" />}>
      <Card flush>
        {error && !data ? <ProblemCard error={error} onRetry={refetch} className="m-4" /> : isPending ? <SkeletonRows label={s.common.loading} /> : all.length === 0 ? <Empty icon={ScrollText} title={s.audit.empty}>{s.audit.emptyHelp}</Empty> : rows.length === 0 ? <Empty icon={SearchX} title={s.audit.noMatch} /> : <AuditTable label={s.audit.title} rows={rows} scope="all" known={known} />}
        {hasNextPage && <MoreSentinel busy={isFetchingNextPage} onMore={() => void fetchNextPage()} />}
      </Card>
    </Page>
  )
}
