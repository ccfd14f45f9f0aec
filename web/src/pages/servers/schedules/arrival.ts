/**
 * Whoever comes to a page by a button that went away with the page before has the focus nowhere: it goes to the heading of what they
 * came to. Whoever came by a tab or a link that is still there keeps it.
 */
import { useEffect, useRef, type RefObject } from 'react'

export function useArrival<T extends HTMLElement>(): RefObject<T | null> {
  const place = useRef<T>(null)
  useEffect(() => {
    if (document.activeElement === document.body) place.current?.focus({ preventScroll: true })
  }, [])
  return place
}
