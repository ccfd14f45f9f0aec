import { describe, expect, it } from 'vitest'
import type { LinkState } from '~/api/socket'
import { inputNote, inputState, type Outcome } from './console-input'

const since = new Date(2026, 0, 5, 14, 3, 59).getTime()
const at = (status: LinkState['status'], change: Partial<Parameters<typeof inputState>[0]> = {}) =>
  inputState({ link: { status, since }, revoked: false, nodeAwaySince: null, mayWrite: true, refusal: null, ...change })

describe('what the input is', () => {
  it('is ready on a link to a server that takes commands', () => expect(at('connected')).toEqual({ kind: 'ready', says: null }))
  it('can be typed into while the console is connecting', () => expect(at('connecting')).toMatchObject({ kind: 'connecting', says: 'Connecting to the console' }))
  it('says since when the link is lost', () => expect(at('lost')).toMatchObject({ kind: 'lost', says: expect.stringContaining('14:03:59') as string }))
  it('says since when the node is away', () => expect(at('connected', { nodeAwaySince: since })).toMatchObject({ kind: 'lost', says: expect.stringContaining('14:03:59') as string }))
  it('does not promise to come back once the link has ended', () => expect(at('ended').kind).toBe('closed'))
  it('says the right that is missing before the state of a link that would not help', () => expect(at('lost', { mayWrite: false }).says).toBe('You may read this console but not type into it.'))
  it('says in the API’s words why the server takes no command', () => expect(at('connected', { refusal: 'The server is not running.' })).toEqual({ kind: 'closed', says: 'The server is not running.' }))
})

describe('what stands at the input', () => {
  const held = { held: true, written: true }
  const resting = { held: false, written: false }
  const outcome: Outcome = { kind: 'refused', command: 'status', says: 'Not sent: too fast.' }

  it('is nothing while all is well, nor while it connects', () => {
    expect(inputNote(at('connected'), resting, null)).toBeNull()
    expect(inputNote(at('connecting'), resting, null)).toBeNull()
  })
  it.each(['connecting', 'lost', 'ended'] as const)('says that a line was not sent when Enter met a link that is %s', (status) => {
    expect(inputNote(at(status), held, null)?.text).toMatch(/^Not sent/)
  })
  it('asks for Enter again once a line that was held can be sent', () => expect(inputNote(at('connected'), held, null)).toEqual({ tone: 'info', text: 'Not sent yet. Press Enter to send it.' }))
  it('says that the link is lost before anything is typed', () => expect(inputNote(at('lost'), resting, null)?.tone).toBe('warn'))
  it('says what was refused, for as long as the line stands there', () => {
    expect(inputNote(at('connected'), { held: false, written: true }, outcome)).toEqual({ tone: 'bad', text: outcome.says })
    expect(inputNote(at('connected'), resting, outcome)).toBeNull()
  })
})
