/** The whole policy in a few sentences: what is taken, and what is not. */
import { Check, CircleAlert, X } from 'lucide-react'
import type { Rules } from '~/lib/trust'
import { verdicts } from '~/lib/trust-words'
import { trust as t } from '~/strings/trust'
import { Card } from '~/ui/card'

const ICON = { ok: Check, warn: CircleAlert, no: X }
const COLOUR = { ok: 'text-ok', warn: 'text-warn', no: 'text-dim' }

export const Follows = ({ rules }: { rules: Rules }) => (
  <Card title={t.follows}>
    <ul className="flex flex-col gap-2 text-sm">
      {verdicts(rules).map(({ tone, text }) => {
        const Icon = ICON[tone]
        return <li key={text} className="flex items-start gap-2.5"><Icon aria-hidden className={`mt-0.5 size-4 shrink-0 ${COLOUR[tone]}`} /><span className="min-w-0 wrap-anywhere">{text}</span></li>
      })}
    </ul>
  </Card>
)
