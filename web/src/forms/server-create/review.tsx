/** What will happen, step by step, before it does. */
import { CircleAlert, Container, Copy, Download, FileCog, FileLock, FilePlus2, FolderInput, FolderPlus, Hammer, Link2, PackageOpen, Trash2, type LucideIcon } from 'lucide-react'
import type { ReactNode } from 'react'
import type { ApiError } from '~/api/problem'
import type { NodeView, PreviewView, Step } from '~/api/types'
import { address, bytes, cores, limit, mebibytes } from '~/lib/format'
import { s } from '~/strings'
import { review as r } from '~/strings/catalog'
import { Button } from '~/ui/button'
import { Card, Facts } from '~/ui/card'
import { Skeleton } from '~/ui/empty'
import { Checkbox } from '~/ui/field'
import { Notice, ProblemCard } from '~/ui/problem'
import { limitsOf } from '../limits-fields'
import type { StepProps } from './draft'

type ReviewProps = StepProps & { nodes: NodeView[]; preview: PreviewView | null; checking: boolean; failure: ApiError | null; onRetry: () => void }

export function ReviewStep({ draft, chosen, onChange, nodes, preview, checking, failure, onRetry }: ReviewProps) {
  const limits = limitsOf(draft.limits)
  const node = nodes.find((one) => one.id === draft.nodeId)
  return (
    <div className="grid grid-cols-1 items-start gap-5 lg:grid-cols-[minmax(0,1fr)_20rem]">
      <Card title={s.create.review} help={s.create.reviewHelp} flush>
        {failure ? (
          <ProblemCard error={failure} onRetry={onRetry} className="m-4" />
        ) : (preview?.problems.length ?? 0) > 0 ? (
          <div className="flex flex-col gap-2 p-4">
            {preview?.problems.map((problem) => <Notice key={problem.key} tone="bad" icon={<CircleAlert aria-hidden />} title={problem.message}>{problem.remedy}</Notice>)}
            {preview?.problems.some((problem) => problem.key === '') && <div><Button size="sm" busy={checking} onClick={onRetry}>{s.common.retry}</Button></div>}
          </div>
        ) : preview?.plan ? (
          <Plan steps={preview.plan.steps} version={preview.plan.installedVersion ?? null} dim={checking} />
        ) : (
          <div role="status" aria-label={s.create.overwrite} className="flex flex-col gap-3 p-4">{[0, 1, 2].map((i) => <Skeleton key={i} className="h-10" />)}</div>
        )}
      </Card>
      <div className="flex flex-col gap-5">
        <Card title={s.create.willUse}>
          <Facts
            items={[
              { term: s.common.name, value: draft.name },
              { term: s.create.steps.blueprint, value: chosen.blueprint.name },
              { term: s.create.node, value: node ? s.create.nodeOption(node.name, node.locationName) : s.common.none },
              ...(preview?.endpoints ?? []).map((endpoint) => ({ term: endpoint.name, value: <code className="font-mono text-xs">{address(endpoint)} <span className="text-dim">{endpoint.protocol}</span></code> })),
              { term: s.create.memory, value: limit(limits.memoryMib, mebibytes, s.common.unlimited) },
              { term: s.create.cpu, value: limit(limits.cpuPercent, cores, s.common.unlimited) },
              { term: s.create.disk, value: limit(limits.diskMib, mebibytes, s.common.unlimited) },
            ]}
          />
        </Card>
        {(preview?.facts.length ?? 0) > 0 && (
          <Card title={r.lookedUp} help={r.lookedUpHelp}>
            <Facts items={(preview?.facts ?? []).map((fact) => ({ term: fact.key, value: <code className="font-mono text-xs wrap-anywhere">{fact.value}</code> }))} />
          </Card>
        )}
        <Checkbox checked={draft.start} onChange={(start) => onChange({ start })} label={s.create.startAfter} />
      </div>
    </div>
  )
}

type Action = Step['action']

const ICON: Record<Action['type'], LucideIcon> = { download: Download, extract: PackageOpen, write: FilePlus2, edit_config: FileCog, build_image: Hammer, run: Container, make_directory: FolderPlus, remove: Trash2, copy: Copy, move: FolderInput, set_mode: FileLock, link: Link2 }

