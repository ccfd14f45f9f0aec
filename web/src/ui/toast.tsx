/** Short news at the bottom right. Good news leaves by itself; bad news stays until it is dismissed. */
import { CircleAlert, CircleCheck, Info, X } from 'lucide-react'
import { useEffect, useSyncExternalStore } from 'react'
import { Store } from '~/lib/store'
import { s } from '~/strings'
import { PlainIconButton } from './button'

type ToastTone = 'ok' | 'bad' | 'info'
type Toast = { id: number; tone: ToastTone; title: string; detail?: string | undefined }

const toasts = new Store<readonly Toast[]>([])
let next = 0

export function toast({ tone = 'ok', ...news }: Omit<Toast, 'id' | 'tone'> & { tone?: ToastTone }): void {
  next += 1
  toasts.set([...toasts.get(), { ...news, tone, id: next }].slice(-4))
}

const dismiss = (id: number) => toasts.set(toasts.get().filter((item) => item.id !== id))

const ICON = { ok: CircleCheck, bad: CircleAlert, info: Info }
const COLOUR = { ok: 'text-ok', bad: 'text-bad', info: 'text-info' }

function ToastCard({ item }: { item: Toast }) {
  useEffect(() => {
    if (item.tone === 'bad') return
    const timer = setTimeout(() => dismiss(item.id), 5_000)
    return () => clearTimeout(timer)
  }, [item])
  const Icon = ICON[item.tone]
  return (
    <li className="pointer-events-auto flex animate-in items-start gap-2.5 rounded-lg border border-line-strong bg-raised py-2.5 pr-1.5 pl-3 shadow-raised">
      <Icon aria-hidden className={`mt-0.5 size-4 shrink-0 ${COLOUR[item.tone]}`} />
      <div className="min-w-0 flex-1">
        <p className="text-sm font-medium">{item.title}</p>
        {item.detail && <p className="text-xs text-dim">{item.detail}</p>}
      </div>
      <PlainIconButton label={s.common.dismiss} size="iconSm" onClick={() => dismiss(item.id)}>
        <X aria-hidden />
      </PlainIconButton>
    </li>
  )
}

export function Toasts() {
  const items = useSyncExternalStore(toasts.watch, toasts.get)
  return (
    <ol aria-label={s.common.notifications} aria-live="polite" className="contents list-none">
      {items.map((item) => (
        <ToastCard key={item.id} item={item} />
      ))}
    </ol>
  )
}
