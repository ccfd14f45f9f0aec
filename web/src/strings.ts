/**
 * Every word that the panel says, typed, in one tree. A language is another object of the same type; a sentence with a
 * value in it is a function, so that other languages can order it their way. The words of files are apart (`strings/files`): they come
 * with that page, and not with the first.
 */
import { admin } from './strings/admin'
import { common } from './strings/common'
import { servers } from './strings/servers'

export const s = { ...common, ...servers, ...admin }
export type Strings = typeof s