function Plan({ steps, version, dim }: { steps: Step[]; version: string | null; dim: boolean }) {
  if (steps.length === 0) return <p className="p-4 text-sm text-dim">{s.create.planEmpty}</p>
  return (
    <div className={dim ? 'opacity-60 transition-opacity' : 'transition-opacity'}>
      {version && <p className="border-b border-line px-4 py-2 text-sm text-dim">{s.create.version(version)}</p>}
      <ol aria-label={s.create.review} className="divide-y divide-line">
        {steps.map((step, i) => {
          const Icon = ICON[step.action.type]
          return (
            <li key={step.id} className="flex gap-3.5 px-4 py-3">
              <span aria-hidden className="tabular grid size-6 shrink-0 place-items-center rounded-full bg-sunken text-xs text-dim ring-1 ring-line ring-inset">{i + 1}</span>
              <div className="min-w-0 flex-1">
                <p className="flex items-baseline justify-between gap-3 text-sm font-medium">
                  {step.title}
                  <span className="flex shrink-0 items-center gap-1.5 self-center text-xs font-normal text-dim"><Icon aria-hidden className="size-3.5" />{s.create.action[step.action.type]}</span>
                </p>
                <Detail action={step.action} />
                {step.mayFail && <Line>{s.create.mayFail}</Line>}
              </div>
            </li>
          )
        })}
      </ol>
    </div>
  )
}

const Line = ({ children }: { children: ReactNode }) => <p className="mt-0.5 text-xs wrap-anywhere text-dim">{children}</p>
const Folded = ({ children }: { children: ReactNode }) => (
  <details className="mt-1">
    <summary className="text-xs text-dim hover:text-text">{s.create.show}</summary>
    {/* What scrolls is reached by keyboard as any field is. */}
    {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
    <div tabIndex={0} role="group" aria-label={s.create.show} className="mt-1 max-h-56 overflow-y-auto rounded-md bg-sunken p-2.5 text-xs">{children}</div>
  </details>
)
const Source = ({ text }: { text: string }) => <Folded><pre className="font-mono wrap-anywhere whitespace-pre-wrap">{text}</pre></Folded>

type Edit = Extract<Action, { type: 'edit_config' }>['edits'][number]

/** Under which condition an edit is made. */
function conditionOf({ condition = { type: 'always' } }: Edit): string | null {
  switch (condition.type) {
    case 'always':
      return null
    case 'absent':
    case 'present':
      return s.create.when[condition.type]
    case 'equals':
    case 'matches':
      return s.create.when[condition.type](condition.value)
  }
}

const Edits = ({ edits }: { edits: Edit[] }) => (
  <Folded>
    <ul className="flex flex-col gap-1">
      {edits.map((edit, i) => (
        <li key={i} className="wrap-anywhere">
          <code className="font-mono">{edit.at} = {edit.value === '' ? <span className="text-dim">{s.create.emptyValue}</span> : edit.value}</code>
          {conditionOf(edit) && <span className="block pl-4 text-dim">{conditionOf(edit)}</span>}
        </li>
      ))}
    </ul>
  </Folded>
)

function Detail({ action }: { action: Action }) {
  switch (action.type) {
    case 'download':
      return <Line>{action.url} → {action.path}, {s.create.atMost(bytes(action.maxBytes))}{action.expect && `, ${s.create.verified(action.expect.algorithm)}`}</Line>
    case 'extract':
      return <Line>{action.archive} → {action.into || '/'}, {s.create.atMost(bytes(action.maxBytes))}</Line>
    case 'write':
      return <><Line><code className="font-mono">{action.path}</code>{action.onlyIfMissing && `, ${s.create.when.absent}`}</Line><Source text={action.content} /></>
    case 'edit_config':
      return <><Line><code className="font-mono">{action.path}</code>, {s.create.edits(action.edits.length)}</Line><Edits edits={action.edits} /></>
    case 'build_image':
      return action.image.type === 'reference' ? <Line>{action.image.reference}</Line> : <><Line>{s.create.recipe}</Line><Source text={action.image.dockerfile} /></>
    case 'run':
      return <><Line>{action.image.type === 'reference' ? action.image.reference : s.create.recipe}, {action.network ? s.create.withNetwork : s.create.withoutNetwork}</Line><Source text={action.command.join(' ')} /></>
    case 'make_directory':
    case 'remove':
      return <Line><code className="font-mono">{action.path}</code></Line>
    case 'copy':
    case 'move':
      return <Line><code className="font-mono">{action.from}</code> → <code className="font-mono">{action.to}</code></Line>
    case 'set_mode':
      return <Line><code className="font-mono">{action.path}</code>, <code className="font-mono">{action.mode.toString(8).padStart(3, '0')}</code></Line>
    case 'link':
      return <Line><code className="font-mono">{action.path}</code> → <code className="font-mono">{action.target}</code></Line>
  }
}
