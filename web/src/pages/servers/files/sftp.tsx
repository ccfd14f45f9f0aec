/** How one reaches these files with a file program: where, as whom, with what, and why not where it is not possible. */
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { CloudOff, KeyRound } from 'lucide-react'
import { sftpQuery } from '~/api/queries'
import type { ServerView, SftpView } from '~/api/types'
import { sftpCommand } from '~/lib/sftp'
import { to } from '~/routes/to'
import { s } from '~/strings'
import { sftp } from '~/strings/sftp'
import { Button, buttonStyle } from '~/ui/button'
import { Facts } from '~/ui/card'
import { CopyButton } from '~/ui/copy-button'
import { Dialog, DialogBody, DialogFooter } from '~/ui/dialog'
import { Skeleton } from '~/ui/empty'
import { Notice, ProblemCard } from '~/ui/problem'

export function SftpDialog({ server, onClose }: { server: ServerView; onClose: () => void }) {
  const { data, error, refetch } = useQuery(sftpQuery(server.id))
  return (
    <Dialog open onClose={onClose} title={sftp.title} description={sftp.lead}>
      <DialogBody>{error && !data ? <ProblemCard error={error} onRetry={refetch} /> : data ? <How view={data} /> : <Skeleton className="h-56" />}</DialogBody>
      <DialogFooter>
        <Button onClick={onClose}>{s.common.close}</Button>
      </DialogFooter>
    </Dialog>
  )
}

const Copied = ({ text, what }: { text: string; what: string }) => (
  <span className="flex items-start gap-1">
    <span className="min-w-0 py-1 font-mono text-xs leading-5 break-all">{text}</span>
    <CopyButton text={text} what={what} className="shrink-0" />
  </span>
)

const waysOf = ({ hasSshKey, hasAppPassword }: SftpView) => (hasSshKey && hasAppPassword ? 'both' : hasSshKey ? 'key' : hasAppPassword ? 'password' : 'none')

function How({ view }: { view: SftpView }) {
  const { door, user, unavailable } = view
  const ways = waysOf(view)
  const command = door && sftpCommand(user, door.host, door.port)
  return (
    <>
      {unavailable && <Notice tone="warn" title={sftp.closed} icon={<CloudOff aria-hidden />}>{unavailable}</Notice>}
      {ways === 'none' && (
        <Notice tone="info" title={sftp.first} icon={<KeyRound aria-hidden />}>
          <p>{sftp.firstHelp}</p>
          <Link {...to.account()} className={buttonStyle({ size: 'sm', className: 'mt-2' })}>{sftp.toAccount}</Link>
        </Notice>
      )}
      {door && command && (
        <>
          <Facts
            className="items-baseline gap-y-0.5"
            items={[
              { term: sftp.host, value: <Copied text={door.host} what={sftp.host} /> },
              { term: sftp.port, value: <Copied text={String(door.port)} what={sftp.port} /> },
              { term: sftp.user, value: <Copied text={user} what={sftp.user} /> },
              { term: sftp.signIn, value: <span className="block py-1">{sftp.ways[ways]}</span> },
              { term: sftp.fingerprint, value: <><Copied text={door.fingerprint} what={sftp.fingerprint} /><span className="text-xs text-dim">{sftp.fingerprintHelp}</span></> },
            ]}
          />
          <div className="flex items-start gap-1 rounded-md border border-line bg-terminal py-1 pr-1 pl-3">
            <pre aria-label={sftp.command} className="min-w-0 flex-1 py-1 font-mono text-xs leading-5 wrap-anywhere whitespace-pre-wrap">{command}</pre>
            <CopyButton text={command} what={sftp.command} />
          </div>
        </>
      )}
    </>
  )
}
