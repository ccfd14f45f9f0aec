/** Records of what was done, for one server or for all of Gantry. */
import { Link } from '@tanstack/react-router'
import { ChevronRight } from 'lucide-react'
import { useMemo } from 'react'
import type { AuditView } from '~/api/types'
import { details, isBySftp, kindWord, nameOf, namesIn, sentence, shortId, type Detail, type Names } from '~/lib/audit'
import { to } from '~/routes/to'
import { s } from '~/strings'
import { audit as a } from '~/strings/audit'
import { Avatar } from '~/ui/avatar'
import { Badge } from '~/ui/badge'
import { Facts } from '~/ui/card'
import { GridTable, type Column } from '~/ui/grid-table'
import { Ago } from '~/ui/time'

type Scope = 'server' | 'all'
/** Names by id, those of a game's settings by key, and which servers are there to go to. */
type Known = { names: Names; labels?: Names; servers?: ReadonlySet<string> }

/** So many fit on a line. */
const BRIEF = 2
/** More names than this are a file of their own. */
const MOST_LISTED = 200

const code = 'rounded-sm bg-sunken px-1 font-mono text-xs'
const Id = ({ id }: { id: string }) => <code className={code} title={id}>{shortId(id)}</code>
const said = ({ was, value }: Detail) => (was === undefined ? value : a.was(was, value))

const Brief = ({ told }: { told: readonly Detail[] }) => (
  <>
    {told.map((one, i) => (
      <span key={one.label} title={`${one.label}: ${said(one)}`}>
        {i > 0 && <span aria-hidden className="text-dim"> · </span>}
        {!one.speaks && <span className="text-dim">{one.label} </span>}<span className={one.code ? 'font-mono text-xs' : undefined}>{said(one)}</span>
      </span>
    ))}
  </>
)

const Whole = ({ one: { list, ...one } }: { one: Detail }) =>
  list ? (
    <ul className="max-h-60 overflow-auto font-mono text-xs leading-5">
      {list.slice(0, MOST_LISTED).map((item) => <li key={item} className="break-all">{item}</li>)}
      {list.length > MOST_LISTED && <li className="font-sans text-dim">{a.further(list.length - MOST_LISTED)}</li>}
    </ul>
  ) : one.code ? <span className="font-mono text-xs break-all">{said(one)}</span> : said(one)

/** On a line while they fit there; what is more unfolds, with the stable name of the action for who uses the API. */
function Details({ row, told }: { row: AuditView; told: readonly Detail[] }) {
  if (told.length === 0) return <span data-nothing className="text-sm text-dim">–</span>
  if (told.length <= BRIEF && !told.some((one) => one.list)) return <span className="block text-sm break-words @3xl:truncate"><Brief told={told} /></span>
  return (
    <details className="group relative z-10">
      <summary className="flex max-w-full items-center gap-1 rounded-sm text-sm">
        <ChevronRight aria-hidden className="size-3 shrink-0 text-dim transition-transform group-open:rotate-90" />
        <span className="min-w-0 truncate"><Brief told={told.slice(0, BRIEF)} />{told.length > BRIEF && <span className="text-dim"> · {a.further(told.length - BRIEF)}</span>}</span>
      </summary>
      <Facts
        className="mt-2 mb-1 grid-cols-1 gap-y-1 rounded-md bg-sunken p-3 @3xl:grid-cols-[minmax(5rem,auto)_minmax(0,1fr)]"
        items={[...told.map((one) => ({ term: one.label, value: <Whole one={one} /> })), { term: a.field.action, value: <code className="font-mono text-xs break-all">{row.action}</code> }]}
      />
    </details>
  )
}

/** Its name, where it has one beyond what it is: backups that nobody named are all called one. */
function ownName(row: AuditView, names: Names): string | null {
  const name = nameOf(row, names)
  return name === kindWord(row.subjectKind) ? null : name
}

function Subject({ row, known: { names, servers } }: { row: AuditView; known: Known }) {
  const name = ownName(row, names)
  const link = servers?.has(row.subjectId)
  // There is one trust policy.
  const shown = row.subjectKind === 'trust' ? null : !name ? <Id id={row.subjectId} /> : link ? <Link {...to.activity(row.subjectId)} className="rounded-sm hover:underline">{name}</Link> : name
  return <span className="block truncate text-sm" title={`${name ?? ''} ${row.subjectId}`.trim()}><span className="text-dim">{kindWord(row.subjectKind)}</span> {shown}</span>
}

/** On a server's own page, what the record is about, where it is not the server itself. */
function about(row: AuditView, names: Names): Detail[] {
  if (row.subjectKind === 'server') return []
  const name = ownName(row, names)
  return [{ label: kindWord(row.subjectKind), value: name ?? shortId(row.subjectId), ...(name === null && { code: true }) }]
}

const who: Column<AuditView> = { id: 'who', header: s.audit.who, track: 'minmax(9rem,1fr)', narrow: 'title', cell: (row) => (
  <span className="flex items-center gap-2.5 text-sm"><Avatar name={row.actor?.name ?? s.activity.system} className="size-6" /><span className="truncate">{row.actor?.name ?? s.activity.system}</span></span>
) }
const what: Column<AuditView> = { id: 'what', header: s.audit.what, track: 'minmax(10rem,1.2fr)', cell: (row) => (
  <span className="flex min-w-0 items-center gap-2 text-sm" title={`${sentence(row.action)} (${row.action})`}><span className="min-w-0">{sentence(row.action)}</span>{isBySftp(row) && row.action !== 'sftp.open' && <Badge>{a.via}</Badge>}</span>
) }
const when: Column<AuditView> = { id: 'when', header: s.audit.when, track: '7rem', narrow: 'corner', align: 'right', cell: (row) => <Ago at={row.at} className="text-xs whitespace-nowrap text-dim" /> }
const from: Column<AuditView> = { id: 'from', yields: 1, header: s.audit.from, track: '8rem', cell: (row) => <span className="font-mono text-xs text-dim" title={row.requestId ?? undefined}>{row.ip ?? '–'}</span> }

function columnsOf(scope: Scope, known: Known): Column<AuditView>[] {
  const told: Column<AuditView> = { id: 'details', header: s.audit.details, track: 'minmax(9rem,2fr)', cell: (row) => <Details row={row} told={[...(scope === 'server' ? about(row, known.names) : []), ...details(row, known)]} /> }
  const subject: Column<AuditView> = { id: 'subject', header: s.audit.subject, track: 'minmax(9rem,1.2fr)', cell: (row) => <Subject row={row} known={known} /> }
  return scope === 'all' ? [who, what, subject, told, from, when] : [who, what, told, when]
}

type AuditTableProps = { label: string; rows: AuditView[]; scope: Scope; known: Known }

export function AuditTable({ label, rows, scope, known }: AuditTableProps) {
  const columns = useMemo(() => columnsOf(scope, known), [scope, known])
  return <GridTable label={label} rows={rows} columns={columns} rowKey={(row) => row.id} />
}

/** What the records tell of names, corrected by what is there now. */
export const withPresent = (rows: readonly AuditView[], present: readonly { id: string; name: string }[]): Names => new Map([...namesIn(rows), ...present.map(({ id, name }): [string, string] => [id, name])])
