// RakNet by jsp-raknet, which answers pings at a port as a Bedrock server does: `raknet.mjs PORT "MCPE;…"`.
import { createRequire } from 'node:module'

const { Server } = createRequire(import.meta.url)('jsp-raknet')

const [port, status] = process.argv.slice(2)
await new Server('127.0.0.1', Number(port), { serverId: '', toString: () => status }).listen()
