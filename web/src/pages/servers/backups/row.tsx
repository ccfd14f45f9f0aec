/** One backup in the list: what it is of, how it was taken, what it takes, and what can be done with it. */
import { Lock } from 'lucide-react'
import type { Backup, BackupsView, ServerView } from '~/api/types'
import { nameOf } from '~/lib/backups'
import { bytes } from '~/lib/format'
import { backups as t } from '~/strings/backups'
import { cn } from '~/ui/cn'
import { Glyph, type GlyphShape, type GlyphTone } from '~/ui/glyph'
import { ProgressBar } from '~/ui/meter'
import { Ago } from '~/ui/time'
import { BackupMenu } from './menu'

const COLUMNS = 'grid grid-cols-[minmax(0,1fr)_auto] gap-x-3.5 px-4 @2xl:grid-cols-[minmax(0,1fr)_9rem_8rem_2rem] @2xl:gap-x-5'

/** Each row says the same to those who hear it alone. */
export const RowHeads = () => (
  <div aria-hidden className={cn(COLUMNS, 'h-9 items-center border-b border-line text-xs text-dim @max-2xl:hidden')}>
    <span>{t.backup}</span>
    <span>{t.made}</span>
    <span>{t.size}</span>
  </div>
)

const LOOK: Record<Backup['state'], { shape: GlyphShape; tone: GlyphTone }> = {
  running: { shape: 'turning', tone: 'info' },
  ready: { shape: 'disc', tone: 'ok' },
  failed: { shape: 'triangle', tone: 'bad' },
  deleted: { shape: 'cross', tone: 'dim' },
}

/** Who wanted it. */
function wanted(cause: Backup['cause']): string {
  switch (cause.type) {
    case 'person':
      return t.by(cause.name)
    case 'schedule':
      return t.bySchedule(cause.name)
    case 'drain':
      return t.byDrain(cause.name)
  }
}

/** On a narrow screen they stand beneath the name, each behind its own word. */
const FIGURE = 'flex min-w-0 gap-x-2 text-sm @max-2xl:col-span-2 @max-2xl:items-baseline @2xl:flex-col'
const LABEL = 'w-12 shrink-0 text-xs text-dim @2xl:sr-only'

type BackupRowProps = { server: ServerView; view: BackupsView; backup: Backup }

export function BackupRow({ server, view, backup }: BackupRowProps) {
  const { cause } = backup
  return (
    <li className={cn(COLUMNS, 'items-start gap-y-1.5 py-3.5')}>
      <div className="min-w-0">
        <p className="flex flex-wrap items-baseline gap-x-3 gap-y-0.5">
          <span className="text-base font-medium break-words">{nameOf(backup)}</span>
          <span className="flex items-center gap-2 text-sm"><Glyph {...LOOK[backup.state]} />{t.state[backup.state]}</span>
          {backup.locked && <span className="flex items-center gap-1 text-xs text-dim"><Lock aria-hidden className="size-3" />{t.locked}</span>}
        </p>
        <Told backup={backup} />
      </div>
      <div className={FIGURE}>
        <span className={LABEL}>{t.made}</span>
        <span className="flex min-w-0 flex-wrap items-baseline gap-x-2 @2xl:flex-col">
          <Ago at={backup.createdAt} className="tabular" />
          <span className="min-w-0 text-xs break-words text-dim">{wanted(cause)}</span>
        </span>
      </div>
      <Size backup={backup} />
      <div className="-my-1 flex @max-2xl:col-start-2 @max-2xl:row-start-1">
        <BackupMenu server={server} view={view} backup={backup} />
      </div>
    </li>
  )
}

function Size({ backup }: { backup: Backup }) {
  if (backup.state !== 'ready') return <div className="@max-2xl:hidden" />
  return (
    <div className={FIGURE}>
      <span className={LABEL}>{t.size}</span>
      <span className="tabular flex flex-wrap items-baseline gap-x-2 @2xl:flex-col">
        {bytes(backup.archiveBytes)}
        <span className="text-xs text-dim" title={t.entries(backup.entries)}>{t.holds(bytes(backup.contentBytes))}</span>
      </span>
    </div>
  )
}

/** What there is to say of it, if anything. */
function Told({ backup }: { backup: Backup }) {
  if (backup.state === 'running') return <Making backup={backup} />
  if (backup.state === 'failed') return <p className="mt-1 text-sm break-words text-text">{backup.reason}</p>
  const isDoubtful = backup.quiesce === 'unsupported' || backup.quiesce === 'failed' || backup.changed > 0
  return (
    <>
      {backup.quiesce && <p className={cn('mt-1 text-sm', isDoubtful ? 'text-warn' : 'text-dim')}>{t.quiesce[backup.quiesce]}{backup.changed > 0 && ` ${t.changed(backup.changed)}`}</p>}
      {backup.leftOut > 0 && <p className="mt-0.5 text-sm text-dim">{t.leftOut(backup.leftOut)}</p>}
      {backup.reason && <p className="mt-0.5 text-sm break-words text-dim">{backup.reason}</p>}
    </>
  )
}

function Making({ backup }: { backup: Backup }) {
  const { progress } = backup
  const share = progress && progress.totalBytes > 0 ? progress.doneBytes / progress.totalBytes : null
  return (
    <div className="mt-2 max-w-96">
      <ProgressBar label={nameOf(backup)} fraction={share} />
      <p className="tabular mt-1 text-xs text-dim">{progress ? t.progress(bytes(progress.doneBytes), bytes(progress.totalBytes)) : t.beginning}</p>
    </div>
  )
}
