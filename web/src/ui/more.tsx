/** The end of a list that goes on: it loads the next page as it comes into view; the button is there for everything that does not scroll. */
import { useEffect, useRef } from 'react'
import { s } from '~/strings'
import { Button } from './button'

export function MoreSentinel({ busy, onMore }: { busy: boolean; onMore: () => void }) {
  const mark = useRef<HTMLDivElement>(null)
  const more = useRef(onMore)
  useEffect(() => {
    more.current = onMore
  })
  useEffect(() => {
    if (!mark.current) return
    const observer = new IntersectionObserver((entries) => {
      if (entries.some((entry) => entry.isIntersecting)) more.current()
    }, { rootMargin: '400px' })
    observer.observe(mark.current)
    return () => observer.disconnect()
  }, [])
  return (
    <div ref={mark} className="flex justify-center border-t border-line p-3">
      <Button size="sm" variant="ghost" busy={busy} onClick={onMore}>
        {s.common.loadMore}
      </Button>
    </div>
  )
}
