/** What an account may use of all nodes together. The pages that speak of it import these words themselves. */
export const allowance = {
  title: (name: string) => `Limits of ${name}`,
  open: 'Limits',
  lead: 'What their servers may be given together, on all nodes. What is left empty has no limit.',
  saved: 'Limits saved',
  field: { servers: 'Servers', memoryMib: 'Memory', diskMib: 'Disk', cpuPercent: 'CPU' },
  used: (amount: string) => `${amount} in use`,
  over: (amount: string) => `${amount} in use, which stays; there is no more of it`,
  least: 'At least 1, or empty for no limit.',
  left: 'Left for you',
  leftHelp: 'What your servers may be given together on all nodes. An administrator can change it.',
  spent: 'Your account has nothing left for another server',
  spentHelp: (parts: string[]) => `Left for you: ${parts.join(', ')}. An administrator can give you more.`,
  part: (name: string, amount: string) => `${name} ${amount}`,
  amount: (left: string, limit: string) => `${left} of ${limit}`,
}
