/** The game's own files as forms: which there are, and the one that is open. */
import { useQuery } from '@tanstack/react-query'
import { Link, getRouteApi } from '@tanstack/react-router'
import { CloudOff, FileQuestion, FileX, Hourglass } from 'lucide-react'
import { useEffect, useRef, type ReactNode } from 'react'
import { configFileQuery, configFilesQuery } from '~/api/page-queries'
import type { ConfigFilesView, ServerView } from '~/api/types'
import { to } from '~/routes/to'
import { s } from '~/strings'
import { pages as p } from '~/strings/pages'
import { Button } from '~/ui/button'
import { Card } from '~/ui/card'
import { Empty, Skeleton } from '~/ui/empty'
import { ProblemCard } from '~/ui/problem'
import { useServer } from '../layout'
import { ConfigForm } from './form'

const route = getRouteApi('/app/servers/$serverId/config')

type Item = ConfigFilesView['items'][number]

export function ConfigPage() {
  const server = useServer()
  const { file } = route.useSearch()
  const { data, error, refetch } = useQuery(configFilesQuery(server))
  if (error && !data) return <Frame><ProblemCard error={error} onRetry={refetch} /></Frame>
  if (!data) return <Frame><Loading title={p.config.title} /></Frame>
  const open = file === undefined ? data.items[0] : data.items.find(({ id }) => id === file)
  return (
    <Frame>
      {data.items.length > 1 && <Chooser server={server} items={data.items} open={open?.id} />}
      {open ? (
        <OpenFile key={`${server.id} ${open.id}`} server={server} item={open} />
      ) : data.items.length === 0 ? (
        <Empty icon={FileQuestion} title={p.config.none}>{p.config.noneHelp}</Empty>
      ) : (
        <Empty icon={FileQuestion} title={p.config.noSuch}>{p.config.noSuchHelp}</Empty>
      )}
    </Frame>
  )
}

const Frame = ({ children }: { children: ReactNode }) => <div className="mx-auto flex max-w-4xl flex-col gap-5">{children}</div>

function Loading({ title }: { title: string }) {
  return (
    <Card title={title}>
      <div role="status" aria-label={s.common.loading} className="grid gap-4 sm:grid-cols-2">{Array.from({ length: 6 }, (_, i) => <Skeleton key={i} className="h-14" />)}</div>
    </Card>
  )
}

function Chooser({ server, items, open }: { server: ServerView; items: Item[]; open: string | undefined }) {
  const nav = useRef<HTMLElement>(null)
  useEffect(() => {
    nav.current?.querySelector('[aria-current="page"]')?.scrollIntoView({ block: 'nearest', inline: 'nearest' })
  }, [open])
  return (
    <nav ref={nav} aria-label={p.config.files} className="-mx-1 flex gap-1.5 overflow-x-auto px-1 py-1 [scrollbar-width:none]">
      {items.map(({ id, title }) => (
        <Link
          key={id}
          {...to.config(server.id, id)}
          aria-current={id === open ? 'page' : undefined}
          className="flex h-8 shrink-0 items-center rounded-md px-3 text-sm text-dim ring-1 ring-line ring-inset hover:bg-hover hover:text-text aria-[current=page]:bg-hover aria-[current=page]:font-medium aria-[current=page]:text-text aria-[current=page]:ring-accent pointer-coarse:h-10"
        >
          {title}
        </Link>
      ))}
    </nav>
  )
}

function OpenFile({ server, item }: { server: ServerView; item: Item }) {
  const { data, error, refetch, isFetching } = useQuery({ ...configFileQuery(server.id, item.id), enabled: item.allowed })
  if (data?.version) return <ConfigForm server={server} file={data} version={data.version} onRead={() => refetch().then((again) => !again.error)} cannot={item.reason ?? null} />
  if (!item.allowed) {
    const Icon = item.code === 'node_unreachable' ? CloudOff : item.code === 'not_installed' ? FileX : Hourglass
    return <Empty icon={Icon} title={p.config.cannot}>{item.reason}</Empty>
  }
  if (error && !data) return <ProblemCard error={error} onRetry={refetch} />
  if (!data) return <Loading title={item.title} />
  return (
    <Card title={item.title} {...(item.help && { help: item.help })}>
      <Empty icon={FileX} heading="h3" title={p.config.absent(item.path)} action={<Button busy={isFetching} onClick={() => void refetch()}>{p.config.look}</Button>}>
        {p.config.absentHelp}
      </Empty>
    </Card>
  )
}
