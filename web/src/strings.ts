/**
 * Every word that the panel says, typed, in one tree. A language is another object of the same type; a sentence with a
 * value in it is a function, so that other languages can order it their way.
 */
import { admin } from './strings/admin'
import { common } from './strings/common'
import { servers } from './strings/servers'

export const s = { ...common, ...servers, ...admin }
export type Strings = typeof s
