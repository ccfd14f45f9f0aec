// A Minecraft server that is nobody's of ours: `flying-squid.mjs '{"port": 25565, "motd": "…", "slots": 7, "players": ["Ada"]}'`.
// The players are clients of `minecraft-protocol` in this same process, which join once it listens.
import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)
const squid = require('flying-squid')
const { createClient } = require('minecraft-protocol')

const { port, motd, slots, players } = JSON.parse(process.argv[2])
const version = '1.16.1'
const server = squid.createMCServer({
  port,
  motd,
  version,
  'max-players': slots,
  'online-mode': false,
  logging: true,
  gameMode: 1,
  difficulty: 1,
  generation: { name: 'superflat', options: { worldHeight: 80 } },
  kickTimeout: 60000,
  plugins: {},
  modpe: false,
  'view-distance': 2,
  'player-list-text': { header: '', footer: '' },
  'everybody-op': false,
  'max-entities': 10
})
server._server.on('listening', () => {
  for (const username of players) {
    createClient({ host: '127.0.0.1', port, username, version, auth: 'offline' })
  }
})
