/**
 * Four steps to a server: what it runs, how it is set, what it may use, and what will happen. The fourth shows the
 * plugin's own plan. Nothing is kept anywhere but in this page until the last button is pressed.
 */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { Check } from 'lucide-react'
import { useRef, useState } from 'react'
import { useLive } from '~/actions/context'
import { client, take } from '~/api/client'
import { toApiError } from '~/api/problem'
import { blueprintsQuery, keys, nodesQuery } from '~/api/queries'
import type { BlueprintView, NodeView, ServerInput } from '~/api/types'
import { Page } from '~/layout/page'
import { randomId } from '~/lib/id'
import { to } from '~/routes/to'
import { s } from '~/strings'
import { allowance as a } from '~/strings/allowance'
import { Button } from '~/ui/button'
import { cn } from '~/ui/cn'
import { SkeletonRows } from '~/ui/empty'
import { ProblemCard } from '~/ui/problem'
import { begin, inputOf, problemsOf, stepOf, type Draft } from './server-create/draft'
import { ChooseBlueprint } from './server-create/choose'
import { SpentNotice, useSpent } from './server-create/left'
import { usePreview } from './server-create/preview'
import { ResourcesStep } from './server-create/resources'
import { ReviewStep } from './server-create/review'
import { SettingsStep } from './server-create/settings'

const route = getRouteApi('/app/servers/new')
export type CreateStep = 'settings' | 'resources' | 'review'
const STEPS: CreateStep[] = ['settings', 'resources', 'review']

export function CreateServerPage() {
  const { blueprint } = route.useSearch()
  const navigate = route.useNavigate()
  const blueprints = useQuery(blueprintsQuery)
  const nodes = useQuery(nodesQuery)
  const chosen = blueprints.data?.items.find((item) => item.id === blueprint)
  const error = blueprints.error ?? nodes.error

  if (error) return <Page title={s.create.title}><ProblemCard error={error} onRetry={() => Promise.all([blueprints.refetch(), nodes.refetch()])} /></Page>
  if (!blueprints.data || !nodes.data) return <Page title={s.create.title}><SkeletonRows label={s.common.loading} /></Page>
  if (!chosen) {
    return (
      <Page title={s.create.title} lead={s.create.choose}>
        <SpentNotice />
        <ChooseBlueprint blueprints={blueprints.data.items} onChoose={(id) => void navigate({ search: { blueprint: id } })} />
      </Page>
    )
  }
  return <CreateForm key={chosen.id} chosen={chosen} nodes={nodes.data.items} onBack={() => void navigate({ search: {} })} />
}

