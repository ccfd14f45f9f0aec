/**
 * The button of a menu whose code is fetched when the button is approached. Once it was pressed the menu itself takes
 * the button's place, with the same look, and stays.
 */
import { Suspense, cloneElement, useState, type KeyboardEvent, type MouseEvent, type ReactElement } from 'react'

/** How a menu that opens as it appears was asked for: by keys, its first item takes the focus. */
export type OpenedBy = 'keys' | 'pointer'
type LazyMenuProps = {
  trigger: ReactElement
  /** Fetches the menu's code; called again and again. */
  preload: () => void
  children: (by: OpenedBy) => ReactElement
}

export function LazyMenu({ trigger, preload, children }: LazyMenuProps) {
  const [by, setBy] = useState<OpenedBy | null>(null)
  const button = cloneElement(trigger as ReactElement<Record<string, unknown>>, {
    'aria-haspopup': 'menu',
    'aria-expanded': false,
    onPointerEnter: preload,
    onFocus: preload,
    onClick: (event: MouseEvent) => setBy(event.detail === 0 ? 'keys' : 'pointer'),
    onKeyDown: (event: KeyboardEvent) => {
      if (event.key !== 'ArrowDown') return
      event.preventDefault()
      setBy('keys')
    },
  })
  return by === null ? button : <Suspense fallback={button}>{children(by)}</Suspense>
}
