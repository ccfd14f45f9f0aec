/** What people type to reach a server's files, and what they paste as a key. */

/** For a shell. An IPv6 address stands in brackets, which some shells take for a pattern. */
export function sftpCommand(user: string, host: string, port: number): string {
  const target = host.includes(':') ? `'${user}@[${host}]'` : `${user}@${host}`
  return `sftp -P ${String(port)} ${target}`
}

/** What stands behind a public key: mostly a name and a machine. */
export const keyComment = (line: string): string => line.trim().split(/\s+/).slice(2).join(' ').slice(0, 60)

/** What stands behind a key is its name, until somebody gives it another. */
export const proposedName = (name: string, before: string, line: string): string => ((name.trim() === '' || name === keyComment(before)) && !isPrivateKey(line) ? keyComment(line) : name)

/** What must not leave this computer. */
export const isPrivateKey = (text: string): boolean => text.includes('PRIVATE KEY') || text.trimStart().startsWith('PuTTY-User-Key-File')
