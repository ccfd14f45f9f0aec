/** Refusals, as the control plane words them. */
import type { Problem } from '../src/api/types'
import { world } from './world'

export class Refused {
  constructor(readonly problem: Problem) {}
}

export const problem = (code: Problem['code'], status: number, title: string, detail: string, remedy: string, fields: Problem['fields'] = []) => new Refused({ type: `/problems/${code}`, title, status, code, detail, remedy, requestId: world.newId(), fields })
