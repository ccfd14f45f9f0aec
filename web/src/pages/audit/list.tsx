/** Every change to Gantry. */
import { useInfiniteQuery } from '@tanstack/react-query'
import { ScrollText, SearchX } from 'lucide-react'
import { useState } from 'react'
import { auditQuery } from '~/api/queries'
import { AuditTable } from '~/layout/audit-table'
import { Page } from '~/layout/page'
import { MoreSentinel } from '~/ui/more'
import { s } from '~/strings'
import { Card } from '~/ui/card'
import { Empty, SkeletonRows } from '~/ui/empty'
import { Input } from '~/ui/field'
import { ProblemCard } from '~/ui/problem'

export function AuditPage() {
  const [text, setText] = useState('')
  const { data, error, refetch, isPending, hasNextPage, isFetchingNextPage, fetchNextPage } = useInfiniteQuery(auditQuery)
  const all = data?.pages.flatMap((page) => page.items) ?? []
  const wanted = text.trim().toLowerCase()
  const rows = wanted === '' ? all : all.filter((row) => [row.action, row.actor?.name, row.subjectKind, row.subjectId, row.ip, row.requestId].some((part) => part?.toLowerCase().includes(wanted)))
  return (
    <Page width="full" title={s.audit.title} lead={s.audit.lead} tools={<Input type="search" aria-label={s.common.filter} placeholder={s.audit.filter} value={text} onChange={(event) => setText(event.target.value)} className="sm:w-64" />}>
      <Card flush>
        {error && !data ? <ProblemCard error={error} onRetry={refetch} className="m-4" /> : isPending ? <SkeletonRows label={s.common.loading} /> : all.length === 0 ? <Empty icon={ScrollText} title={s.audit.empty}>{s.audit.emptyHelp}</Empty> : rows.length === 0 ? <Empty icon={SearchX} title={s.audit.noMatch} /> : <AuditTable label={s.audit.title} rows={rows} scope="all" />}
        {hasNextPage && <MoreSentinel busy={isFetchingNextPage} onMore={() => void fetchNextPage()} />}
      </Card>
    </Page>
  )
}
