/** Records of what was done, for one server or for all of Gantry. */
import { ChevronRight } from 'lucide-react'
import type { AuditView } from '~/api/types'
import { changes, fileNames } from '~/lib/audit'
import { moment } from '~/lib/format'
import { s } from '~/strings'
import { sftp } from '~/strings/sftp'
import { Avatar } from '~/ui/avatar'
import { Badge } from '~/ui/badge'
import { GridTable, type Column } from '~/ui/grid-table'
import { Ago } from '~/ui/time'

/** `server.power.start` → "server power start": the stable name is also what people read. */
const words = (action: string) => action.replaceAll(/[._]/g, ' ')

const Brief = ({ lines }: { lines: string[] }) => <span className="block truncate font-mono text-xs text-dim" title={lines.join('\n')}>{lines.join(', ')}</span>

const Unfold = ({ summary, text }: { summary: string; text: string }) => (
  <details className="group relative z-10">
    <summary className="inline-flex max-w-full items-center gap-1 rounded-sm text-xs text-dim hover:text-text">
      <ChevronRight aria-hidden className="size-3 shrink-0 transition-transform group-open:rotate-90" />
      <span className="truncate">{summary}</span>
    </summary>
    <pre className="mt-1 max-h-60 overflow-auto rounded-md bg-sunken p-2 font-mono text-xs">{text}</pre>
  </details>
)

const text = (value: unknown) => (typeof value === 'string' ? value : null)

/** What came by SFTP: which names, with what, and when it was, where it was told late. */
function Visit({ after }: { after: Record<string, unknown> }) {
  const [names, credential, at] = [fileNames(after), text(after.credential), text(after.at)]
  const said = [credential && sftp.with(credential), typeof after.changes === 'number' && sftp.changes(after.changes), at && sftp.at(moment(at))].filter((part) => typeof part === 'string')
  if (names && names.length > 1) return <Unfold summary={[sftp.names(names.length), ...said].join(', ')} text={names.join('\n')} />
  if (!names?.[0] && said.length === 0) return <span data-nothing className="text-sm text-dim">–</span>
  return <span className="block truncate text-xs text-dim" title={[...(names ?? []), ...said].join('\n')}>{names?.[0] && <span className="font-mono">{names[0]}</span>}{names?.[0] && said.length > 0 && ', '}{said.join(', ')}</span>
}

const isVisit = (after: unknown): after is Record<string, unknown> => typeof after === 'object' && after !== null && 'via' in after && after.via === 'sftp'

function Details({ row: { before, after } }: { row: AuditView }) {
  if (isVisit(after)) return <Visit after={after} />
  const told = changes(before, after)
  if (told?.length === 0) return <span data-nothing className="text-sm text-dim">–</span>
  if (told && told.length <= 2) return <Brief lines={told} />
  return <Unfold summary={s.audit.details} text={told?.join('\n') ?? JSON.stringify({ before, after }, null, 2)} />
}

/** The end of an id made at random tells it from others as well as the whole does; a name is read whole. */
const briefly = (id: string) => (/^[0-9a-f-]{36}$/.test(id) ? id.slice(-8) : id)

const shared: Column<AuditView>[] = [
  { id: 'who', header: s.audit.who, track: 'minmax(9rem,1fr)', narrow: 'title', cell: (row) => (
    <span className="flex items-center gap-2.5 text-sm"><Avatar name={row.actor?.name ?? s.activity.system} className="size-6" /><span className="truncate">{row.actor?.name ?? s.activity.system}</span></span>
  ) },
  { id: 'what', header: s.audit.what, track: 'minmax(10rem,1fr)', cell: (row) => (
    <span className="flex min-w-0 items-center gap-2 text-sm" title={row.action}><span className="truncate">{sftp.did[row.action] ?? words(row.action)}</span>{isVisit(row.after) && row.action !== 'sftp.open' && <Badge>{sftp.via}</Badge>}</span>
  ) },
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
