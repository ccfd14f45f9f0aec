/**
 * A short explanation on hover and on focus, and on a tap of what cannot be used. What it says is also the accessible
 * description of its trigger. Triggers only carry the words; one layer listens for the whole page and draws the one
 * tooltip that there can be, so that a table of a thousand buttons costs no more than one.
 */
import { cloneElement, useEffect, useLayoutEffect, useRef, useState, type ReactElement } from 'react'

type Side = 'top' | 'bottom' | 'left' | 'right'
type TooltipProps = { content: string | null | undefined; children: ReactElement; side?: Side }

export const Tooltip = ({ content, children, side = 'top' }: TooltipProps) => cloneElement(children as ReactElement<Record<string, unknown>>, content ? { 'data-tip': content, 'data-tip-side': side } : {})

const ID = 'tooltip'
const OPENS_AFTER_MS = 300
/** A pointer may cross the gap between trigger and tooltip, to select what stands there. */
const CLOSES_AFTER_MS = 120
const GAP = 6
const MARGIN = 8
const OPPOSITE: Record<Side, Side> = { top: 'bottom', bottom: 'top', left: 'right', right: 'left' }

const triggerOf = (target: EventTarget | null): HTMLElement | null => (target instanceof Element ? target.closest<HTMLElement>('[data-tip]') : null)

/** The chosen side where there is room, else the other; always inside the window. */
function place(trigger: DOMRect, tip: DOMRect, wanted: Side): { left: number; top: number } {
  const room: Record<Side, number> = { top: trigger.top - tip.height, bottom: innerHeight - trigger.bottom - tip.height, left: trigger.left - tip.width, right: innerWidth - trigger.right - tip.width }
  const side = room[wanted] < GAP + MARGIN && room[OPPOSITE[wanted]] > room[wanted] ? OPPOSITE[wanted] : wanted
  const upright = side === 'top' || side === 'bottom'
  const left = upright ? trigger.left + (trigger.width - tip.width) / 2 : side === 'left' ? trigger.left - tip.width - GAP : trigger.right + GAP
  const top = upright ? (side === 'top' ? trigger.top - tip.height - GAP : trigger.bottom + GAP) : trigger.top + (trigger.height - tip.height) / 2
  return { left: Math.max(MARGIN, Math.min(left, innerWidth - tip.width - MARGIN)), top: Math.max(MARGIN, Math.min(top, innerHeight - tip.height - MARGIN)) }
}

/** Opens and closes as pointer, focus and keys say. */
function useTrigger(): HTMLElement | null {
  const [trigger, setTrigger] = useState<HTMLElement | null>(null)
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined
    let shown: HTMLElement | null = null
    const later = (next: HTMLElement | null, pause: number) => {
      clearTimeout(timer)
      timer = setTimeout(() => {
        shown = next
        setTrigger(next)
      }, pause)
    }
    // What comes to lie beneath a resting pointer was not asked about: a button, say, that has just done its work.
    let rests = ''
    const move = (event: PointerEvent) => (rests = `${String(event.clientX)} ${String(event.clientY)}`)
    const over = (event: PointerEvent) => {
      if (event.pointerType === 'touch' || rests === `${String(event.clientX)} ${String(event.clientY)}`) return
      const next = triggerOf(event.target)
      if (next) later(next, OPENS_AFTER_MS)
      else if (event.target instanceof Element && event.target.closest(`#${ID}`)) clearTimeout(timer)
      else later(null, CLOSES_AFTER_MS)
    }
    const focus = (event: FocusEvent) => {
      const next = triggerOf(event.target)
      later(next?.matches(':focus-visible') ? next : null, 0)
    }
    const close = () => later(null, 0)
    // A console that pours beside the trigger moves nothing of it.
    const scroll = (event: Event) => event.target instanceof Node && event.target.contains(shown) && close()
    const press = (event: MouseEvent) => {
      if (event.detail === 0) return
      const next = triggerOf(event.target)
      later(next?.getAttribute('aria-disabled') === 'true' ? next : null, 0)
    }
    const key = (event: KeyboardEvent) => event.key === 'Escape' && close()
    document.addEventListener('pointerover', over)
    document.addEventListener('pointermove', move)
    document.addEventListener('focusin', focus)
    document.addEventListener('focusout', close)
    document.addEventListener('click', press, true)
    document.addEventListener('keydown', key, true)
    document.addEventListener('scroll', scroll, true)
    document.documentElement.addEventListener('pointerleave', close)
    return () => {
      clearTimeout(timer)
      document.removeEventListener('pointerover', over)
      document.removeEventListener('pointermove', move)
      document.removeEventListener('focusin', focus)
      document.removeEventListener('focusout', close)
      document.removeEventListener('click', press, true)
      document.removeEventListener('keydown', key, true)
      document.removeEventListener('scroll', scroll, true)
      document.documentElement.removeEventListener('pointerleave', close)
    }
  }, [])
  return trigger
}

/** What the trigger says, also while it changes; null once the trigger is gone. */
function useWords(trigger: HTMLElement | null): string | null {
  const [words, setWords] = useState<string | null>(null)
  useLayoutEffect(() => {
    const read = () => setWords(trigger?.isConnected ? (trigger.dataset.tip ?? null) : null)
    read()
    if (!trigger) return
    const observer = new MutationObserver(read)
    observer.observe(document.body, { childList: true, subtree: true, attributes: true, attributeFilter: ['data-tip'] })
    return () => observer.disconnect()
  }, [trigger])
  return words
}

export function TooltipLayer() {
  const trigger = useTrigger()
  const words = useWords(trigger)
  const tip = useRef<HTMLDivElement>(null)

  useLayoutEffect(() => {
    if (!trigger || !words || !tip.current) return
    const at = place(trigger.getBoundingClientRect(), tip.current.getBoundingClientRect(), (trigger.dataset.tipSide ?? 'top') as Side)
    Object.assign(tip.current.style, { left: `${String(at.left)}px`, top: `${String(at.top)}px` })
    const described = trigger.getAttribute('aria-describedby')
    trigger.setAttribute('aria-describedby', [described, ID].filter(Boolean).join(' '))
    return () => {
      if (described === null) trigger.removeAttribute('aria-describedby')
      else trigger.setAttribute('aria-describedby', described)
    }
  }, [trigger, words])

  if (!trigger || !words) return null
  return (
    <div ref={tip} id={ID} role="tooltip" className="fixed top-0 left-0 z-60 w-max max-w-72 rounded-md border border-line-strong bg-raised px-2.5 py-1.5 text-xs text-text shadow-raised">
      {words}
    </div>
  )
}
