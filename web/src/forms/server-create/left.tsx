/** What the account has left for one more server, where an administrator has bounded it. */
import { useQuery } from '@tanstack/react-query'
import { Gauge } from 'lucide-react'
import { ownAllowanceQuery } from '~/api/queries'
import { remaining } from '~/lib/allowance'
import { allowance as a } from '~/strings/allowance'
import { Card } from '~/ui/card'
import { cn } from '~/ui/cn'
import { Notice } from '~/ui/problem'

const useBounded = () => {
  const { data } = useQuery(ownAllowanceQuery)
  return data ? remaining(data) : []
}

/** Why there can be no further server at all; null where there can, and until it is known. */
export function useSpent(): string | null {
  const spent = useBounded().filter((one) => one.spent)
  return spent.length === 0 ? null : a.spentHelp(spent.map(({ key, text }) => a.part(key === 'cpuPercent' ? a.field.cpuPercent : a.field[key].toLowerCase(), text)))
}

/** Said before anybody fills a form for nothing. */
export function SpentNotice({ className }: { className?: string }) {
  const why = useSpent()
  return why && <Notice tone="warn" icon={<Gauge aria-hidden />} title={a.spent} className={cn('mb-5', className)}>{why}</Notice>
}

export function Left() {
  const bounded = useBounded()
  if (bounded.length === 0) return null
  return (
    <Card title={a.left} help={a.leftHelp}>
      <dl className="grid grid-cols-2 gap-4 lg:grid-cols-4">
        {bounded.map(({ key, text, spent }) => (
          <div key={key}>
            <dt className="text-xs text-dim">{a.field[key]}</dt>
            <dd className={cn('tabular text-sm font-medium', spent && 'text-bad')}>{text}</dd>
          </div>
        ))}
      </dl>
    </Card>
  )
}