function CreateForm({ chosen, nodes, onBack }: { chosen: BlueprintView; nodes: NodeView[]; onBack: () => void }) {
  const [draft, setDraft] = useState<Draft>(() => begin(chosen, nodes))
  const [step, setStep] = useState<CreateStep>('settings')
  /** Fields that were left, and steps that were tried: only these complain. */
  const [spoken, setSpoken] = useState<ReadonlySet<string>>(new Set())
  const input = inputOf(draft, chosen)
  const preview = usePreview(input, draft.nodeId !== '', step === 'review')
  const create = useCreate(input)
  const own = problemsOf(draft, chosen)
  const all = { ...preview.problems, ...own }
  const heading = useRef<HTMLDivElement>(null)
  const spent = useSpent()

  const blocking = (at: CreateStep) => Object.keys(all).filter((key) => stepOf(key) === at)
  const go = (next: CreateStep) => {
    setStep(next)
    heading.current?.scrollIntoView({ block: 'start' })
    requestAnimationFrame(() => heading.current?.focus({ preventScroll: true }))
  }
  const forward = () => {
    const here = blocking(step)
    setSpoken((known) => new Set([...known, ...here]))
    const next = STEPS[STEPS.indexOf(step) + 1]
    if (here.length === 0 && next) go(next)
    else requestAnimationFrame(() => document.querySelector<HTMLElement>('main [aria-invalid="true"]')?.focus())
  }
  const error = (key: string) => (spoken.has(key) || (own[key] === undefined && preview.problems[key] !== undefined) ? (all[key] ?? null) : null)
  const shared = { draft, chosen, error, onChange: (change: Partial<Draft>) => setDraft((known) => ({ ...known, ...change })), onLeave: (key: string) => setSpoken((known) => new Set([...known, key])) }
  const count = blocking(step).filter((key) => error(key) !== null).length

  return (
    <Page title={s.create.title} width="form">
      <div ref={heading} tabIndex={-1} style={{ outline: 'none', scrollMarginTop: 16 }}>
        <Steps current={step} onBlueprint={onBack} onStep={(next) => STEPS.indexOf(next) < STEPS.indexOf(step) && go(next)} />
        <SpentNotice />
        {step === 'settings' && <SettingsStep {...shared} onChangeBlueprint={onBack} checking={preview.checking} />}
        {step === 'resources' && <ResourcesStep {...shared} nodes={nodes} preview={preview.view} />}
        {step === 'review' && <ReviewStep {...shared} nodes={nodes} preview={preview.view} checking={preview.checking} failure={preview.failure} onRetry={preview.retry} />}
        {create.error && <ProblemCard error={create.error} className="mt-5" />}
        <div className="sticky bottom-0 z-20 -mx-3 mt-6 flex items-center justify-between gap-3 border-t border-line bg-background px-3 py-3 sm:mx-0 sm:px-0">
          <Button onClick={() => (step === 'settings' ? onBack() : go(step === 'review' ? 'resources' : 'settings'))}>{s.common.back}</Button>
          <div className="flex items-center gap-3">
            {count > 0 && <span role="status" className="text-sm text-bad max-sm:sr-only">{s.create.problems(count)}</span>}
            {step === 'review' ? (
              <Button variant="primary" busy={create.isPending} disabledReason={Object.keys(all).length > 0 ? s.common.fixFirst : preview.view?.plan ? null : s.create.overwrite} onClick={() => create.mutate()}>{s.create.submit}</Button>
            ) : (
              <Button variant="primary" disabledReason={step === 'resources' ? spent && a.spent : null} onClick={forward}>{s.common.next}</Button>
            )}
          </div>
        </div>
      </div>
    </Page>
  )
}

function useCreate(input: ServerInput) {
  const queries = useQueryClient()
  const live = useLive()
  const navigate = useNavigate()
  /** One wish, one key: pressing twice, or again after a lost answer, makes one server. */
  const key = useRef({ id: randomId(), body: '' })
  return useMutation({
    mutationFn: () => {
      const body = JSON.stringify(input)
      if (key.current.body !== body) key.current = { id: randomId(), body }
      return take(client.POST('/api/servers', { params: { header: { 'Idempotency-Key': key.current.id } }, body: input }))
    },
    onSuccess: async ({ server, operation }) => {
      queries.setQueryData(keys.server(server.id), server)
      live.heard(operation)
      void queries.invalidateQueries({ queryKey: keys.servers })
      await navigate(to.server(server.id))
    },
    onError: (error) => toApiError(error),
  })
}

type StepsProps = { current: CreateStep; onBlueprint: () => void; onStep: (step: CreateStep) => void }

function Steps({ current, onBlueprint, onStep }: StepsProps) {
  const at = STEPS.indexOf(current) + 1
  const items = [{ label: s.create.steps.blueprint, go: onBlueprint }, ...STEPS.map((step) => ({ label: s.create.steps[step], go: () => onStep(step) }))]
  return (
    <ol className="mb-5 flex items-center gap-1.5 overflow-x-auto text-sm [scrollbar-width:none]">
      {items.map((item, i) => (
        <li key={item.label} className="flex items-center gap-1.5" aria-current={i === at ? 'step' : undefined}>
          {i > 0 && <span aria-hidden className="h-px w-3 bg-line-strong sm:w-8" />}
          <button
            type="button"
            onClick={item.go}
            aria-disabled={i >= at || undefined}
            className={cn('flex items-center gap-2 rounded-md px-1.5 py-1 whitespace-nowrap', i === at ? 'font-medium' : 'text-dim', i < at ? 'hover:text-text' : 'cursor-default')}
          >
            <span className={cn('tabular grid size-5 place-items-center rounded-full text-xs', i < at ? 'bg-ok/15 text-ok' : i === at ? 'bg-accent-fill text-on-accent' : 'bg-track text-dim')}>
              {i < at ? <Check aria-hidden className="size-3" /> : i + 1}
            </span>
            <span className={i === at ? '' : 'max-sm:sr-only'}>{item.label}</span>
          </button>
        </li>
      ))}
    </ol>
  )
}
