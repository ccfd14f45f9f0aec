/** A plan in which every kind of step stands once, with all that may be said of each: longer than any game would have it. */
import type { Step } from '../src/api/types'

const step = (id: string, title: string, action: Step['action'], more: Partial<Step> = {}): Step => ({ id, title, weight: 1, action, ...more })
const MIB = 1024 ** 2

export const everyStep: Step[] = [
  step('image', 'Build the image with the game', { type: 'build_image', image: { type: 'recipe', dockerfile: 'FROM eclipse-temurin:21-jre\nRUN apt-get update && apt-get install -y curl\nUSER 20000', files: [] } }),
  step('fetch', 'Fetch the release', { type: 'download', url: 'https://files.example.org/releases/2026-11/a-rather-long-directory/server-bundle-21.4.118-linux-x86_64.tar.zst', path: 'downloads/server-bundle.tar.zst', maxBytes: 640 * MIB, expect: { algorithm: 'sha256', hex: 'ab'.repeat(32) } }),
  step('unpack', 'Unpack the release', { type: 'extract', archive: 'downloads/server-bundle.tar.zst', into: '', maxBytes: 2_048 * MIB, format: 'tar_zst', stripComponents: 1 }),
  step('dirs', 'Make the folder for worlds', { type: 'make_directory', path: 'worlds' }),
  step('keep', 'Keep the settings of before', { type: 'copy', from: 'config/server.yaml', to: 'config/server.yaml.before' }, { mayFail: true }),
  step('swap', 'Put the new program in its place', { type: 'move', from: 'server-bundle-21.4.118/bin/dedicated-server', to: 'bin/server' }),
  step('mode', 'Let it be run', { type: 'set_mode', path: 'bin/server', mode: 0o755 }),
  step('link', 'Point to the present world', { type: 'link', path: 'worlds/current', target: 'worlds/overworld' }),
  step('write', 'Write the rules', { type: 'write', path: 'config/rules.txt', content: 'Play fair.\nNo griefing.', mode: 0o640, onlyIfMissing: true }),
  step('yaml', 'Set the world', { type: 'edit_config', path: 'config/server.yaml', format: 'yaml', create: false, edits: [
    { at: 'server.name', value: 'Hilltop village' },
    { at: 'server.port', value: '27964', notation: 'number' },
    { at: 'worlds[0].seed', value: '', condition: { type: 'absent' }, notation: 'document' },
    { at: 'server.address', value: '0.0.0.0', condition: { type: 'equals', value: '127.0.0.1' } },
    { at: 'server.motd', value: 'Welcome', condition: { type: 'matches', value: '^A (default|sample) .*$' } },
    { at: 'plugins.*.enabled', value: 'true', condition: { type: 'present' }, notation: 'boolean' },
  ] }),
  step('xml', 'Set the ports', { type: 'edit_config', path: 'config/network.xml', format: 'xml', create: true, edits: [{ at: 'network.listen.@port', value: '27964' }] }),
  step('first', 'Make the world', { type: 'run', image: { type: 'reference', reference: 'docker.io/library/eclipse-temurin:21-jre' }, command: ['java', '-Xmx1024M', '-jar', 'bin/server.jar', '--generate-world', '--seed', '118'], environment: [{ key: 'WORLD', value: 'overworld' }], network: false, timeoutMs: 600_000 }, { mayFail: true }),
  step('tidy', 'Remove what is not needed', { type: 'remove', path: 'downloads' }, { mayFail: true }),
]
