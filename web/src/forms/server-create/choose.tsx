/** The shelf of games. */
import { SearchX, Blocks } from 'lucide-react'
import { useState } from 'react'
import type { BlueprintView } from '~/api/types'
import { mebibytes } from '~/lib/format'
import { s } from '~/strings'
import { GameIcon } from '~/ui/avatar'
import { Badge } from '~/ui/badge'
import { cn } from '~/ui/cn'
import { Empty } from '~/ui/empty'
import { Input } from '~/ui/field'

export function ChooseBlueprint({ blueprints, onChoose }: { blueprints: BlueprintView[]; onChoose: (id: string) => void }) {
  const [text, setText] = useState('')
  const [tag, setTag] = useState<string | null>(null)
  const tags = [...new Set(blueprints.flatMap((item) => item.blueprint.tags))].sort()
  const alike = new Set(blueprints.map(({ blueprint }) => blueprint.name).filter((name, i, all) => all.indexOf(name) !== i))
  const wanted = text.trim().toLowerCase()
  const shown = blueprints.filter(({ id, blueprint, plugin }) => (tag === null || blueprint.tags.includes(tag)) && `${blueprint.name} ${blueprint.summary} ${blueprint.tags.join(' ')} ${plugin.name} ${id}`.toLowerCase().includes(wanted))

  if (blueprints.length === 0) return <Empty icon={Blocks} title={s.create.noneInstalled}>{s.create.noneInstalledHelp}</Empty>
  return (
    <>
      <div className="mb-4 flex flex-wrap items-center gap-3">
        <Input type="search" aria-label={s.create.search} placeholder={s.create.search} value={text} onChange={(event) => setText(event.target.value)} className="h-9 sm:w-80" />
        <div role="group" aria-label={s.common.filter} className="flex flex-wrap gap-1.5">
          {[null, ...tags].map((one) => (
            <button
              key={one ?? ''}
              type="button"
              aria-pressed={tag === one}
              onClick={() => setTag(one)}
              className={cn('h-7 rounded-full border px-3 text-xs transition-colors', tag === one ? 'border-accent bg-accent/10 text-accent' : 'border-line text-dim hover:border-line-strong hover:text-text')}
            >
              {one ?? s.create.all}
            </button>
          ))}
        </div>
      </div>
      {shown.length === 0 ? (
        <Empty icon={SearchX} title={s.create.noBlueprints}>{s.create.noBlueprintsHelp}</Empty>
      ) : (
        <ul className="grid gap-3 sm:grid-cols-2 xl:grid-cols-3">
          {shown.map((item) => (
            <li key={item.id}>
              <button type="button" onClick={() => onChoose(item.id)} className="group flex h-full w-full items-start gap-4 rounded-lg border border-line bg-surface p-4 text-left transition-colors hover:border-line-strong hover:bg-hover">
                <GameIcon svg={item.blueprint.icon} name={item.blueprint.name} className="size-12" />
                <span className="flex min-w-0 flex-1 flex-col self-stretch">
                  <span className="font-medium">{item.blueprint.name}</span>
                  {/* Of two games with one name, the plugin's own says which is which: an egg's begins with egg-. */}
                  {alike.has(item.blueprint.name) && <span className="text-xs wrap-anywhere text-dim"><code className="font-mono">{item.id.split(':')[0]}</code> {item.plugin.version}</span>}
                  <span className="mt-0.5 line-clamp-2 text-sm text-dim">{item.blueprint.summary}</span>
                  <span className="mt-auto flex flex-wrap items-center gap-1.5 pt-3">
                    {item.blueprint.tags.slice(0, 3).map((one) => <Badge key={one}>{one}</Badge>)}
                    <span className="ml-auto text-xs text-dim">{s.create.needs(mebibytes(item.blueprint.recommended.memoryMib))}</span>
                  </span>
                </span>
              </button>
            </li>
          ))}
        </ul>
      )}
    </>
  )
}
