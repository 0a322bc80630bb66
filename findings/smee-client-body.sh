#!/usr/bin/env bash
# smee-client 5.0.0 (npm): what it forwards is not what the provider sent, under the provider's signature.
#
# Expected: a tunnel for webhooks hands on method, content type and body as they came; the signature header that
# travels with them was made over these bytes.
# What it does: the body is parsed from the channel's event and written anew with JSON.stringify, the type is set
# to application/json and the method to POST, whatever they were, while every other header is kept. So 10.50
# becomes 10.5, an id past 2^53 is another id, and a form becomes JSON.
# Why it matters: the README's way of trying webhooks on a developer's machine works with GitHub's compact JSON,
# and a provider that writes 10.50, or one that sends forms (Slack, Twilio), fails its signature check with
# nothing wrong in the key. The id that was rounded makes no noise at all.
#
# Seen, for a channel event with a JSON body and one with a form's fields:
#   POST application/json {"id":9007199254740992,"amount":10.5} signature kept
#   POST application/json {"token":"a b","text":"hi"}           signature kept
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
npm install --prefix "$dir" --silent --no-audit --no-fund --ignore-scripts smee-client@5.0.0 >/dev/null

cat >"$dir/probe.mjs" <<'JS'
import assert from 'node:assert/strict'
import http from 'node:http'
import SmeeClient from 'smee-client'

// The channel sends two events, as text, so that no serializer of ours touches the numbers.
const events = [
  '{"x-signature":"one","content-type":"application/json","body":{"id":9007199254740993,"amount":10.50}}',
  '{"x-signature":"two","content-type":"application/x-www-form-urlencoded","body":{"token":"a b","text":"hi"}}',
]
const channel = http.createServer((request, response) => {
  response.setHeader('Content-Type', 'text/event-stream')
  response.write('event: ready\ndata: {}\n\n')
  for (const event of events) response.write(`data: ${event}\n\n`)
})
const got = new Map()
let all
const whole = new Promise(done => { all = done })
const target = http.createServer(async (request, response) => {
  let body = ''
  for await (const part of request) body += part
  got.set(request.headers['x-signature'], [request.method, request.headers['content-type'], body])
  response.end()
  if (got.size === events.length) all()
})
const listen = server => new Promise(done => server.listen(0, '127.0.0.1', done))
await Promise.all([listen(channel), listen(target)])
const address = server => `http://127.0.0.1:${server.address().port}/x`

const quiet = { info() {}, error: console.error }
const client = new SmeeClient({ source: address(channel), target: address(target), logger: quiet })
await client.start()
const late = setTimeout(() => { console.error('no event came'); process.exit(1) }, 20_000)
await whole
clearTimeout(late)

for (const [signature, request] of got) console.log(signature, ...request)
assert.deepEqual(got.get('one'), ['POST', 'application/json', '{"id":9007199254740992,"amount":10.5}'])
assert.deepEqual(got.get('two'), ['POST', 'application/json', '{"token":"a b","text":"hi"}'])
process.exit(0)
JS
NO_PROXY=127.0.0.1 no_proxy=127.0.0.1 node "$dir/probe.mjs"
echo 'ok: smee-client writes the body anew and keeps the signature of the old one'
