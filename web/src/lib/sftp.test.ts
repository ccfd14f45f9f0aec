import { expect, it } from 'vitest'
import { isPrivateKey, keyComment, sftpCommand } from './sftp'

it('writes the command as a shell takes it', () => {
  expect(sftpCommand('ada.0a1b2c3d4e', '203.0.113.10', 2022)).toBe('sftp -P 2022 ada.0a1b2c3d4e@203.0.113.10')
  expect(sftpCommand('ada.0a1b2c3d4e', '2001:db8::7', 2022)).toBe("sftp -P 2022 'ada.0a1b2c3d4e@[2001:db8::7]'")
})
it('proposes what stands behind a key as its name', () => {
  expect(keyComment('ssh-ed25519 AAAA ada@laptop at home\n')).toBe('ada@laptop at home')
  expect(keyComment('ssh-ed25519 AAAA')).toBe('')
})
it('knows a private key before it is sent', () => {
  expect(isPrivateKey('-----BEGIN OPENSSH PRIVATE KEY-----')).toBe(true)
  expect(isPrivateKey('\nPuTTY-User-Key-File-3: ssh-ed25519')).toBe(true)
  expect(isPrivateKey('ssh-ed25519 AAAA')).toBe(false)
})
