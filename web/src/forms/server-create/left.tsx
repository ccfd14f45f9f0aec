/** What the account has left for one more server, where an administrator has bounded it. */
import { useQuery } from '@tanstack/react-query'
import { ownAllowanceQuery } from '~/api/queries'
import { remaining } from '~/lib/allowance'
import { allowance as a } from '~/strings/allowance'
import { Card } from '~/ui/card'
import { cn } from '~/ui/cn'

export function Left() {
  const { data } = useQuery(ownAllowanceQuery)
  const bounded = data ? remaining(data) : []
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
