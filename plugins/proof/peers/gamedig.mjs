// What gamedig makes of the game at a port of this machine: `gamedig.mjs KIND PORT` prints it as JSON.
import { GameDig } from 'gamedig'

const [kind, port] = process.argv.slice(2)
const seen = await GameDig.query({ type: kind, host: '127.0.0.1', port: Number(port), maxRetries: 2, socketTimeout: 5000, attemptTimeout: 20000, givenPortOnly: true })
console.log(JSON.stringify(seen))
