/** Keys, app passwords and the doors that they open. Texts are checked as far as a page shows it. */
import type { AppPasswordView, FieldProblem, ServerView, SftpView, SshKeyView } from '../src/api/types'
import { id } from './data'

const DAY = 86_400_000
const before = (days: number) => new Date(Date.now() - days * DAY).toISOString()

export const sshKeys: SshKeyView[] = [
  { id: id(8001), name: 'ada@laptop', publicKey: 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHz3rpTR4/5A6YqUz3vH5q+Mjv8vMrBzTfDmgFenAWNT', fingerprint: 'SHA256:5x4JHBnJp8z9QbHAra5ikfIcHqDY/HMEPLfPesdjQ0k', createdAt: before(60), lastUsedAt: before(0.1) },
  { id: id(8002), name: 'Desktop at home', publicKey: 'ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBHeG', fingerprint: 'SHA256:zXSp8h4ZHrmSlTL4attJkzQdY+nzkv/l2J22jimZVR0', createdAt: before(3), lastUsedAt: null },
]
export const appPasswords: AppPasswordView[] = [
  { id: id(8101), name: 'FileZilla on the desktop', createdAt: before(21), lastUsedAt: before(2), expiresAt: null },
  { id: id(8102), name: 'Jonas’ borrowed tablet', createdAt: before(40), lastUsedAt: before(33), expiresAt: before(10) },
  { id: id(8103), name: 'Backup script', createdAt: before(1), lastUsedAt: null, expiresAt: before(-89) },
]
/** Whether nodes have SFTP. */
export const doors = { none: false }

const HOST_KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKq8Qf0hNn0mDkzR2v0h8d7w0mXc2hY3q6cUJv1o9b7x'

export function reach(server: ServerView): SftpView {
  const usable = appPasswords.some((one) => !one.expiresAt || Date.parse(one.expiresAt) > Date.now())
  const door = doors.none ? null : { host: server.endpoints[0]?.address ?? '203.0.113.10', port: 2_022, hostKey: HOST_KEY, fingerprint: 'SHA256:pA3mWk0l2o7v0sVYb2y8l4mJx9Q5u1cT6nE0rHdZfKs' }
  const away = `The node ${server.node.name} is not connected. While it is away, SFTP works for some minutes at most.`
  return { door, user: `ada.${server.id.slice(-10)}`, hasSshKey: sshKeys.length > 0, hasAppPassword: usable, unavailable: !server.node.connected ? away : door ? null : `The node ${server.node.name} offers no SFTP.` }
}

/** A key as it is kept, or what is wrong with it. */
export function addKey(newId: string, name: string, line: string): SshKeyView | FieldProblem {
  const [kind = '', body = ''] = line.trim().split(/\s+/)
  if (!/^(ssh|ecdsa|sk)-/.test(kind) || body.length < 40) return { key: 'publicKey', message: 'The key is not whole, or was changed on its way.', remedy: 'Paste the whole line of the file that ends in .pub, such as ~/.ssh/id_ed25519.pub.' }
  if (sshKeys.some((one) => one.publicKey === `${kind} ${body}`)) return { key: 'publicKey', message: 'This key is on your account already.', remedy: 'Nothing has to be done.' }
  const key = { id: newId, name, publicKey: `${kind} ${body}`, fingerprint: 'SHA256:iWMlDbINWW7Qoc2YblowzcHguW9oE05WRhJJr3T34vU', createdAt: new Date().toISOString(), lastUsedAt: null }
  sshKeys.push(key)
  return key
}

export function addPassword(newId: string, name: string, expiresAt: string | null) {
  const appPassword = { id: newId, name, createdAt: new Date().toISOString(), lastUsedAt: null, expiresAt }
  appPasswords.push(appPassword)
  return { appPassword, password: 'gapp-k3v7-qm2x-a7ld-t4wz-hn6c-rb5e-y2fj' }
}
