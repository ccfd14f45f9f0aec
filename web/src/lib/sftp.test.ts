import { expect, it } from 'vitest'
import { isPrivateKey, keyComment, proposedName, sftpCommand } from './sftp'

it('writes the command as a shell takes it', () => {
  expect(sftpCommand('ada.0a1b2c3d4e', '203.0.113.10', 2022)).toBe('sftp -P 2022 ada.0a1b2c3d4e@203.0.113.10')
  expect(sftpCommand('ada.0a1b2c3d4e', '2001:db8::7', 2022)).toBe("sftp -P 2022 'ada.0a1b2c3d4e@[2001:db8::7]'")
})
it('proposes what stands behind a key as its name', () => {
  expect(keyComment('ssh-ed25519 AAAA ada@laptop at home\n')).toBe('ada@laptop at home')
  expect(keyComment('ssh-ed25519 AAAA')).toBe('')
})
it('names a key that has no name yet after what stands behind it, and leaves a name that was given', () => {
  const key = 'ssh-ed25519 AAAA ada@laptop'
  expect(proposedName('', '', key)).toBe('ada@laptop')
  expect(proposedName('ada@laptop', key, 'ssh-ed25519 BBBB ada@desk')).toBe('ada@desk')
  expect(proposedName('', '-----BEGIN OPENSSH PRIVATE KEY-----', key)).toBe('ada@laptop')
  expect(proposedName('', 'ssh-ed25519 BBBB ada@desk', key)).toBe('ada@laptop')
  expect(proposedName('Mine', '', key)).toBe('Mine')
  expect(proposedName('', '', '-----BEGIN OPENSSH PRIVATE KEY-----')).toBe('')
})
it('knows a private key before it is sent', () => {
  expect(isPrivateKey('-----BEGIN OPENSSH PRIVATE KEY-----')).toBe(true)
  expect(isPrivateKey('\nPuTTY-User-Key-File-3: ssh-ed25519')).toBe(true)
  expect(isPrivateKey('ssh-ed25519 AAAA')).toBe(false)
})
