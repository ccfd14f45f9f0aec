/** Whose plugins may come in, for administrators: each rule with what follows from it. */
import { useQuery } from '@tanstack/react-query'
import { ShieldQuestionMark } from 'lucide-react'
import { loginsQuery, trustQuery } from '~/api/trust-queries'
import { Page } from '~/layout/page'
import { s } from '~/strings'
import { trust as t } from '~/strings/trust'
import { Skeleton } from '~/ui/empty'
import { Notice, ProblemCard } from '~/ui/problem'
import { Ago } from '~/ui/time'
import { Follows } from './follows'
import { Keys } from './keys'
import { Logins } from './logins'
import { Pins } from './pins'
import { Registries } from './registries'
import { policyOf } from './save'
import { Unsigned } from './unsigned'

export function TrustPage() {
  const { data, error, refetch } = useQuery(trustQuery)
  const { data: logins } = useQuery(loginsQuery)
  const policy = data && policyOf(data)
  return (
    <Page title={t.title} lead={t.lead} width="form" actions={data?.updatedAt && <span className="text-xs text-dim">{t.changed} <Ago at={data.updatedAt} /></span>}>
      {error && !policy ? (
        <ProblemCard error={error} onRetry={refetch} />
      ) : !policy ? (
        <div role="status" aria-label={s.common.loading} className="flex flex-col gap-4">{[0, 1, 2].map((i) => <Skeleton key={i} className="h-40" />)}</div>
      ) : (
        <div className="flex flex-col gap-4">
          {policy.view.version === 0 && <Notice tone="info" icon={<ShieldQuestionMark aria-hidden />} title={t.unwritten}>{t.unwrittenHelp}</Notice>}
          <Follows rules={policy.rules} />
          <Registries policy={policy} logins={logins?.items ?? []} />
          <Keys policy={policy} />
          <Pins policy={policy} />
          <Unsigned policy={policy} />
          <Logins rules={policy.rules} />
        </div>
      )}
    </Page>
  )
}
