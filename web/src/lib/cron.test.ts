import { describe, expect, it } from 'vitest'
import { cronOf, whenOf, whenProblem, whenWords, type When } from './cron'

const picked = (change: Partial<When>): When => ({ ...whenOf('0 4 * * *'), ...change })

describe('what is picked', () => {
  it.each([
    [{ kind: 'minutes', minutes: 15 }, '*/15 * * * *'],
    [{ kind: 'minutes', minutes: 1 }, '* * * * *'],
    [{ kind: 'hours', hours: 1, past: 5 }, '5 * * * *'],
    [{ kind: 'hours', hours: 6, past: 0 }, '0 */6 * * *'],
    [{ kind: 'daily', time: '04:05' }, '5 4 * * *'],
    [{ kind: 'weekly', days: [0, 5, 1], time: '20:30' }, '30 20 * * 1,5,0'],
    [{ kind: 'monthly', day: '15', time: '00:00' }, '0 0 15 * *'],
    [{ kind: 'monthly', day: 'L', time: '23:59' }, '59 23 L * *'],
    [{ kind: 'custom', cron: ' 0 4 * 1 * ' }, '0 4 * 1 *'],
  ] as [Partial<When>, string][])('%o is written as %s', (change, cron) => expect(cronOf(picked(change))).toBe(cron))

  it.each(['*/15 * * * *', '* * * * *', '5 * * * *', '0 */6 * * *', '5 4 * * *', '30 20 * * 1,5,0', '0 0 15 * *', '59 23 L * *'])('%s comes back as it was', (cron) => {
    expect(whenOf(cron).kind).not.toBe('custom')
    expect(cronOf(whenOf(cron))).toBe(cron)
  })
})

describe('an expression', () => {
  it.each([
    ['@daily', { kind: 'daily', time: '00:00' }],
    ['@hourly', { kind: 'hours', hours: 1, past: 0 }],
    ['@weekly', { kind: 'weekly', days: [0], time: '00:00' }],
    ['0 4 * * MON-FRI', { kind: 'weekly', days: [1, 2, 3, 4, 5], time: '04:00' }],
    ['0 4 * * sat,sun', { kind: 'weekly', days: [6, 0], time: '04:00' }],
    ['0 4 * * 6-7', { kind: 'weekly', days: [6, 0], time: '04:00' }],
    ['  0   4  *  *  * ', { kind: 'daily', time: '04:00' }],
  ] as [string, Partial<When>][])('%s that says the same in other words is picked', (cron, when) => expect(whenOf(cron)).toMatchObject(when))

  it.each([
    '*/7 * * * *', '0 */5 * * *', '0 4 1 1 *', '0 4 1 * 1', '0 4,16 * * *', '0 4 * * 1#2', '0 4 15W * *', '0 4 * * 5-2', '60 4 * * *', '0 24 * * *', '0 4 32 * *', '0 4 0 * *', '0 4 * * 8', '0 4 * *', '0 0 4 * * *', 'every day', '',
    '@yearly', '0 4 * * 1-2-3',
  ])('%s stays what it is', (cron) => {
    expect(whenOf(cron)).toMatchObject({ kind: 'custom', cron })
    expect(cronOf(whenOf(cron))).toBe(cron)
  })
})

describe('what is not picked yet', () => {
  it.each([[{ kind: 'daily', time: '' }, /time/], [{ kind: 'weekly', days: [], time: '04:00' }, /day/], [{ kind: 'weekly', days: [1], time: '' }, /time/], [{ kind: 'custom', cron: ' ' }, /expression/]] as [Partial<When>, RegExp][])('%o is asked for', (change, words) => {
    expect(cronOf(picked(change))).toBe('')
    expect(whenProblem(picked(change))).toMatch(words)
  })
  it('is nothing where all is there', () => expect(whenProblem(picked({}))).toBeNull())
})

describe('in words', () => {
  it.each([
    ['*/15 * * * *', 'Every 15 minutes'], ['* * * * *', 'Every minute'], ['0 * * * *', 'Every hour, on the hour'], ['1 */6 * * *', 'Every 6 hours, 1 minute past'], ['0 4 * * *', 'Every day at 04:00'],
    ['0 4 * * 1-5', 'Monday to Friday at 04:00'], ['0 4 * * 0,6', 'Saturdays and Sundays at 04:00'], ['0 4 * * 0-6', 'Every day at 04:00'], ['30 20 * * 2', 'Tuesdays at 20:30'], ['0 4 * * 1,3,5', 'Mondays, Wednesdays and Fridays at 04:00'],
    ['0 4 3 * *', 'On day 3 of the month at 04:00'], ['0 4 L * *', 'On the last day of the month at 04:00'],
  ])('%s is %s', (cron, words) => expect(whenWords(whenOf(cron))).toBe(words))
  it('an expression of another kind is worded elsewhere', () => expect(whenWords(whenOf('0 4 * 1 *'))).toBeNull())
})
