/** Records of what was done, for one server or for all of Gantry. */
import { ChevronRight } from 'lucide-react'
import type { AuditView } from '~/api/types'
import { changes } from '~/lib/audit'
import { s } from '~/strings'
import { Avatar } from '~/ui/avatar'
import { GridTable, type Column } from '~/ui/grid-table'
import { Ago } from '~/ui/time'

/** `server.power.start` → "server power start": the stable name is also what people read. */
const words = (action: string) => action.replaceAll(/[._]/g, ' ')

function Details({ row: { before, after } }: { row: AuditView }) {
  const told = changes(before, after)
  if (told?.length === 0) return <span data-nothing className="text-sm text-dim">–</span>
  if (told && told.length <= 2) return <span className="block truncate font-mono text-xs text-dim" title={told.join('\n')}>{told.join(', ')}</span>
  return (
    <details className="group relative z-10">
      <summary className="inline-flex items-center gap-1 rounded-sm text-xs text-dim hover:text-text">
        <ChevronRight aria-hidden className="size-3 transition-transform group-open:rotate-90" />
        {s.audit.details}
      </summary>
      <pre className="mt-1 max-h-60 overflow-auto rounded-md bg-sunken p-2 font-mono text-xs">{told?.join('\n') ?? JSON.stringify({ before, after }, null, 2)}</pre>
    </details>
  )
}

/** The end of an id made at random tells it from others as well as the whole does; a name is read whole. */
const briefly = (id: string) => (/^[0-9a-f-]{36}$/.test(id) ? id.slice(-8) : id)

const shared: Column<AuditView>[] = [
  { id: 'who', header: s.audit.who, track: 'minmax(9rem,1fr)', narrow: 'title', cell: (row) => (
    <span className="flex items-center gap-2.5 text-sm"><Avatar name={row.actor?.name ?? s.activity.system} className="size-6" /><span className="truncate">{row.actor?.name ?? s.activity.system}</span></span>
  ) },
  { id: 'what', header: s.audit.what, track: 'minmax(10rem,1fr)', cell: (row) => <span className="block truncate text-sm" title={row.action}>{words(row.action)}</span> },
]
const when: Column<AuditView> = { id: 'when', header: s.audit.when, track: '7rem', narrow: 'corner', align: 'right', cell: (row) => <Ago at={row.at} className="text-xs whitespace-nowrap text-dim" /> }
const details: Column<AuditView> = { id: 'details', header: s.audit.details, track: 'minmax(10rem,2fr)', cell: (row) => <Details row={row} /> }
const subject: Column<AuditView> = { id: 'subject', header: s.audit.subject, track: 'minmax(9rem,1fr)', cell: (row) => (
  <span className="block truncate text-sm" title={row.subjectId}>{row.subjectKind} <span className="font-mono text-xs text-dim">{briefly(row.subjectId)}</span></span>
) }
const from: Column<AuditView> = { id: 'from', header: s.audit.from, track: '8rem', cell: (row) => <span className="font-mono text-xs text-dim" title={row.requestId ?? undefined}>{row.ip ?? '–'}</span> }

const ONE_SERVER = [...shared, details, when]
const ALL = [...shared, subject, details, from, when]

export const AuditTable = ({ label, rows, scope }: { label: string; rows: AuditView[]; scope: 'server' | 'all' }) => (
  <GridTable label={label} rows={rows} columns={scope === 'all' ? ALL : ONE_SERVER} rowKey={(row) => row.id} />
)
