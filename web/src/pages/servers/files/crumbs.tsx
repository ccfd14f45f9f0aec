/** Where one is among the files; every part but the last leads there. */
import { Link } from '@tanstack/react-router'
import { ChevronRight } from 'lucide-react'
import { crumbs } from '~/lib/paths'
import { to } from '~/routes/to'
import { files as f } from '~/strings/files'

export function Crumbs({ serverId, path }: { serverId: string; path: string }) {
  const parts = [{ name: f.root, path: '' }, ...crumbs(path)]
  return (
    <nav aria-label={f.where} className="min-w-0">
      <ol className="flex flex-wrap items-center gap-x-1 gap-y-0.5 text-sm">
        {parts.map((part, i) => (
          <li key={part.path} className="flex max-w-full min-w-0 items-center gap-1">
            {i > 0 && <ChevronRight aria-hidden className="size-3.5 shrink-0 text-dim" />}
            {i < parts.length - 1 ? (
              <Link {...to.files(serverId, part.path)} activeProps={{}} className="truncate text-accent hover:underline">{part.name}</Link>
            ) : (
              <span aria-current="location" className="truncate font-medium">{part.name}</span>
            )}
          </li>
        ))}
      </ol>
    </nav>
  )
}
