import { expect, it, vi } from 'vitest'
import { aServer, id } from '../../mock-api/data'
import { planBulk, runBulk } from './bulk'

const stopped = { state: 'offline' as const, since: '2026-01-01T00:00:00Z', reason: null, crashes: 0, startedAt: null }
const named = (n: number, name: string, change: Parameters<typeof aServer>[0] = {}) => aServer({ id: id(n), name, ...change })
const names = (servers: { name: string }[]) => servers.map((server) => server.name)
const explain = (error: unknown) => ({ why: (error as Error).message, remedy: 'Try again.' })

it('asks only the servers that can, and says why of the others', () => {
  const plan = planBulk([named(1, 'up'), named(2, 'down', { observed: stopped })], 'stop')
  expect(names(plan.able)).toEqual(['up'])
  expect(plan.refused).toMatchObject([{ server: { name: 'down' }, why: 'It is not running.' }])
})
it('sends each one call and reports those that failed on the way, with the reason and the remedy', async () => {
  const send = vi.fn((server: { name: string }) => (server.name === 'busy' ? Promise.reject(new Error('Another operation runs.')) : Promise.resolve()))
  const plan = planBulk([named(1, 'a'), named(2, 'busy'), named(3, 'c'), named(4, 'down', { observed: stopped })], 'restart')
  const report = await runBulk(plan, { send, explain })
  expect(send).toHaveBeenCalledTimes(3)
  expect(names(report.done)).toEqual(['a', 'c'])
  expect(report.refused.map(({ server, why, remedy }) => [server.name, why, remedy])).toEqual([
    ['busy', 'Another operation runs.', 'Try again.'],
    ['down', 'It is not running.', ''],
  ])
})
it('tells how far it is and never has more than four calls under way', async () => {
  let under = 0
  let most = 0
  const heard: number[] = []
  const send = async () => {
    under += 1
    most = Math.max(most, under)
    await Promise.resolve()
    under -= 1
  }
  const servers = Array.from({ length: 11 }, (_, i) => named(i + 1, `s${String(i)}`))
  const report = await runBulk(planBulk(servers, 'stop'), { send, explain, onAnswer: (n) => heard.push(n) })
  expect(names(report.done)).toEqual(names(servers))
  expect(heard).toEqual(servers.map((_, i) => i + 1))
  expect(most).toBe(4)
})
